import { CodedError } from '#lib/errors/coded-error.ts'
import { countListed, type Listed } from '#lib/restic/count-listed.ts'
import type { RepositoryAccess, Restic } from '#lib/restic/repository.ts'
import { type RestoreProgress, restoreSnapshot } from '#lib/restic/restore.ts'
import type { OnLog, OnStarted } from '#lib/restic/run.ts'
import { walk } from '#lib/sources/files/tree.ts'
import { leftOutBy } from './left-out.ts'

export interface CountedRestore {
  snapshotId: string
  /** Empty, and nobody else's meanwhile. */
  folder: string
  /** Absolute: only these and what is below them. Empty: everything. */
  paths: readonly string[]
  /** Patterns of what is left out of that: see left-out.ts. */
  leaveOut?: readonly string[]
  /** How much it is, as far as is known: then all of it is listed while it is restored, which spares the time that opening the repository takes. */
  known?: Listed | null
  /** Every file is read once more and compared with the repository's hashes. */
  verify: boolean
  signal: AbortSignal
  onStarted?: OnStarted
  onProgress?(progress: RestoreProgress): void
  /** How many files of the snapshot's listing, and afterwards of the folder, were counted. */
  onCount?(of: 'listing' | 'folder', files: number): void
  onLog?: OnLog
}

export interface Counted {
  found: Listed
  /** What restic rejected with: it could not restore some, and all the others are there. Null: nothing is missing. */
  problem: unknown
}

/**
 * Restores a snapshot into a folder and counts what is there then. Resolves only when the count is that of the snapshot's own listing,
 * or that but for what restic named as failed. Before anything is written `onListed` gets the listing, or what is known of it, and what
 * it rejects with ends the restore. Rejects with SNAPSHOT_PATH_UNKNOWN, RESTORE_MISCOUNTED and what restic rejects with.
 */
export async function restoreCounted(
  restic: Restic,
  access: RepositoryAccess,
  request: CountedRestore,
  onListed: (listed: Listed) => Promise<void> = async () => {},
): Promise<Counted> {
  const {
    snapshotId,
    folder,
    paths,
    leaveOut = [],
    verify,
    known = null,
    onStarted,
    onProgress,
    onCount,
    onLog,
  } = request
  const list = async (signal: AbortSignal, started: OnStarted | undefined) => {
    const seen = new Set<string>()
    const listed = await countListed(restic, access, snapshotId, {
      ...{ paths, isLeftOut: leftOutBy(leaveOut, '/'), seen, signal, onStarted: started },
      onFile: (files) => onCount?.('listing', files),
    })
    requirePaths(paths, seen)
    await onListed(listed)
    return listed
  }
  const failed = new Set<string>()
  const bring = async (signal: AbortSignal): Promise<unknown> => {
    const about = { snapshotId, isListed: true, target: folder, paths, leaveOut, verify, signal }
    const told = { onStarted, onProgress, onLog, onFailed: (path: string) => failed.add(path) }
    try {
      await restoreSnapshot(restic, access, { ...about, ...told })
      return null
    } catch (thrown) {
      if (failed.size === 0 || signal.aborted) throw thrown
      return thrown
    }
  }
  const { signal } = request
  let [expected, problem]: [Listed, unknown] = [{ files: 0, bytes: 0 }, null]
  if (known !== null && paths.length + leaveOut.length === 0) {
    await onListed(known)
    ;[expected, problem] = await bothOf(signal, (both) => list(both, undefined), bring)
  } else {
    expected = await list(signal, onStarted)
    problem = await bring(signal)
  }
  const found = await countFolder(folder, signal, {
    isLeftOut: (path) => failed.has(path),
    onFile: (files) => onCount?.('folder', files),
  })
  if (problem !== null) {
    if (found.files === 0 || found.files < expected.files - failed.size) throw problem
    return { found, problem }
  }
  if (found.files !== expected.files || found.bytes !== expected.bytes)
    throw new CodedError('RESTORE_MISCOUNTED', { folder, found: say(found), expected: say(expected) })
  return { found, problem }
}

/** Both at once. When one rejects, the other is ended, and its reason is told. */
async function bothOf<A, B>(
  signal: AbortSignal,
  first: (signal: AbortSignal) => Promise<A>,
  second: (signal: AbortSignal) => Promise<B>,
): Promise<[A, B]> {
  const other = new AbortController()
  const both = AbortSignal.any([signal, other.signal])
  const watched = async <T>(work: Promise<T>) => {
    try {
      return await work
    } catch (thrown) {
      other.abort(thrown) // of several calls the first counts
      throw thrown
    }
  }
  const [one, two] = await Promise.allSettled([watched(first(both)), watched(second(both))])
  signal.throwIfAborted()
  if (one.status === 'fulfilled' && two.status === 'fulfilled') return [one.value, two.value]
  throw other.signal.reason
}

/** Throws SNAPSHOT_PATH_UNKNOWN, with those of the paths that a snapshot does not hold. */
export function requirePaths(paths: readonly string[], held: ReadonlySet<string>): void {
  const absent = paths.filter((path) => !held.has(path))
  if (absent.length > 0) throw new CodedError('SNAPSHOT_PATH_UNKNOWN', { path: absent.join(', ') })
}

const say = ({ files, bytes }: Listed) => `${files} files of ${bytes} bytes`

async function countFolder(
  folder: string,
  signal: AbortSignal,
  { isLeftOut, onFile }: { isLeftOut(path: string): boolean; onFile(files: number): void },
): Promise<Listed> {
  const count: Listed = { files: 0, bytes: 0 }
  for await (const { relative, stats } of walk(Buffer.from(folder), signal)) {
    if (!stats.isFile() && !stats.isSymbolicLink()) continue
    if (isLeftOut(`/${relative}`)) continue
    count.files += 1
    count.bytes += stats.isFile() ? stats.size : 0
    onFile(count.files)
  }
  return count
}
