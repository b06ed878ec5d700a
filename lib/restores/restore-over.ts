import { lstat, mkdir, readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { CodedError } from '#lib/errors/coded-error.ts'
import { countListed, isAt, type Listed } from '#lib/restic/count-listed.ts'
import { listNodes, type Node } from '#lib/restic/list-nodes.ts'
import type { RepositoryAccess, Restic } from '#lib/restic/repository.ts'
import { type RestoredItem, type RestoreProgress, restoreSnapshot } from '#lib/restic/restore.ts'
import type { RestoreOverwrite } from '#prisma/client/client.ts'
import { leftOutBy, patternsBelow } from './left-out.ts'
import { type Counted, type CountedRestore, requirePaths } from './restore-counted.ts'

/** What a restore did, or would do, to files and symlinks, or to rows. */
export interface Changes {
  /** Were not there, or are symlinks, which are always made anew. */
  restored: number
  /** Were there and differed. */
  updated: number
  /** Stay as they are: equal, or left alone as was asked for. */
  unchanged: number
  /** Of the restored and the updated ones. */
  bytes: number
  /** The first of the restored and the updated ones. */
  names: { action: 'restored' | 'updated'; path: string }[]
}

export interface RestoreOver extends Omit<CountedRestore, 'verify'> {
  /** Absolute, free of symlinks, none inside another: these of the snapshot go there. Empty: it goes into the folder. */
  targets: readonly string[]
  overwrite: RestoreOverwrite
  dryRun: boolean
}

const NAMES_KEPT = 1000
const NAMES_IN_MESSAGE = 10
const LOOKS_AT_ONCE = 64

/**
 * Restores where files may be already, and says what it changed; in a dry run what it would change. Files in the target that the
 * snapshot does not have stay. Afterwards everything that the snapshot lists is looked at: it must be there, and with its size
 * unless it was to be left alone. Memory grows with the number of folders. Rejects with SNAPSHOT_PATH_UNKNOWN and
 * RESTORE_IN_THE_WAY before anything is written, and like `restoreCounted`.
 */
export async function restoreOver(
  restic: Restic,
  access: RepositoryAccess,
  request: RestoreOver,
  onListed: (listed: Listed) => Promise<void> = async () => {},
): Promise<Counted & { changes: Changes }> {
  const { snapshotId, folder, targets, dryRun, leaveOut = [], signal, onStarted, onCount } = request
  const paths = targets.length > 0 ? targets : request.paths
  const isLeftOut = leftOutOfTargets(leaveOut, targets)
  const seen = new Set<string>()
  const folders = new Set<string>()
  const expected = await countListed(restic, access, snapshotId, {
    ...{ paths, isLeftOut, seen, signal, onStarted },
    onFile: (files) => onCount?.('listing', files),
    onFolder: (path) => folders.add(path),
  })
  requirePaths(paths, seen)
  const placeOf = (path: string) => (targets.length > 0 ? path : join(folder, path))
  await requireFolders([...folders].map(placeOf))
  await onListed(expected)

  const changes: Changes = { restored: 0, updated: 0, unchanged: 0, bytes: 0, names: [] }
  const failed = new Set<string>()
  const problem = await restoreAll(restic, access, request, {
    onItem: (path, item) => {
      if (!folders.has(path)) note(changes, placeOf(path), item)
    },
    onFailed: (path) => failed.add(path),
  })
  if (dryRun) {
    if (problem !== null) throw problem
    return { found: { files: 0, bytes: 0 }, problem: null, changes }
  }
  const { found, wrong } = await look(restic, access, request, paths, (node) =>
    failed.has(node.path) || isLeftOut(node.path) ? null : placeOf(node.path),
  )
  if (wrong.count > 0)
    throw new CodedError('RESTORE_INCOMPLETE', { folder: targets.join(', ') || folder, ...wrong }, { cause: problem })
  if (problem !== null && found.files === 0) throw problem
  return { found, problem, changes }
}

/** Each target is seen from the folder that it lies in, as restic sees it. */
function leftOutOfTargets(patterns: readonly string[], targets: readonly string[]): (path: string) => boolean {
  if (targets.length === 0 || patterns.length === 0) return leftOutBy(patterns, '/')
  const judges = targets.map((target) => [target, leftOutBy(patterns, dirname(target))] as const)
  return (path) => judges.some(([target, isLeftOut]) => isAt({ path }, target) && isLeftOut(path))
}

/** The folder itself is not looked at: it is where it was asked for, free of symlinks. */
async function requireFolders(paths: readonly string[]): Promise<void> {
  const inTheWay: string[] = []
  await eachOf(paths, async (path) => {
    const there = await lstat(path).catch(() => null)
    if (there !== null && !there.isDirectory()) inTheWay.push(path)
  })
  if (inTheWay.length > 0)
    throw new CodedError('RESTORE_IN_THE_WAY', { count: inTheWay.length, names: inTheWay.slice(0, NAMES_IN_MESSAGE) })
}

interface Seen {
  /** By the path in the snapshot. */
  onItem(path: string, item: RestoredItem): void
  onFailed(path: string): void
}

/**
 * One restic for the folder, or one for all targets that lie in the same folder: that one becomes restic's target, and nothing
 * but what is below the targets is touched. Answers with what restic complained of about single files; other problems reject.
 */
async function restoreAll(
  restic: Restic,
  access: RepositoryAccess,
  request: RestoreOver,
  seen: Seen,
): Promise<unknown> {
  const {
    snapshotId,
    folder,
    overwrite,
    dryRun,
    leaveOut = [],
    signal,
    onStarted,
    onProgress,
    onCount,
    onLog,
  } = request
  const parents = [...new Set(request.targets.map(dirname))]
  const parts =
    parents.length === 0
      ? [{ subfolder: '/', target: folder, paths: request.paths }]
      : parents.map((parent) => ({
          ...{ subfolder: parent, target: parent },
          paths: request.targets.filter((path) => dirname(path) === parent).map((path) => `/${basename(path)}`),
        }))
  let problem: unknown = null
  let items = 0
  const done: RestoreProgress = { bytesDone: 0, bytesTotal: 0, filesDone: 0, filesTotal: 0 }
  for (const { subfolder, target, paths } of parts) {
    if (!dryRun) await mkdir(target, { recursive: true })
    const before = { ...done }
    let failures = 0
    try {
      await restoreSnapshot(restic, access, {
        ...{ snapshotId, isListed: true, target, paths, dryRun, signal, onStarted, onLog },
        ...(subfolder !== '/' && { subfolder }),
        leaveOut: patternsBelow(leaveOut, subfolder),
        overwrite: WORDS[overwrite],
        onProgress: (now) => {
          for (const key of Object.keys(done) as (keyof RestoreProgress)[]) done[key] = before[key] + now[key]
          onProgress?.({ ...done })
        },
        onItem: (item) => {
          seen.onItem(join(subfolder, item.path), item)
          onCount?.('folder', ++items)
        },
        onFailed: (path) => {
          failures += 1
          seen.onFailed(join(subfolder, path))
        },
      })
    } catch (thrown) {
      if (failures === 0 || signal.aborted) throw thrown
      problem ??= thrown
    }
  }
  return problem
}

const WORDS = { ALWAYS: 'always', IF_CHANGED: 'if-changed', IF_NEWER: 'if-newer', NEVER: 'never' } as const

function note(changes: Changes, path: string, { action, size }: RestoredItem): void {
  changes[action] += 1
  if (action === 'unchanged') return
  changes.bytes += size
  if (changes.names.length < NAMES_KEPT) changes.names.push({ action, path })
}

/** Looks at all that the snapshot lists, but for what `placeOf` knows no place of. */
async function look(
  restic: Restic,
  access: RepositoryAccess,
  { snapshotId, overwrite, signal, onStarted, onCount }: RestoreOver,
  paths: readonly string[],
  placeOf: (node: Node) => string | null,
): Promise<{ found: Listed; wrong: { count: number; names: string[] } }> {
  const found: Listed = { files: 0, bytes: 0 }
  const wrong = { count: 0, names: [] as string[] }
  const isExact = overwrite === 'ALWAYS' || overwrite === 'IF_CHANGED'
  const lookAt = async (node: Node) => {
    const place = placeOf(node)
    if (place === null) return
    const problem = await problemOf(node, place, isExact)
    if (problem === null) {
      if (node.type === 'dir') return
      found.files += 1
      found.bytes += node.size
      onCount?.('folder', found.files)
    } else if (++wrong.count <= NAMES_IN_MESSAGE) wrong.names.push(`${place} ${problem}`)
  }
  let batch: Node[] = []
  for await (const node of listNodes(restic, access, snapshotId, { signal, onStarted })) {
    if (paths.length > 0 && !paths.some((path) => isAt(node, path))) continue
    if (!LOOKED_AT.has(node.type)) continue
    batch.push(node)
    if (batch.length < LOOKS_AT_ONCE) continue
    await Promise.all(batch.map(lookAt))
    batch = []
  }
  await Promise.all(batch.map(lookAt))
  return { found, wrong }
}

/** Sockets, pipes and devices are as restic leaves them. */
const LOOKED_AT: ReadonlySet<string> = new Set(['file', 'symlink', 'dir'])

async function problemOf({ type, size }: Node, place: string, isExact: boolean): Promise<string | null> {
  const there = await find(place)
  if (there === null) return 'is not there'
  if (type === 'dir') return there.isDirectory() ? null : 'is no folder'
  if (!isExact) return null
  if (type === 'symlink') return there.isSymbolicLink() ? null : 'is no symlink'
  if (!there.isFile()) return 'is no file'
  return there.size === size ? null : `has ${there.size} bytes instead of ${size}`
}

/** The listing shows bytes that are not UTF-8 as U+FFFD: then a name that is shown like that is meant. */
async function find(place: string) {
  const shown = (name: string) => name.replaceAll(/\uFFFD+/g, '\uFFFD')
  if (!place.includes('\uFFFD')) return lstat(place).catch(() => null)
  let folder = Buffer.from('/')
  for (const name of place.split('/').filter((one) => one !== '')) {
    const names = await readdir(folder, { encoding: 'buffer' }).catch(() => [])
    const meant = names.find((one) => shown(Buffer.from(one).toString()) === shown(name))
    if (meant === undefined) return null
    folder = Buffer.concat([folder, Buffer.from('/'), Buffer.from(meant)])
  }
  return lstat(folder).catch(() => null)
}

async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let i = 0; i < items.length; i += LOOKS_AT_ONCE) await Promise.all(items.slice(i, i + LOOKS_AT_ONCE).map(work))
}
