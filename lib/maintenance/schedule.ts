import type { Database, Transaction } from '#lib/database/database.ts'
import { standingDamage } from '#lib/repositories/health.ts'
import { optionsOf } from '#lib/repositories/options.ts'
import type { Repository, RepositoryTask } from '#prisma/client/client.ts'
import type { TaskKind } from '#prisma/client/enums.ts'
import type { MaintenanceDeps } from './performer.ts'
import { queueUnlessActive } from './queue-task.ts'
import { readChecks } from './read-health.ts'

const DAY_MS = 24 * 60 * 60_000
/** What did not succeed is tried again after a day, however seldom it is due. */
const AGAIN_AFTER_DAYS = 1
const KEEP_DAYS = 400

const scheduledKinds = ['PRUNE', 'CHECK', 'STATISTICS'] as const satisfies TaskKind[]

type Known = Pick<Repository, 'name' | 'options' | 'initialisedAt' | 'unreachableSince'>
type Newest = Pick<RepositoryTask, 'kind' | 'state' | 'queuedAt' | 'finishedAt'>

/**
 * When each kind is due next, from the newest task of each, whoever asked for it; what is past is due now. Periods are counted
 * from when it was queued. What is queued or running, or switched off, is left out, and all of it where nothing can be done: at a
 * repository that was never made, or does not answer.
 */
export function nextUpkeep(repository: Known, newest: readonly Newest[]): ReadonlyMap<TaskKind, Date> {
  const { initialisedAt, unreachableSince } = repository
  if (initialisedAt === null || unreachableSince !== null) return new Map()
  const options = optionsOf(repository)
  const everyDays = { PRUNE: options.pruneEveryDays, CHECK: options.checkEveryDays, STATISTICS: 1 }
  const isRunning = (kind: TaskKind) => newest.some((task) => task.kind === kind && task.state === 'RUNNING')
  const dueAt = (kind: keyof typeof everyDays): Date | null => {
    const days = everyDays[kind]
    if (days === 0) return null
    if (kind === 'STATISTICS' && isRunning('PRUNE')) return null // it would miss what is just removed, and follows by itself
    const last = newest.find((task) => task.kind === kind)
    if (last === undefined) return kind === 'STATISTICS' ? initialisedAt : later(initialisedAt, days)
    if (last.state === 'SUCCEEDED') return later(last.queuedAt, days)
    return last.finishedAt === null ? null : later(last.finishedAt, Math.min(days, AGAIN_AFTER_DAYS))
  }
  const times = scheduledKinds.map((kind) => [kind, dueAt(kind)] as const)
  return new Map(times.filter((time): time is [(typeof time)[0], Date] => time[1] !== null))
}

const later = (date: Date, days: number) => new Date(date.getTime() + days * DAY_MS)

/** Queues what is due in every repository, once, however many processes do this at once; and forgets what is long past. */
export async function queueWhatIsDue(deps: Pick<MaintenanceDeps, 'prisma' | 'queue' | 'log'>): Promise<void> {
  await deps.prisma.$transaction(async (tx) => {
    await tx.$executeRaw`select pg_advisory_xact_lock(hashtext('backup-trigger schedule of upkeep'))`
    const [{ now }] = await tx.$queryRaw<[{ now: Date }]>`select clock_timestamp() as now`
    for (const repository of await tx.repository.findMany()) {
      const repositoryId = repository.id
      for (const [kind, at] of nextUpkeep(repository, await newestTasks(tx, repositoryId))) {
        if (at > now) continue
        const task = await queueUnlessActive(tx, deps, { repositoryId, kind })
        if (task) deps.log.info({ taskId: task.id, repositoryId, kind }, 'task is due')
      }
    }
    await removeOld(tx)
  })
}

/** The newest of each kind that is scheduled. */
export function newestTasks(db: Database | Transaction, repositoryId: string): Promise<Newest[]> {
  return db.$queryRaw<Newest[]>`
    select distinct on (kind) kind, state, queued_at as "queuedAt", finished_at as "finishedAt"
    from repository_tasks where repository_id = ${repositoryId}::uuid and kind = any(${[...scheduledKinds]}::text[]::"TaskKind"[])
    order by kind, queued_at desc, id desc`
}

/**
 * Removes tasks that ended long ago, but for the newest of each kind. The checks of a damaged repository stay, since they say
 * so; a copy stays as long as the run whose snapshot was copied.
 */
async function removeOld(tx: Transaction): Promise<void> {
  const old = await tx.$queryRaw<{ id: string }[]>`
    select distinct repository_id as id from repository_tasks
    where kind = 'CHECK' and finished_at < clock_timestamp() - make_interval(days => ${KEEP_DAYS})`
  const damaged: string[] = []
  for (const { id } of old) if (standingDamage(await readChecks(tx, id)).length > 0) damaged.push(id)
  await tx.$executeRaw`
    delete from repository_tasks old
    where finished_at < clock_timestamp() - make_interval(days => ${KEEP_DAYS}) and kind <> 'COPY'
      and (kind <> 'CHECK' or not repository_id::text = any(${damaged}))
      and exists (
        select 1 from repository_tasks newer
        where newer.repository_id = old.repository_id and newer.kind = old.kind and newer.queued_at > old.queued_at)`
}
