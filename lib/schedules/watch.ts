import type { Config } from '#lib/config/config.ts'
import type { Database, Transaction } from '#lib/database/database.ts'
import type { Source } from '#prisma/client/client.ts'
import type { ScheduleDeps } from './fire.ts'
import { type FreshPlan, lateSince, objectiveOf } from './freshness.ts'

const HEARTBEAT_TIMEOUT_MS = 10_000

export interface WatchDeps extends ScheduleDeps {
  config: ScheduleDeps['config'] & Pick<Config, 'HEARTBEAT_URL'>
}

/** Marks sources whose newest good backup is too old, and tells people, once each time; takes the mark away when one comes. */
export async function markLate(deps: WatchDeps): Promise<void> {
  const now = deps.clock.now()
  const sources = await deps.prisma.source.findMany({
    where: { deletedAt: null },
    include: { environment: { select: { name: true } } },
  })
  const plans = await readPlans(deps.prisma)
  const newest = await newestGood(deps.prisma)
  for (const source of sources) {
    const late = lateSince(source, newest.get(source.id) ?? null, objectiveOf(source, plans, now), now)
    if ((late === null) === (source.lateSince === null)) continue
    await deps.prisma.$transaction((tx) => mark(deps, tx, source, late))
  }
}

/** Compare-and-set: of several processes one does it. */
async function mark(deps: WatchDeps, tx: Transaction, source: Source, late: Date | null): Promise<void> {
  const { count } = await tx.source.updateMany({
    where: { id: source.id, lateSince: source.lateSince },
    data: { lateSince: late },
  })
  if (count !== 1 || late === null) return
  await deps.queue.send(tx, 'notify.source-late', { sourceId: source.id, since: late.toISOString() })
  deps.log.warn({ sourceId: source.id, since: late }, 'a source is late')
}

/** All plans, as far as they say how old a backup may become. */
export async function readPlans(db: Database | Transaction): Promise<FreshPlan[]> {
  const plans = await db.plan.findMany({
    select: { selection: true, schedule: true, timeZone: true, pausedAt: true },
  })
  return plans.map(({ pausedAt, ...plan }) => ({ ...plan, isPaused: pausedAt !== null }))
}

/** When the newest good run of each source ended; of one with several parts, of the part that was saved longest ago. */
async function newestGood(prisma: Database): Promise<Map<string, Date>> {
  const rows = await prisma.$queryRaw<{ id: string; at: Date }[]>`
    with newest as (
      select source_id, part, max(finished_at) as at, max(max(finished_at)) over (partition by source_id) as last
      from backup_runs where state in ('SUCCEEDED', 'PARTIAL') and storage_path is null group by source_id, part)
    -- A part that was not saved for a month beside the others is one that is there no more.
    select source_id as id, min(at) as at from newest where at > last - interval '31 days' group by source_id`
  return new Map(rows.map(({ id, at }) => [id, at]))
}

/**
 * Tells an outside watchdog that the scheduler has looked at everything once more: it notices when this program does nothing
 * any more, which the program itself cannot. Without HEARTBEAT_URL nothing is called.
 */
export async function beat({ config, log }: WatchDeps): Promise<void> {
  if (config.HEARTBEAT_URL === undefined) return
  try {
    const response = await fetch(config.HEARTBEAT_URL.reveal(), { signal: AbortSignal.timeout(HEARTBEAT_TIMEOUT_MS) })
    await response.body?.cancel()
    if (!response.ok) log.warn({ status: response.status }, 'the heartbeat was refused')
  } catch (error) {
    log.warn({ code: (error as { cause?: { code?: string } }).cause?.code }, 'the heartbeat did not get through')
  }
}
