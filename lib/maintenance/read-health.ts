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

/** What health needs of a check; results can be long. */
const findings = checkResult.pick({ sound: true, share: true })

/** The checks that were made, oldest first. One whose result cannot be read counts as damage. */
export async function readChecks(db: Database | Transaction, repositoryId: string): Promise<Checked[]> {
  const rows = await db.$queryRaw<{ at: Date; sound: unknown; share: unknown }[]>`
    select finished_at as at, result->'sound' as sound, result->'share' as share from repository_tasks
    where repository_id = ${repositoryId}::uuid and kind = 'CHECK' and state = 'SUCCEEDED'
    order by finished_at`
  return rows.map(({ at, sound, share }) => {
    const { data } = findings.safeParse({ sound, share })
    return { at, sound: data?.sound ?? false, share: data?.share ?? null }
  })
}
