import type { Transaction } from '#lib/database/database.ts'
import type { Queue } from '#lib/queue/queue.ts'
import type { BackupRun } from '#prisma/client/client.ts'

/** Queues the second copy of a good run's snapshot, where its repository has a place for copies. lib/maintenance makes it. */
export async function queueCopy(
  tx: Transaction,
  queue: Queue,
  run: Pick<BackupRun, 'id' | 'repositoryId'>,
): Promise<void> {
  const { copyToId } = await tx.repository.findUniqueOrThrow({
    where: { id: run.repositoryId },
    select: { copyToId: true },
  })
  if (copyToId === null) return
  const { id } = await tx.repositoryTask.create({ data: { kind: 'COPY', repositoryId: copyToId, runId: run.id } })
  await queue.send(tx, 'maintenance.task', { taskId: id })
}
