import type { Database } from '#lib/database/database.ts'
import type { Queue } from '#lib/queue/queue.ts'
import type { SourcePart } from '#lib/sources/driver.ts'
import type { BackupRun } from '#prisma/client/client.ts'
import { appendEvents } from './append-events.ts'
import { lockBackup } from './end-run.ts'

/**
 * Splits a claimed run of a source that has several parts: it keeps the first, and a run of its own is queued for each
 * other one. One transaction, and only while the caller still holds the claim; null means that it does not. The backup
 * cannot end in between, since the run that is split is still at work.
 */
export async function splitRun(
  deps: { prisma: Database; queue: Queue },
  run: BackupRun,
  lane: string,
  parts: readonly SourcePart[],
): Promise<BackupRun | null> {
  const [first, ...others] = parts
  if (first === undefined) throw new Error('a source cannot be split into no parts')
  return deps.prisma.$transaction(async (tx) => {
    await lockBackup(tx, run.backupId)
    const kept = await tx.backupRun.updateManyAndReturn({
      where: { id: run.id, claimId: run.claimId, state: 'RUNNING', part: '' },
      data: { part: first.key },
    })
    if (kept[0] === undefined) return null
    const { backupId, sourceId, repositoryId, stage, compressionLevel, attempt } = run
    const queued = await tx.backupRun.createManyAndReturn({
      data: others.map(({ key }) => ({
        backupId,
        sourceId,
        repositoryId,
        stage,
        compressionLevel,
        attempt,
        part: key,
      })),
    })
    await appendEvents(
      tx,
      backupId,
      queued.map(({ id }) => ({ kind: 'STATE', runId: id, state: 'QUEUED' })),
    )
    for (const { id } of queued) await deps.queue.send(tx, 'backup.run', { runId: id }, lane)
    return kept[0]
  })
}
