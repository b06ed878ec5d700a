import { lstat } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { CodedError } from '#lib/errors/coded-error.ts'
import { type Attempt, type BackupRequest, startAttempt, wipeAttempt } from './attempt.ts'
import { EXIT } from './exit-codes.ts'
import { printableLocation, type RepositoryAccess, type Restic } from './repository.ts'
import type { Ended } from './run.ts'
import { holdsSnapshot } from './snapshots.ts'

export interface BackupSummary {
  snapshotId: string
  /** Saved, but some files could not be read. */
  partial: boolean
  /** Their paths. */
  unreadable: string[]
  filesProcessed: number
  bytesProcessed: number
  /** New data, before and after compression. */
  addedBytes: number
  storedBytes: number
}

export interface PathsRequest extends BackupRequest {
  /** Absolute; a relative path would change what the snapshot calls it. */
  include: string[]
  /** restic exclude patterns. */
  exclude: string[]
  /** Names of files: a folder that holds one is left out, but for that file. No colons. */
  excludeIfPresent?: string[]
  /** Whether to leave out folders with a valid CACHEDIR.TAG. */
  excludeCaches?: boolean
  excludeLargerThanBytes?: number | null
  oneFileSystem: boolean
}

export interface StreamRequest extends BackupRequest {
  /** The name in the snapshot, without slashes. */
  filename: string
  /**
   * Makes the data appear on `sink` and never ends it: give it to the dump program as its stdout itself. Resolving says
   * that the data is whole. `signal` aborts on cancel and when restic has died.
   */
  write(sink: Writable, signal: AbortSignal): Promise<void>
}

/** How long restic gets to act on SIGINT before the end of its input could look to it like the end of the data. */
const BEFORE_EOF_MS = 300
/** A dump that died of a broken pipe can be noticed before the restic that broke it. */
const WHO_DIED_FIRST_MS = 300
/** How long a writer whose restic is gone may take to notice. */
const WRITER_GRACE_MS = 15_000
const NO_ANSWER = { ok: false as const, error: new Error('the writer did not end although restic had') }

/**
 * Saves folders and files. An include path that is missing makes the result partial like an unreadable file, although
 * restic (0.18) skips it with exit 0. Rejects with PATH_NOT_FOUND when none is there.
 */
export async function backupPaths(
  restic: Restic,
  access: RepositoryAccess,
  request: PathsRequest,
): Promise<BackupSummary> {
  request.signal.throwIfAborted()
  const args = [...selectionOf(request), '--', ...request.include]
  const missing = await missingOf(request.include)
  if (missing.length === request.include.length) throw new CodedError('PATH_NOT_FOUND', { path: missing.join(', ') })
  const attempt = await startAttempt(restic, access, 'paths', args, request)
  const ended = await attempt.running.ended
  return conclude(restic, access, attempt, request, async () => {
    throwUnlessEnded(ended, [EXIT.ok, EXIT.incomplete])
    for (const path of missing) request.onLog('warning', `${path}: does not exist`)
    const unreadable = [...new Set([...missing, ...attempt.said.errors.map((e) => e.item).filter(Boolean)])]
    return { partial: ended.exit.code === EXIT.incomplete || unreadable.length > 0, unreadable }
  })
}

/** Values stand in the same argument as their option, so that none can be read as an option. */
function selectionOf(request: PathsRequest): string[] {
  const { exclude, excludeIfPresent = [], excludeCaches, excludeLargerThanBytes, oneFileSystem } = request
  return [
    ...exclude.map((pattern) => `--exclude=${pattern}`),
    ...excludeIfPresent.map((name) => `--exclude-if-present=${name}`),
    ...(excludeCaches ? ['--exclude-caches'] : []),
    ...(excludeLargerThanBytes ? [`--exclude-larger-than=${excludeLargerThanBytes}`] : []),
    ...(oneFileSystem ? ['--one-file-system'] : []),
  ]
}

/**
 * Saves what `write` produces as one file. The end of a stream proves nothing, so restic sees the end of its input only
 * after `write` has resolved; whatever else happens, no snapshot remains. Rejects with the writer's error, with restic's
 * when restic died first, with the signal's reason, and with SOURCE_EMPTY when there were no bytes.
 */
