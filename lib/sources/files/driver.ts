import { lstat, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { DriverContext, SourceDriver } from '../driver.ts'
import { requireInside } from '../storage-roots.ts'
import { resolvePaths } from './paths.ts'
import { type FilesSettings, filesSettings } from './settings.ts'
import { copyTree, walk } from './tree.ts'

/** Folders and files where they are. restic reads them itself; this driver says which, and that they are allowed. */
export const filesDriver: SourceDriver<FilesSettings> = {
  kind: 'files',
  type: 'STORAGE',
  title: 'Folders and files',
  settings: filesSettings,
  secretFields: [],

  /** Looks at the paths only: counting a large tree takes longer than a probe may. */
  async probe(settings, ctx) {
    const paths = await resolvePaths(settings, ctx.storageRoots)
    return {
      summary: paths.length === 1 ? `${paths[0]}` : `${paths.length} paths`,
      bytes: null,
      tool: null,
      warnings: [],
    }
  },

  async open(settings, ctx) {
    ctx.signal.throwIfAborted()
    const include = await resolvePaths(settings, ctx.storageRoots)
    return {
      shape: 'paths',
      include,
      exclude: settings.exclude,
      oneFileSystem: settings.oneFileSystem,
      close: async () => {}, // nothing was made
    }
  },

  /** To where the files were, or to target/<path where they were>. What is there and not in the snapshot stays. */
  async restore(settings, folder, ctx, target) {
    const allowed = [...ctx.storageRoots, ctx.scratch]
    const total = { files: 0, bytes: 0, skipped: 0 }
    for (const { from, path } of await findRestored(settings, folder, ctx)) {
      const to = target === undefined ? path : join(target, path)
      await requireInside(to, allowed)
      await mkdir(dirname(to), { recursive: true })
      const copied = await copyTree(Buffer.from(from), Buffer.from(to), ctx.signal)
      total.files += copied.files
      total.bytes += copied.bytes
      total.skipped += copied.skipped
    }
    if (total.skipped > 0) ctx.log('warning', `${total.skipped} sockets, pipes or devices were not restored`)
    return {
      summary: `${total.files} files restored to ${target ?? settings.paths.join(', ')}`,
      inventory: { tables: null, files: total.files, bytes: total.bytes },
    }
  },

  /** Files and symlinks at the paths; what `exclude` leaves out is restic's to know and is counted here. */
  async inspect(settings, ctx) {
    let files = 0
    let bytes = 0
    for (const path of await resolvePaths(settings, ctx.storageRoots))
      for await (const { stats } of walk(Buffer.from(path), ctx.signal)) {
        if (!stats.isFile() && !stats.isSymbolicLink()) continue
        files += 1
        bytes += stats.isFile() ? stats.size : 0
      }
    return { tables: null, files, bytes }
  },
}

/** The registered paths as they lie below `folder`: under their own name, or under the one that symlinks lead to. */
async function findRestored(settings: FilesSettings, folder: string, ctx: DriverContext) {
  const found: { from: string; path: string }[] = []
  for (const path of settings.paths) {
    const resolved = await requireInside(path, [...ctx.storageRoots, ctx.scratch])
    for (const candidate of new Set([resolved, path])) {
      const from = join(folder, candidate)
      if ((await lstat(from).catch(() => null)) === null) continue
      found.push({ from, path: resolved })
      break
    }
  }
  if (found.length === 0)
    throw new CodedError('RESTORE_CONTENT_WRONG', {
      what: 'the files',
      reason: `none of ${settings.paths.join(', ')} is in the snapshot`,
    })
  return found
}
