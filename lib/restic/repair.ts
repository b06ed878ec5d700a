import { failureMessage } from './messages.ts'
import type { RepositoryAccess, Restic } from './repository.ts'
import { LONG_TIMEOUT_MS, type OnLog, type OnStarted, runRestic } from './run.ts'

/*
 * restic reports its repairs as text only, whatever is asked; the lines go to the log. All need the repository for themselves.
 * docs/decisions/2026-11-26-damage-is-repaired-in-steps.md says what each does to which damage.
 */

export interface RepairRequest {
  signal: AbortSignal
  timeoutMs?: number
  onStarted?: OnStarted
  onLog?: OnLog
}

/** Makes the index anew of the packs that are there. Packs that it does not know are read; none is read that it knows. */
export const repairIndex = (restic: Restic, access: RepositoryAccess, request: RepairRequest): Promise<void> =>
  repair(restic, access, ['index'], request)

/**
 * Saves what is still whole in these packs and removes them; each must be there. restic leaves a copy of each in the folder
 * that it runs in, `access.cwd`.
 */
export const repairPacks = (
  restic: Restic,
  access: RepositoryAccess & { cwd: string },
  ids: readonly string[],
  request: RepairRequest,
): Promise<void> => repair(restic, access, ['packs', ...ids], request)

/**
 * Replaces each snapshot that refers to lost data by one without it, under a new id with the same tags, time, host and paths; a
 * file loses the missing pieces, a folder that cannot be read becomes empty. One of which nothing is left is removed.
 */
export const repairSnapshots = (restic: Restic, access: RepositoryAccess, request: RepairRequest): Promise<void> =>
  repair(restic, access, ['snapshots', '--forget'], request)

async function repair(
  restic: Restic,
  access: RepositoryAccess,
  args: readonly string[],
  { timeoutMs = LONG_TIMEOUT_MS, signal, onStarted, onLog }: RepairRequest,
): Promise<void> {
  const lines = (line: string) => {
    if (line.trim() !== '' && !line.startsWith('[')) onLog?.('info', line) // lines of progress begin so
  }
  const call = { command: 'repair', args, schema: failureMessage, timeoutMs, signal, onStarted, onLog, onOutput: lines }
  await runRestic(restic, access, call)
}
