import { CodedError } from '#lib/errors/coded-error.ts'
import { failureMessage } from './messages.ts'
import type { RepositoryAccess, Restic } from './repository.ts'
import { type OnLog, runRestic, SHORT_TIMEOUT_MS } from './run.ts'
import { listSnapshotIds } from './snapshots.ts'

export interface ForgetOptions {
  signal?: AbortSignal
  timeoutMs?: number
  onLog?: OnLog
}

/**
 * Removes exactly these snapshots and sees by listing that they are gone: restic exits with 0 even for an id that does
 * not exist. Their data stays until prune. Needs the repository for itself: REPOSITORY_LOCKED while a backup runs.
 */
export async function forgetSnapshots(
  restic: Restic,
  access: RepositoryAccess,
  ids: readonly string[],
  { signal, timeoutMs = SHORT_TIMEOUT_MS, onLog }: ForgetOptions = {},
): Promise<void> {
  if (ids.length === 0) return // restic would read "no ids" as "apply a policy to everything"
  for (const id of ids) if (!/^[0-9a-f]{8,64}$/.test(id)) throw new CodedError('SNAPSHOT_UNKNOWN', { id })
  await runRestic(restic, access, {
    command: 'forget',
    args: [...ids],
    schema: failureMessage,
    timeoutMs,
    signal,
    onLog,
  })
  const left = (await listSnapshotIds(restic, access, { signal })).filter((have) =>
    ids.some((id) => have.startsWith(id)),
  )
  if (left.length > 0)
    throw new CodedError('RESTIC_FAILED', {
      command: 'forget',
      exit: 'exit 0',
      reason: `still there: ${left.join(', ')}`,
    })
}
