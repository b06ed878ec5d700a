import { failureMessage } from './messages.ts'
import type { RepositoryAccess, Restic } from './repository.ts'
import { LONG_TIMEOUT_MS, type OnLog, type OnStarted, runRestic } from './run.ts'

/**
 * Removes the data that no snapshot needs any more. restic reports it as text only, whatever is asked; the lines go to the log.
 * Needs the repository for itself: REPOSITORY_LOCKED while a backup runs.
 */
export async function pruneRepository(
  restic: Restic,
  access: RepositoryAccess,
  request: { signal: AbortSignal; timeoutMs?: number; onStarted?: OnStarted; onLog?: OnLog },
): Promise<void> {
  const { output } = await runRestic(restic, access, {
    command: 'prune',
    args: [],
    schema: failureMessage,
    timeoutMs: request.timeoutMs ?? LONG_TIMEOUT_MS,
    signal: request.signal,
    onStarted: request.onStarted,
    onLog: request.onLog,
  })
  for (const line of output) if (line.trim() !== '') request.onLog?.('info', line)
}
