import type { Stats } from 'node:fs'
import { chmod, chown, lstat, mkdir, mkdtemp, readdir, rename, rm, statfs, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CodedError } from '#lib/errors/coded-error.ts'
import { describeExit, runChild } from '#lib/process/child.ts'
import type { DriverContext } from '../driver.ts'
import { findPrograms } from '../programs.ts'
import { type Copied, copyTree, joinBytes, walk } from './tree.ts'

const PROGRESS_MS = 10_000

/**
 * Puts a restored tree over what is at `to`: files are replaced whole, one by one, others stay. Where the disk is the same,
 * things are moved out of `from`, so that hard links, holes, ACLs and extended attributes stay as restic made them. Else the
 * tree is first copied next to its place by GNU cp, which keeps them too, and nothing is replaced before all is there. A
 * symlink in the place of a folder is an error: nothing is written through it. Folders that are there already get the mode,
 * owner and times of the restored ones, and keep their own ACLs.
 */
export async function putInPlace(from: string, to: string, ctx: DriverContext): Promise<Copied> {
  const found = await countTree(from, ctx.signal)
  await mkdir(dirname(to), { recursive: true })
  const there = await lstat(to).catch(() => null)
  const near = there?.isDirectory() ? to : dirname(to)
  if ((await lstat(near)).dev === (await lstat(from)).dev) {
    await move(Buffer.from(from), Buffer.from(to), ctx.signal)
    return found
  }
  const cp = await gnuCp(ctx)
  if (cp === null) {
    ctx.log('warning', 'GNU cp is missing: hard links, holes, ACLs and extended attributes are not kept')
    return copyTree(Buffer.from(from), Buffer.from(to), ctx.signal)
  }
  const stage = await mkdtemp(join(near, '.restoring-'))
  try {
    await copyWith(cp, from, join(stage, 'tree'), ctx)
    await move(Buffer.from(join(stage, 'tree')), Buffer.from(to), ctx.signal)
  } finally {
    await removeTree(stage)
  }
  return found
}

/** Also folders that their modes protect against it. */
async function removeTree(root: string): Promise<void> {
  const { signal } = new AbortController() // cleaning up goes on when the restore was cancelled
  for await (const { path, stats } of walk(Buffer.from(root), signal)) if (stats.isDirectory()) await chmod(path, 0o700)
  await rm(root, { recursive: true, force: true })
}

async function countTree(root: string, signal: AbortSignal): Promise<Copied> {
  const count: Copied = { files: 0, bytes: 0, skipped: 0 }
  for await (const { stats } of walk(Buffer.from(root), signal)) {
    if (!stats.isFile() && !stats.isSymbolicLink()) continue
    count.files += 1
    count.bytes += stats.isFile() ? stats.size : 0
  }
  return count
}

async function move(from: Buffer, to: Buffer, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const stats = await lstat(from)
  if (!stats.isDirectory()) return rename(from, to)
  // Taking something out of a folder, or a folder elsewhere, needs the right to write to it.
  const isClosed = (stats.mode & 0o700) !== 0o700
  if (isClosed) await chmod(from, (stats.mode & 0o7777) | 0o700)
  const there = await lstat(to).catch(() => null)
  if (there === null) {
    await rename(from, to)
    if (isClosed) await chmod(to, stats.mode & 0o7777)
    return
  }
  if (!there.isDirectory())
    throw Object.assign(new Error(`EEXIST: ${to} is not a folder, and one is to be restored there`), { code: 'EEXIST' })
  for (const name of await readdir(from, { encoding: 'buffer' }))
    await move(joinBytes(from, Buffer.from(name)), joinBytes(to, Buffer.from(name)), signal)
  await describeLike(to, stats)
}

/** Last of all: writing into a folder changes its time, and its mode may forbid writing. */
async function describeLike(folder: Buffer, stats: Stats): Promise<void> {
  if (process.getuid?.() === 0) await chown(folder, stats.uid, stats.gid)
  await chmod(folder, stats.mode & 0o7777)
  await utimes(folder, stats.atime, stats.mtime)
}

async function gnuCp(ctx: DriverContext): Promise<string | null> {
  const versionIn = (output: string) => /\(GNU coreutils\) (\d[\d.]*)/.exec(output)?.[1] ?? null
  const [found] = await findPrograms({ names: ['cp'], versionIn }, { ...ctx, log: () => {} })
  return found?.command ?? null
}

async function copyWith(cp: string, from: string, to: string, ctx: DriverContext): Promise<void> {
  // What --archive keeps, but without its silence about what could not be kept.
  const kept = '--preserve=mode,ownership,timestamps,links,xattr'
  const free = async () => statfs(dirname(to)).then(({ bfree, bsize }) => bfree * bsize)
  const before = await free()
  const told = setInterval(() => void free().then((now) => ctx.progress(Math.max(0, before - now))), PROGRESS_MS)
  try {
    const args = ['--recursive', '--no-dereference', kept, '--reflink=auto', '--no-target-directory', '--', from, to]
    const exit = await runChild({ command: cp, args, env: { LC_ALL: 'C' }, signal: ctx.signal })
    ctx.signal.throwIfAborted()
    if (exit.code === 0) return
    const reason = exit.stderr.trim().split('\n')[0] ?? ''
    throw new CodedError('RESTORE_COPY_FAILED', { target: dirname(dirname(to)), exit: describeExit(exit), reason })
  } finally {
    clearInterval(told)
  }
}
