import type { Transaction } from '#lib/database/database.ts'
import type { CodedError } from '#lib/errors/coded-error.ts'
import type { Queue } from '#lib/queue/queue.ts'
import type { Listed } from '#lib/restic/count-listed.ts'
import { partName } from '#lib/sources/driver.ts'
import type { Restore } from '#prisma/client/client.ts'

/*
 * The life of a restore. It is never tried again by itself: what is in the folder then is no empty folder any more.
 *
 *   QUEUED ──claim──▶ RUNNING ──▶ SUCCEEDED    restic said so, and the folder holds as many files and bytes as the snapshot
 *     │                  ├─────▶ FAILED         anything less; the folder may hold a part, and the error says so
 *     └──cancel──────────┼─────▶ CANCELLED      somebody asked
 *                        └─────▶ INTERRUPTED    its worker died or was shut down
 */
export type RestoreOutcome =
  | { state: 'SUCCEEDED'; counted: Listed }
  | { state: 'FAILED' | 'CANCELLED' | 'INTERRUPTED'; error: CodedError }

/**
 * Ends a restore and has people told, if it is still in the state and under the claim that the caller saw; answers whether it
 * was.
 */
export async function endRestore(
  tx: Transaction,
  { queue }: { queue: Queue },
  restore: Restore,
  outcome: RestoreOutcome,
): Promise<boolean> {
  const [{ now }] = await tx.$queryRaw<[{ now: Date }]>`select clock_timestamp() as now`
  const { id, state, claimId, folder, requestedBy } = restore
  const error = outcome.state === 'SUCCEEDED' ? null : outcome.error
  const { count } = await tx.restore.updateMany({
    where: { id, state, claimId },
    data: {
      state: outcome.state,
      finishedAt: now,
      errorCode: error?.code ?? null,
      errorMessage: error?.message ?? null,
      errorRemedy: error?.remedy ?? null,
      ...(outcome.state === 'SUCCEEDED' && { filesDone: outcome.counted.files, bytesDone: outcome.counted.bytes }),
    },
  })
  if (count !== 1) return false
  const run = await tx.backupRun.findUniqueOrThrow({ where: { id: restore.runId }, include: { source: true } })
  const part = partName(run.part)
  await queue.send(tx, 'notify.repository', {
    repositoryId: run.repositoryId,
    event: `restore ${id}`,
    notice: {
      kind: 'restore-ended',
      source: part === null ? run.source.name : `${run.source.name} (${part})`,
      folder,
      state: outcome.state,
      at: now.toISOString(),
      requestedBy,
      problem: error && { code: error.code, message: error.message, remedy: error.remedy },
    },
  })
  return true
}
