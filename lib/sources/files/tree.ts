import { constants, type Stats } from 'node:fs'
import {
  chmod,
  chown,
  copyFile,
  lchown,
  lstat,
  lutimes,
  mkdir,
  readdir,
  readlink,
  rename,
  rm,
  symlink,
  utimes,
} from 'node:fs/promises'

/**
 * Paths are bytes here: a file name need not be valid UTF-8, and one that is not must neither be lost nor renamed.
 */
export interface Entry {
  path: Buffer
  /** Below the folder that was walked; empty for itself. */
  relative: Buffer
  stats: Stats
}

const SLASH = Buffer.from('/')

export function joinBytes(folder: Buffer, name: Buffer): Buffer {
  if (name.length === 0) return folder
  return folder.length === 0 || folder.at(-1) === SLASH[0]
    ? Buffer.concat([folder, name])
    : Buffer.concat([folder, SLASH, name])
}

/** Everything at and below `root`, a folder before its content; symlinks are not followed. */
export async function* walk(
  root: Buffer,
  signal: AbortSignal,
  relative: Buffer = Buffer.alloc(0),
): AsyncGenerator<Entry> {
  signal.throwIfAborted()
  const path = joinBytes(root, relative)
  const stats = await lstat(path)
  yield { path, relative, stats }
  if (!stats.isDirectory()) return
  for (const name of await readdir(path, { encoding: 'buffer' }))
    yield* walk(root, signal, joinBytes(relative, Buffer.from(name)))
}

export interface Copied {
  files: number
  bytes: number
  /** Sockets, pipes and devices. */
  skipped: number
}

/**
 * Copies a tree over what is at `to`: files are replaced whole, others stay. Keeps modes, times, symlinks as they are
 * written, and owners where we may set them. A symlink in the place of a folder is an error: nothing is written through it.
 */
export async function copyTree(from: Buffer, to: Buffer, signal: AbortSignal): Promise<Copied> {
  const copied: Copied = { files: 0, bytes: 0, skipped: 0 }
  const folders: { path: Buffer; stats: Stats }[] = []
  for await (const { path, relative, stats } of walk(from, signal)) {
    const target = joinBytes(to, relative)
    if (stats.isDirectory()) {
      await makeFolder(target)
      folders.push({ path: target, stats })
    } else if (stats.isFile() || stats.isSymbolicLink()) {
      await replaceWith(path, target, stats)
      copied.files += 1
      copied.bytes += stats.isFile() ? stats.size : 0
    } else copied.skipped += 1
  }
  // Folders last: writing into one changes its time, and its mode may forbid writing.
  for (const { path, stats } of folders.reverse()) {
    await own(path, stats, chown)
    await chmod(path, stats.mode & 0o7777)
    await utimes(path, stats.atime, stats.mtime)
  }
  return copied
}

async function makeFolder(target: Buffer): Promise<void> {
  try {
    await mkdir(target, { mode: 0o700 })
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST' || !(await lstat(target)).isDirectory()) throw thrown
  }
}

async function replaceWith(path: Buffer, target: Buffer, stats: Stats): Promise<void> {
  const cut = target.lastIndexOf(SLASH) + 1
  const fresh = Buffer.concat([target.subarray(0, cut), Buffer.from('.restoring-'), target.subarray(cut)]).subarray(
    0,
    cut + 255,
  )
  await rm(fresh, { force: true })
  try {
    if (stats.isSymbolicLink()) {
      await symlink(await readlink(path, { encoding: 'buffer' }), fresh)
      await own(fresh, stats, lchown)
      await lutimes(fresh, stats.atime, stats.mtime)
    } else {
      await copyFile(path, fresh, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
      await own(fresh, stats, chown)
      await chmod(fresh, stats.mode & 0o7777)
      await utimes(fresh, stats.atime, stats.mtime)
    }
    await rename(fresh, target)
  } finally {
    await rm(fresh, { force: true })
  }
}

async function own(path: Buffer, stats: Stats, change: typeof chown): Promise<void> {
  if (process.getuid?.() === 0) await change(path, stats.uid, stats.gid)
}
