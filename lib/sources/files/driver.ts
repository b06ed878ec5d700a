import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { DriverContext, SourceDriver } from '../driver.ts'
import { scratchError } from '../scratch.ts'
import { requireInside } from '../storage-roots.ts'
import { byHand } from './by-hand.ts'
import { type Listing, listPaths } from './listing.ts'
import { resolvePaths } from './paths.ts'
import { countPath, previewPaths } from './preview.ts'
import { putInPlace } from './put-in-place.ts'
import { type Rules, rulesOf, whyLeftOut } from './rules.ts'
import { type FilesSettings, filesSettings } from './settings.ts'

/** Within these a probe and a preview stop counting. */
const PROBE_MS = 2000
const PREVIEW_MS = 5000
/** In the scratch folder. */
const LISTING = 'names.list'

/** Folders and files where they are. restic reads them itself; this driver says which, and that they are allowed. */
export const filesDriver: SourceDriver<FilesSettings> = {
  kind: 'files',
  type: 'STORAGE',
  title: 'Folders and files',
  settings: filesSettings,
  secretFields: [],
  byHand,
  originalPaths: ({ paths }) => paths,

  /** Counts for a moment; a tree that takes longer is described without its size. */
  async probe(settings, ctx) {
    const paths = await resolvePaths(settings, ctx.storageRoots)
    const rules = rulesOf(settings)
    const preview = await previewPaths(paths, rules, { ...about(settings, ctx), limitMs: PROBE_MS })
    const { taken, complete, warnings } = preview
    const where = paths.length === 1 ? `${paths[0]}` : `${paths.length} paths`
    return {
      summary: complete ? `${where}, ${taken.files} ${taken.files === 1 ? 'file' : 'files'}` : where,
      bytes: complete ? taken.bytes : null,
      tool: null,
      warnings: [
        ...(complete && taken.files === 0 && !settings.mayBeEmpty ? [`There is nothing to save in ${where}.`] : []),
        ...warnings,
      ],
    }
  },

  async preview(settings, ctx) {
    const paths = await resolvePaths(settings, ctx.storageRoots)
    const limits = { ...about(settings, ctx), limitMs: PREVIEW_MS }
    const { warnings: _, ...preview } = await previewPaths(paths, rulesOf(settings), limits)
    return preview
  },

  async open(settings, ctx) {
    ctx.signal.throwIfAborted()
    const include = await resolvePaths(settings, ctx.storageRoots)
    const rules = rulesOf(settings)
    for (const path of include) {
      const because = await whyLeftOut(path, rules)
      if (because !== null) throw nothingIn(path, `${because} leaves it out`)
    }
    const file = join(ctx.scratch, LISTING)
    const listing = await listPaths(include, rules, { ...about(settings, ctx), file, progress: ctx.progress }).catch(
      (thrown) => {
        throw scratchError(thrown, ctx)
      },
    )
    const empty = settings.mayBeEmpty ? [] : [...(await emptyOf(listing, rules))]
    if (empty.length === include.length) {
      await listing.close()
      const [path, reason] = empty[0] as [string, string]
      throw nothingIn(path, reason)
    }
    for (const [path, reason] of empty) ctx.log('warning', `${path}: ${reason}`)
    for (const path of listing.mounts) ctx.log('info', `${path}: another file system is mounted there and left out`)
    const { exclude, excludeIfPresent, excludeCaches, oneFileSystem } = settings
    return {
      shape: 'paths',
      ...{ include, exclude, excludeIfPresent, excludeCaches, oneFileSystem },
      excludeLargerThanBytes: rules.largestFile,
      unsaved: async (areSaved) => [...empty.map(([path]) => `${path}/*`), ...(await listing.missing(areSaved))],
      close: listing.close,
    }
  },

  /** To where the files were, or to target/<path where they were>. What is there and not in the snapshot stays. */
  async restore(settings, folder, ctx, target) {
    const allowed = [...ctx.storageRoots, ctx.scratch]
    const total = { files: 0, bytes: 0, skipped: 0 }
    for (const { from, path } of await findRestored(settings, folder, ctx)) {
      const to = target === undefined ? path : join(target, path)
      await requireInside(to, allowed)
      const put = await putInPlace(from, to, ctx)
      total.files += put.files
      total.bytes += put.bytes
      total.skipped += put.skipped
    }
    if (total.skipped > 0) ctx.log('warning', `${total.skipped} sockets, pipes or devices were not restored`)
    return {
      summary: `${total.files} files restored to ${target ?? settings.paths.join(', ')}`,
      inventory: { tables: null, files: total.files, bytes: total.bytes },
    }
  },

  /**
   * Files and symlinks at the paths that a backup would save. Where the rules leave out a whole path, it can only be a place
   * that was restored to, which holds nothing that they are about.
   */
  async inspect(settings, ctx) {
    let files = 0
    let bytes = 0
    for (const path of await resolvePaths(settings, ctx.storageRoots)) {
      const isLeftOut = (await whyLeftOut(path, rulesOf(settings))) !== null
      const rules = rulesOf(isLeftOut ? { ...settings, ...NO_RULES } : settings)
      const seen = await countPath(path, rules, about(settings, ctx))
      files += seen.files
      bytes += seen.bytes
    }
    return { tables: null, files, bytes }
  },
}

const NO_RULES = { exclude: [], excludeIfPresent: [], excludeCaches: false, excludeLargerThanMiB: undefined }

const about = ({ oneFileSystem }: FilesSettings, { signal }: DriverContext) => ({ oneFileSystem, signal })

const nothingIn = (path: string, reason: string) => new CodedError('SOURCE_FOLDER_EMPTY', { path, reason })

/** The folders with nothing to save, and why. */
async function emptyOf({ counts }: Listing, rules: Rules): Promise<Map<string, string>> {
  const empty = new Map<string, string>()
  for (const [path, { toSave, all }] of counts) {
    const marker = (await rules.byMarker(Buffer.from(path)))('/') // no file has that name: asked for all the others
    if (marker !== null) empty.set(path, `everything in it is left out, by ${marker}`)
    else if (toSave === 0) empty.set(path, all === 0 ? 'it is empty' : 'everything in it is left out')
  }
  return empty
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
