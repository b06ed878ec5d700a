import type { Clock } from '#lib/clock/now.ts'
import type { Database } from '#lib/database/database.ts'
import { type Baseline, baselineOf, isUnusual, slopeOf } from './robust.ts'

export interface StatisticsDeps {
  prisma: Database
  clock: Clock
}

export const MOST_DAYS = 366
const DAY_MS = 86_400_000
const PROBLEMS_SHOWN = 50
const RUNS_COMPARED = 30
/** Of a source, with all of its parts. */
const RUNS_READ = 150
const POINTS_OF_GROWTH = 120

/**
 * Days are those of UTC, from midnight. Only the last attempt at each part counts: after a good one there is no other, so that the
 * table is looked into for the few others alone.
 */
const lastAttempts = `(r.state in ('SUCCEEDED', 'PARTIAL') or not exists (select 1 from backup_runs l where l.backup_id = r.backup_id and l.source_id = r.source_id
  and l.part = r.part and l.attempt > r.attempt))`

/** The first midnight of so many days, today among them. */
export function sinceOf(days: number, now: Date): Date {
  const today = Math.floor(now.getTime() / DAY_MS) * DAY_MS
  return new Date(today - (Math.min(Math.max(days, 1), MOST_DAYS) - 1) * DAY_MS)
}

export interface Outcomes {
  sourceId: string
  day: Date
  succeeded: number
  partial: number
  failed: number
}

export interface DayTotals extends Omit<Outcomes, 'sourceId'> {
  readBytes: bigint
  storedBytes: bigint
  /** Of the good ones; null where there are none. */
  medianSeconds: number | null
}

/** How runs ended, day by day: those of each source, and all of them. Cancelled ones are neither good nor bad. */
export async function readEnds(
  { prisma }: StatisticsDeps,
  since: Date,
): Promise<{ outcomes: Outcomes[]; days: DayTotals[] }> {
  const rows = await prisma.$queryRawUnsafe<(DayTotals & { sourceId: string | null })[]>(
    `select r.source_id as "sourceId", date_trunc('day', r.finished_at, 'UTC') as day,
      count(*) filter (where r.state = 'SUCCEEDED')::int as succeeded,
      count(*) filter (where r.state = 'PARTIAL')::int as partial,
      count(*) filter (where r.state in ('FAILED', 'INTERRUPTED'))::int as failed,
      coalesce(sum(r.bytes_done) filter (where r.snapshot_id is not null), 0)::bigint as "readBytes",
      coalesce(sum(r.stored_bytes), 0)::bigint as "storedBytes",
      percentile_cont(0.5) within group (order by extract(epoch from r.finished_at - r.started_at))
        filter (where r.state in ('SUCCEEDED', 'PARTIAL'))::float8 as "medianSeconds"
    from backup_runs r where r.finished_at >= $1 and r.state <> 'CANCELLED' and ${lastAttempts}
    group by grouping sets ((r.source_id, 2), (2)) order by 2`,
    since,
  )
  const isOfSource = (row: (typeof rows)[number]): row is DayTotals & { sourceId: string } => row.sourceId !== null
  return { outcomes: rows.filter(isOfSource), days: rows.filter((row) => !isOfSource(row)) }
}

/** How the runs of each source ended, day by day, as in `readEnds`. */
export async function readOutcomes({ prisma }: Pick<StatisticsDeps, 'prisma'>, since: Date): Promise<Outcomes[]> {
  return prisma.$queryRawUnsafe<Outcomes[]>(
    `select r.source_id as "sourceId", date_trunc('day', r.finished_at, 'UTC') as day,
      count(*) filter (where r.state = 'SUCCEEDED')::int as succeeded,
      count(*) filter (where r.state = 'PARTIAL')::int as partial,
      count(*) filter (where r.state in ('FAILED', 'INTERRUPTED'))::int as failed
    from backup_runs r where r.finished_at >= $1 and r.state <> 'CANCELLED' and ${lastAttempts}
    group by 1, 2 order by 2`,
    since,
  )
}

export interface RecurringProblem {
  sourceId: string
  code: string
  count: number
  firstAt: Date
  lastAt: Date
  /** The newest run with it. */
  backupId: string
  message: string
  remedy: string
}

/** The same error of the same source, however often it came; the newest first. */
export async function readProblems({ prisma }: StatisticsDeps, since: Date): Promise<RecurringProblem[]> {
  return prisma.$queryRaw<RecurringProblem[]>`
    select r.source_id as "sourceId", r.error_code as code, count(*)::int as count, min(r.finished_at) as "firstAt",
      max(r.finished_at) as "lastAt", (array_agg(r.backup_id order by r.finished_at desc))[1] as "backupId",
      coalesce((array_agg(r.error_message order by r.finished_at desc))[1], '') as message,
      coalesce((array_agg(r.error_remedy order by r.finished_at desc))[1], '') as remedy
    from backup_runs r where r.finished_at >= ${since} and r.error_code is not null and r.state <> 'CANCELLED'
    group by 1, 2 order by max(r.finished_at) desc limit ${PROBLEMS_SHOWN}`
}

export type UnusualFigure = {
  sourceId: string
  backupId: string
  at: Date
  /** Stored bytes and seconds also as shares: of what was read, how much was new, and how much was read each second. */
  figure: 'SECONDS' | 'READ_BYTES' | 'STORED_BYTES' | 'STORED_SHARE' | 'BYTES_PER_SECOND' | 'FAILURES'
  value: number
} & Baseline

interface Compared {
  sourceId: string
  part: string
  backupId: string
  at: Date
  seconds: number
  readBytes: bigint | null
  storedBytes: bigint | null
}

/**
 * Figures of the newest good run of each source that differ from what its earlier ones had, and how often its runs failed in the last
 * seven days where that is more than in the weeks before.
 */
