import type { Transaction } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { appendEvents } from './append-events.ts'
import { lockBackup } from './end-run.ts'
import { backupState } from './states.ts'

export interface Loss {
  runId: string
  /** Its snapshot before the repair: a run that has another one by now is left alone. */
  snapshotId: string
  /** Null when nothing is left of it. */
  repairedId: string | null
}

/**
 * Lets a run follow its snapshot, which a repair of the repository replaced by one without what was lost, so that it never looks
 * whole when its snapshot is not: the run becomes PARTIAL, or FAILED when nothing is left, and its backup with it. Nobody is
 * notified again. Answers whether the run was still as the caller saw it.
 */
export async function loseData(tx: Transaction, { runId, snapshotId, repairedId }: Loss): Promise<boolean> {
  const { backupId, repository } = await tx.backupRun.findUniqueOrThrow({
    where: { id: runId },
    select: { backupId: true, repository: { select: { name: true } } },
  })
  await lockBackup(tx, backupId)
  const error = new CodedError(repairedId === null ? 'SNAPSHOT_LOST' : 'SNAPSHOT_DAMAGED', {
    repository: repository.name,
  })
  const state = repairedId === null ? ('FAILED' as const) : ('PARTIAL' as const)
  const { count } = await tx.backupRun.updateMany({
    where: { id: runId, snapshotId, removedAt: null, state: { in: ['SUCCEEDED', 'PARTIAL'] } },
    data: {
      state,
      snapshotId: repairedId,
      errorCode: error.code,
      errorMessage: error.message,
      errorRemedy: error.remedy,
    },
  })
  if (count !== 1) return false
  await appendEvents(tx, backupId, [{ kind: 'STATE', runId, state, message: `${error.message} ${error.remedy}` }])
  const before = await tx.backup.findUniqueOrThrow({
    where: { id: backupId },
    select: { state: true, runs: { select: { sourceId: true, part: true, attempt: true, state: true } } },
  })
  const after = backupState(before.runs)
  if (after === before.state) return true
  await tx.backup.update({ where: { id: backupId }, data: { state: after } })
  await appendEvents(tx, backupId, [{ kind: 'STATE', runId: null, state: after }])
  return true
}
