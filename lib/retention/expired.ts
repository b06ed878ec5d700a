import type { Clock } from '#lib/clock/now.ts'
import type { Database } from '#lib/database/database.ts'
import type { BackupRun } from '#prisma/client/client.ts'
import { isPinned, type RetentionDeps, runsToJudge, verified } from './history.ts'

export interface ExpiredDeps extends RetentionDeps {
  prisma: Database
  clock: Clock
}

/**
 * The expired runs of a repository whose snapshots may be removed now, looked at afresh right before it is done: only when
 * the repository lists the snapshot of the newest good run of the same source and part, of the newest whole one, and of the
 * newest verified one; never what is pinned, still to be copied or restored, or held because its source's newest backup looks wrong. `listed` are the ids of all snapshots there.
 */
export async function removableRuns(
  { prisma, clock }: ExpiredDeps,
  repositoryId: string,
  listed: ReadonlySet<string>,
): Promise<BackupRun[]> {
  const now = clock.now()
  const expired = await prisma.backupRun.findMany({
    where: {
      repositoryId,
      expiredAt: { not: null },
      removedAt: null,
      snapshotId: { not: null },
      copies: { none: { state: { in: ['QUEUED', 'RUNNING'] } } },
      restores: { none: { state: { in: ['QUEUED', 'RUNNING'] } } },
    },
    include: { restores: verified },
    orderBy: { finishedAt: 'asc' },
  })
  const removable: BackupRun[] = []
  for (const runs of Map.groupBy(expired, (run) => run.sourceId).values()) {
    const sourceId = (runs[0] as BackupRun).sourceId
    const held = await prisma.retentionHold.findMany({ where: { sourceId, releasedAt: null }, select: { part: true } })
    const staying = (await runsToJudge(prisma, sourceId)).flat().filter((run) => run.repositoryId === repositoryId)
    for (const run of runs) {
      if (isPinned(run, now) || held.some(({ part }) => part === run.part)) continue
      const others = staying.filter(({ part, storagePath }) => part === run.part && storagePath === run.storagePath)
      const newest = others[0]
      const whole = others.find(({ state }) => state === 'SUCCEEDED')
      if (newest === undefined || !listed.has(newest.snapshotId as string)) continue
      if (run.state === 'SUCCEEDED' && (whole === undefined || !listed.has(whole.snapshotId as string))) continue
      // One that was verified waits for another that was, and one that is whole for a whole one.
      const proven = others.find(
        ({ restores, state }) => restores.length > 0 && (state === 'SUCCEEDED' || state === run.state),
      )
      if (run.restores.length > 0 && (proven === undefined || !listed.has(proven.snapshotId as string))) continue
      if ((newest.finishedAt as Date) < (run.finishedAt as Date)) continue
      removable.push(run)
    }
  }
  return removable
}