export async function readUnusual({ prisma, clock }: StatisticsDeps): Promise<UnusualFigure[]> {
  const rows = await prisma.$queryRaw<Compared[]>`
    select s.id as "sourceId", r.* from sources s cross join lateral (
      select * from (
        select part, backup_id as "backupId", finished_at as at, extract(epoch from finished_at - started_at)::float8 as seconds,
          bytes_done as "readBytes", stored_bytes as "storedBytes", row_number() over (partition by part order by finished_at desc) as place
        from (select * from backup_runs x where x.source_id = s.id and x.state = 'SUCCEEDED'
          order by x.finished_at desc limit ${RUNS_READ}) newest) placed
      where place <= ${RUNS_COMPARED}) r
    where s.deleted_at is null and s.enabled order by s.id, r.part, r.at desc`
  const byPart = Map.groupBy(rows, ({ sourceId, part }) => `${sourceId} ${part}`)
  const figures = [...byPart.values()].flatMap((runs) => unusualOf(runs))
  return [...figures, ...(await readFailing(prisma, clock.now()))].toSorted((a, b) => +b.at - +a.at)
}

const WEEK_SECONDS = 7 * 86_400
const WEEKS_COMPARED = 8
/** One failure is news, and no trend. */
const FEWEST_FAILURES = 2

async function readFailing(prisma: Database, now: Date): Promise<UnusualFigure[]> {
  const since = new Date(now.getTime() - (WEEKS_COMPARED + 1) * WEEK_SECONDS * 1000)
  const rows = await prisma.$queryRaw<FailedWeek[]>`
    select s.id as "sourceId", floor(extract(epoch from ${now}::timestamptz - s.created_at) / ${WEEK_SECONDS})::int as age, f.*
    from sources s cross join lateral (
      select week, count(*)::int as count, max(finished_at) as at,
        (array_agg(backup_id order by finished_at desc))[1] as "backupId"
      from (
        select backup_id, finished_at, floor(extract(epoch from ${now}::timestamptz - finished_at) / ${WEEK_SECONDS})::int as week
        from backup_runs r where r.source_id = s.id and r.state in ('FAILED', 'INTERRUPTED')
          and r.finished_at > ${since} and r.finished_at <= ${now}) failed
      group by week) f
    where s.deleted_at is null and s.enabled`
  return [...Map.groupBy(rows, ({ sourceId }) => sourceId)].flatMap(([sourceId, weeks]): UnusualFigure[] => {
    const newest = weeks.find(({ week }) => week === 0)
    if (newest === undefined || newest.count < FEWEST_FAILURES) return []
    // Weeks in which it was not there yet say nothing.
    const compared = Math.min(newest.age, WEEKS_COMPARED)
    const earlier = Array.from({ length: compared }, (_, i) => weeks.find(({ week }) => week === i + 1)?.count ?? 0)
    const baseline = baselineOf(earlier)
    if (baseline === null || newest.count <= baseline.high) return []
    const { backupId, at, count: value } = newest
    return [{ sourceId, backupId, at, figure: 'FAILURES', value, ...baseline }]
  })
}

interface FailedWeek {
  sourceId: string
  /** How old the source is, in weeks. */
  age: number
  /** 0: the last seven days. */
  week: number
  count: number
  /** Of the newest one. */
  at: Date
  backupId: string
}

/** The first one against the others. Its first backup stores everything, so that is none of what is usual. */
function unusualOf([newest, ...earlier]: Compared[]): UnusualFigure[] {
  if (newest === undefined) return []
  const figures = [
    ['SECONDS', (run: Compared) => run.seconds],
    ['READ_BYTES', (run: Compared) => Number(run.readBytes ?? 0)],
    ['STORED_BYTES', (run: Compared) => Number(run.storedBytes ?? 0)],
    ['STORED_SHARE', (run: Compared) => Number(run.storedBytes ?? 0) / Math.max(Number(run.readBytes ?? 0), 1)],
    ['BYTES_PER_SECOND', (run: Compared) => Number(run.readBytes ?? 0) / Math.max(run.seconds, 1)],
  ] as const
  return figures.flatMap(([figure, read]) => {
    const baseline = baselineOf(earlier.map(read))
    const value = read(newest)
    if (baseline === null || !isUnusual(value, baseline)) return []
    const { sourceId, backupId, at } = newest
    return [{ sourceId, backupId, at, figure, value, ...baseline }]
  })
}

export interface Growth {
  repositoryId: string
  storedBytes: bigint
  freeBytes: bigint | null
  /** Null while it was counted on one day only. */
  bytesPerDay: number | null
  /** When nothing is free any more, if it goes on so. Null: never, or nobody knows. */
  fullInDays: number | null
}

/** How repositories grow, by what was counted in the last days. */
export async function readGrowth({ prisma }: StatisticsDeps, since: Date): Promise<Growth[]> {
  const rows = await prisma.repository.findMany({
    select: {
      id: true,
      figures: { where: { at: { gte: since } }, orderBy: { at: 'desc' }, take: POINTS_OF_GROWTH },
    },
    orderBy: { name: 'asc' },
  })
  return rows.flatMap(({ id: repositoryId, figures }) => {
    const [newest] = figures
    if (newest === undefined) return []
    const { storedBytes, freeBytes } = newest
    const bytesPerDay = slopeOf(figures.map((one) => [one.at.getTime() / DAY_MS, Number(one.storedBytes)]))
    const fills = bytesPerDay !== null && bytesPerDay > 0 && freeBytes !== null
    return [
      { repositoryId, storedBytes, freeBytes, bytesPerDay, fullInDays: fills ? Number(freeBytes) / bytesPerDay : null },
    ]
  })
}
