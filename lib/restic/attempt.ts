import { systemClock } from '#lib/clock/now.ts'
import { compressionMode } from './compression.ts'
import { forgetSnapshots } from './forget.ts'
import { type BackupMessage, backupMessage } from './messages.ts'
import { type BackupProgress, progressMeter } from './progress.ts'
import type { RepositoryAccess, Restic } from './repository.ts'
import { LONG_TIMEOUT_MS, type OnLog, type OnStarted, type Running, startRestic } from './run.ts'
import { listSnapshots } from './snapshots.ts'
import { removeOwnDeadLocks } from './unlock.ts'

export interface BackupRequest {
  host: string
  /** No commas: restic would split there. */
  tags: string[]
  /** 1 to 9. */
  compressionLevel: number
  /** A snapshot id; by default the newest of the same host and paths. */
  parent?: string
  /** Aborting rejects with the signal's reason and leaves neither snapshot nor lock. */
  signal: AbortSignal
  timeoutMs?: number
  onStarted: OnStarted
  /** At most four a second. */
  onProgress(progress: BackupProgress): void
  onLog: OnLog
}

/** An attempt often fails because the repository is gone: its end does not wait long for it to come back. */
const WIPE_TIMEOUT_MS = 30_000

type SummaryMessage = Extract<BackupMessage, { message_type: 'summary' }>

/** One restic backup process, what it said, and how to wipe out its traces. */
export interface Attempt {
  running: Running
  startedAt: Date
  said: { summary?: SummaryMessage; errors: { item: string; message: string }[] }
}

/** Starts `restic backup`. */
export async function startAttempt(
  restic: Restic,
  access: RepositoryAccess,
  shape: 'paths' | 'stream',
  args: readonly string[],
  request: BackupRequest,
): Promise<Attempt> {
  const { mode, exact } = compressionMode(request.compressionLevel, restic.version)
  if (!exact)
    request.onLog(
      'info',
      `restic ${restic.version} has no mode for compression level ${request.compressionLevel}: using ${mode}`,
    )
  const said: Attempt['said'] = { errors: [] }
  const meter = progressMeter(shape, request.onProgress)
  const startedAt = systemClock.now()
  const running = await startRestic(restic, access, {
    command: 'backup',
    args: [
      ...['--host', request.host, '--compression', mode],
      ...request.tags.flatMap((tag) => ['--tag', tag]),
      ...(request.parent ? ['--parent', request.parent] : []),
      ...args,
    ],
    schema: backupMessage,
    timeoutMs: request.timeoutMs ?? LONG_TIMEOUT_MS,
    stdin: shape === 'stream' ? 'pipe' : undefined,
    signal: request.signal,
    onStarted: request.onStarted,
    onLog: request.onLog,
    onMessage: (message) => {
      if (message.message_type === 'status') meter(message)
      else if (message.message_type === 'summary') said.summary = message
      else if (message.message_type === 'error') {
        said.errors.push({ item: message.item, message: message.error.message })
        request.onLog('warning', message.item ? `${message.item}: ${message.error.message}` : message.error.message)
      } else if (message.message_type === 'exit_error') request.onLog('info', message.message.trim())
    },
  })
  return { running, startedAt, said }
}

/**
 * After a failed attempt: removes the lock of a restic that was killed, and any snapshot that the attempt made all the
 * same (it may have saved it just before it was stopped). What cannot be removed is logged as an error; the attempt's
 * own error is the one that counts.
 */
export async function wipeAttempt(
  restic: Restic,
  access: RepositoryAccess,
  { running, startedAt, said }: Attempt,
  request: BackupRequest,
): Promise<void> {
  const { exit } = await running.ended
  try {
    const owner = { host: running.host, pid: running.child.pid }
    if (exit.signal !== null) await removeOwnDeadLocks(restic, access, [owner], { timeoutMs: WIPE_TIMEOUT_MS })
    const named = said.summary?.snapshot_id ? [said.summary.snapshot_id] : []
    // Killed between saving the snapshot and saying so: only the listing knows.
    const listed = exit.signal !== null || exit.code === 0 ? await madeSince(restic, access, startedAt, request) : []
    await forgetSnapshots(restic, access, [...new Set([...named, ...listed])], {
      timeoutMs: WIPE_TIMEOUT_MS,
      onLog: request.onLog,
    })
  } catch (error) {
    request.onLog(
      'error',
      `What the failed attempt left in the repository could not be removed: ${(error as Error).message}`,
    )
  }
}

async function madeSince(restic: Restic, access: RepositoryAccess, since: Date, request: BackupRequest) {
  if (request.tags.length === 0) return []
  const filter = { tags: request.tags, host: request.host }
  const all = await listSnapshots(restic, access, filter, { timeoutMs: WIPE_TIMEOUT_MS })
  return all.filter((s) => s.time >= since).map((s) => s.id)
}