export async function backupStream(
  restic: Restic,
  access: RepositoryAccess,
  request: StreamRequest,
): Promise<BackupSummary> {
  request.signal.throwIfAborted()
  const args = ['--stdin', '--stdin-filename', request.filename]
  const attempt = await startAttempt(restic, access, 'stream', args, request)
  const { ended, writerError } = await feed(attempt, request)
  return conclude(restic, access, attempt, request, async () => {
    if (ended.stoppedBy !== undefined) throw ended.stoppedBy
    const { code } = ended.exit
    if (code === EXIT.ok && writerError !== undefined) throw writerError
    const isSaved = code === EXIT.ok || code === EXIT.incomplete
    if (isSaved && !attempt.said.summary?.total_bytes_processed)
      throw new CodedError('SOURCE_EMPTY', { source: request.filename })
    throwUnlessEnded(ended, [EXIT.ok])
    return { partial: false, unreadable: [] }
  })
}

/** Lets `write` fill restic's stdin, and sees to it that restic ends, whichever of the two ends first. */
async function feed({ running }: Attempt, request: StreamRequest): Promise<{ ended: Ended; writerError: unknown }> {
  const { sink, ended } = running
  const resticGone = new AbortController()
  let hasEnded = false
  void ended.then(() => {
    hasEnded = true
    resticGone.abort(new Error('restic has ended'))
  })
  const stopSignal = AbortSignal.any([request.signal, resticGone.signal])
  const writing = (async () => {
    try {
      await request.write(sink, stopSignal)
      return { ok: true as const }
    } catch (error) {
      return { ok: false as const, error }
    }
  })()
  const stopped = new Promise<'stopped'>((resolve) => {
    stopSignal.addEventListener('abort', () => resolve('stopped'), { once: true })
    if (stopSignal.aborted) resolve('stopped')
  })

  const first = await Promise.race([writing, stopped])
  if (first !== 'stopped' && first.ok && !stopSignal.aborted) sink.end()
  else {
    if (first !== 'stopped' && !first.ok) {
      if (!hasEnded) await Promise.race([ended, delay(WHO_DIED_FIRST_MS)])
      if (!hasEnded) running.stop(request.signal.aborted ? request.signal.reason : first.error)
    }
    await Promise.race([ended, delay(BEFORE_EOF_MS)])
    sink.end() // restic 0.19 waits on an open pipe even after SIGINT
    sink.destroy()
  }
  const result = await ended
  const written = await Promise.race([writing, delay(WRITER_GRACE_MS, NO_ANSWER, { ref: false })])
  return { ended: result, writerError: written.ok ? undefined : written.error }
}

/** The common end of both kinds: what `judge` accepts must be listed, what it rejects must be gone. */
async function conclude(
  restic: Restic,
  access: RepositoryAccess,
  attempt: Attempt,
  request: BackupRequest,
  judge: () => Promise<Pick<BackupSummary, 'partial' | 'unreadable'>>,
): Promise<BackupSummary> {
  try {
    const verdict = await judge()
    const summary = attempt.said.summary
    const repository = printableLocation(access)
    if (!summary?.snapshot_id) throw new CodedError('SNAPSHOT_NOT_SAVED', { repository })
    if (!(await holdsSnapshot(restic, access, summary.snapshot_id)))
      throw new CodedError('SNAPSHOT_NOT_SAVED', { repository })
    return {
      snapshotId: summary.snapshot_id,
      ...verdict,
      filesProcessed: summary.total_files_processed,
      bytesProcessed: summary.total_bytes_processed,
      addedBytes: summary.data_added,
      storedBytes: summary.data_added_packed,
    }
  } catch (error) {
    await wipeAttempt(restic, access, attempt, request)
    throw error
  }
}

function throwUnlessEnded(ended: Ended, codes: readonly number[]): void {
  if (ended.stoppedBy !== undefined) throw ended.stoppedBy
  if (ended.exit.callbackError !== undefined) throw ended.exit.callbackError
  if (!codes.includes(ended.exit.code ?? -1)) throw ended.failure ?? new Error('restic ended without a failure')
}

async function missingOf(paths: readonly string[]): Promise<string[]> {
  const there = await Promise.all(
    paths.map((path) =>
      lstat(path).then(
        () => true,
        (error: NodeJS.ErrnoException) => error.code !== 'ENOENT' && error.code !== 'ENOTDIR',
      ),
    ),
  )
  return paths.filter((_, i) => !there[i])
}
