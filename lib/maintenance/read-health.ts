import type { Database, Transaction } from '#lib/database/database.ts'
import { type Checked, type HealthState, healthOf, type Seen } from '#lib/repositories/health.ts'
import { checkResult } from './check-result.ts'

/** How a repository is, from what was seen of it. */
export async function readHealth(
  db: Database,
  repository: Seen & { id: string },
  now: Date,
): Promise<{ state: HealthState; sentence: string }> {
  const ofIt = { repositoryId: repository.id }
  const [checks, newest, figures, lastRun] = await Promise.all([
    readChecks(db, repository.id),
    db.repositoryTask.findFirst({
      where: { ...ofIt, kind: 'CHECK', finishedAt: { not: null }, state: { not: 'CANCELLED' } },
      orderBy: { finishedAt: 'desc' },
    }),
    db.repositoryFigures.findFirst({ where: ofIt, orderBy: { at: 'desc' } }),
    db.backupRun.findFirst({
      where: { ...ofIt, finishedAt: { not: null }, state: { not: 'CANCELLED' } },
      orderBy: { finishedAt: 'desc' },
      select: { errorCode: true },
    }),
  ])
  return healthOf({
    repository,
    checks,
    checkFailed: newest === null || newest.state === 'SUCCEEDED' ? null : (newest.errorMessage ?? newest.state),
    figures,
    lastRunFoundItFull: lastRun?.errorCode === 'REPOSITORY_FULL',
    now,
  })
}

/** The checks that were made, oldest first. One whose result cannot be read counts as damage. */
export async function readChecks(db: Database | Transaction, repositoryId: string): Promise<Checked[]> {
  const rows = await db.repositoryTask.findMany({
    where: { repositoryId, kind: 'CHECK', state: 'SUCCEEDED', finishedAt: { not: null } },
    orderBy: { finishedAt: 'asc' },
    select: { finishedAt: true, result: true },
  })
  return rows.map(({ finishedAt, result }) => {
    const { data } = checkResult.safeParse(result)
    return { at: finishedAt as Date, sound: data?.sound ?? false, share: data?.share ?? null }
  })
}
