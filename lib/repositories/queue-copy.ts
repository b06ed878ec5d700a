import type { Transaction } from '#lib/database/database.ts'
import type { Queue } from '#lib/queue/queue.ts'
import type { BackupRun } from '#prisma/client/client.ts'

/**
 * Queues the second copy of a good run's snapshot, where there is a place for copies: that of the backup's plan, else that of
 * the run's repository. lib/maintenance makes it.
 */
export async function queueCopy(
  tx: Transaction,
  queue: Queue,
  run: Pick<BackupRun, 'id' | 'repositoryId' | 'backupId'>,
): Promise<void> {
  const { copyToId: own } = await tx.backup.findUniqueOrThrow({
    where: { id: run.backupId },
    select: { copyToId: true },
  })
  const { copyToId: usual } = await tx.repository.findUniqueOrThrow({
    where: { id: run.repositoryId },
    select: { copyToId: true },
  })
  const repositoryId = own === null || own === run.repositoryId ? usual : own
  if (repositoryId === null) return
  const { id } = await tx.repositoryTask.create({ data: { kind: 'COPY', repositoryId, runId: run.id } })
  await queue.send(tx, 'maintenance.task', { taskId: id })
}
