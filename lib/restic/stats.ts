import { failureMessage, statsContent } from './messages.ts'
import type { RepositoryAccess, Restic } from './repository.ts'
import { LONG_TIMEOUT_MS, type OnLog, type OnStarted, runRestic } from './run.ts'

export interface StatsRequest {
  signal: AbortSignal
  timeoutMs?: number
  onStarted?: OnStarted
  onLog?: OnLog
}

/** Bytes. */
export interface RepositoryStats {
  snapshots: number
  /** Of all snapshots as if each were restored. */
  restoreBytes: number
  /** Of each piece of data that snapshots need, once; before and after compression. What waits for prune is not in it. */
  uncompressedBytes: number
  storedBytes: number
}

/**
 * Counts what is in a repository; reads the list of files of every snapshot, so that it takes a while for many. Takes no
 * lock: what is saved or removed meanwhile may be counted or not, and a prune may make it fail.
 */
export async function repositoryStats(
  restic: Restic,
  access: RepositoryAccess,
  request: StatsRequest,
): Promise<RepositoryStats> {
  const count = async (mode: 'raw-data' | 'restore-size') => {
    const { output } = await runRestic(restic, access, {
      ...request,
      command: 'stats',
      args: ['--mode', mode, '--no-lock'],
      schema: failureMessage,
      timeoutMs: request.timeoutMs ?? LONG_TIMEOUT_MS,
    })
    return statsContent.parse(JSON.parse(output.join('\n')))
  }
  const raw = await count('raw-data')
  const restored = await count('restore-size')
  return {
    snapshots: restored.snapshots_count,
    restoreBytes: restored.total_size,
    uncompressedBytes: raw.total_uncompressed_size ?? raw.total_size,
    storedBytes: raw.total_size,
  }
}
