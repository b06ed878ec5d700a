import { Gauge, Registry } from 'prom-client'
import type { Clock } from '#lib/clock/now.ts'
import type { Database } from '#lib/database/database.ts'
import { liveWorkers } from '#lib/repositories/workers.ts'
import { objectiveOf } from '#lib/schedules/freshness.ts'
import { readPlans } from '#lib/schedules/watch.ts'
import type { ProcessMetrics } from './process-metrics.ts'

export interface MetricsDeps {
  prisma: Database
  clock: Clock
  metrics: ProcessMetrics
}

/** Everything that there is to watch, in Prometheus’ text format: from the database as it is now, and of this process. */
export async function collectMetrics(deps: MetricsDeps): Promise<string> {
  const registry = new Registry()
  await Promise.all(
    [sources, runs, repositories, workers, deliveries].map((collect) => collect(deps, gaugesOf(registry))),
  )
  return Registry.merge([registry, deps.metrics.registry]).metrics()
}

type Gauges = <L extends string>(name: string, help: string, labelNames?: L[]) => Gauge<L>

const gaugesOf =
  (registry: Registry): Gauges =>
  (name, help, labelNames = []) =>
    new Gauge({ name: `backup_trigger_${name}`, help, labelNames, registers: [registry] })

const seconds = (at: Date) => at.getTime() / 1000

interface SourceRow {
  id: string
  goodAt: Date | null
  verifiedAt: Date | null
  seconds: number | null
  bytes: bigint | null
  storedBytes: bigint | null
}

async function sources({ prisma, clock }: MetricsDeps, gauge: Gauges): Promise<void> {
  const labels = ['source', 'environment'] as ('source' | 'environment')[]
  const success = gauge('source_last_success_timestamp_seconds', 'When the newest good backup ended.', labels)
  const verified = gauge('source_last_verified_timestamp_seconds', 'When a backup was last verified.', labels)
  const objective = gauge('source_objective_seconds', 'How old the newest good backup may become.', labels)
  const late = gauge('source_late', '1 while the newest good backup is older than that, or there is none.', labels)
  const took = gauge('source_last_duration_seconds', 'How long the newest good backup took.', labels)
  const bytes = gauge('source_last_read_bytes', 'What the newest good backup read.', labels)
  const stored = gauge('source_last_stored_bytes', 'What the newest good backup added, compressed.', labels)
  const plans = await readPlans(prisma)
  const found = await prisma.source.findMany({
    where: { deletedAt: null, enabled: true },
    include: { environment: true },
  })
  const rows = await prisma.$queryRaw<SourceRow[]>`
    select s.id, g.finished_at as "goodAt", v.at as "verifiedAt",
      extract(epoch from g.finished_at - g.started_at)::float8 as seconds, g.bytes_done as bytes, g.stored_bytes as "storedBytes"
    from sources s
      left join lateral (select * from backup_runs r where r.source_id = s.id and r.state in ('SUCCEEDED', 'PARTIAL')
        order by r.finished_at desc limit 1) g on true
      left join lateral (select max(x.finished_at) as at from restores x join backup_runs r on r.id = x.run_id
        where r.source_id = s.id and x.purpose = 'VERIFICATION' and x.state = 'SUCCEEDED') v on true
    where s.deleted_at is null and s.enabled`
  const byId = new Map(rows.map((row) => [row.id, row]))
  const now = clock.now()
  for (const source of found) {
    const of = { source: source.name, environment: source.environment.name }
    const row = byId.get(source.id)
    const objectiveSeconds = objectiveOf(source, plans, now)
    late.set(of, source.lateSince === null ? 0 : 1)
    if (objectiveSeconds !== null) objective.set(of, objectiveSeconds)
    if (row?.goodAt) success.set(of, seconds(row.goodAt))
    if (row?.verifiedAt) verified.set(of, seconds(row.verifiedAt))
    if (row?.seconds != null) took.set(of, row.seconds)
    if (row?.bytes != null) bytes.set(of, Number(row.bytes))
    if (row?.storedBytes != null) stored.set(of, Number(row.storedBytes))
  }
}

async function runs({ prisma }: MetricsDeps, gauge: Gauges): Promise<void> {
  const byState = gauge('runs', 'Runs by their state.', ['state'])
  const waiting = gauge('queue_oldest_wait_seconds', 'For how long the run that waits longest has waited.')
  const rows = await prisma.$queryRaw<{ state: string; count: number }[]>`
    select state::text, count(*)::int as count from backup_runs group by state`
  const of = new Map(rows.map(({ state, count }) => [state, count]))
  for (const state of ['QUEUED', 'RUNNING', 'SUCCEEDED', 'PARTIAL', 'FAILED', 'CANCELLED', 'INTERRUPTED'])
    byState.set({ state: state.toLowerCase() }, of.get(state) ?? 0)
  const [row] = await prisma.$queryRaw<{ wait: number | null }[]>`
    select extract(epoch from clock_timestamp() - min(greatest(queued_at, coalesce(not_before, queued_at))))::float8 as wait
    from backup_runs where state = 'QUEUED'`
  waiting.set(Math.max(row?.wait ?? 0, 0))
}

async function repositories({ prisma }: MetricsDeps, gauge: Gauges): Promise<void> {
  const labels = ['repository'] as 'repository'[]
  const stored = gauge('repository_stored_bytes', 'What its data takes, as measured last.', labels)
  const free = gauge('repository_free_bytes', 'What is free at its place, where that can be known.', labels)
  const total = gauge('repository_total_bytes', 'What its place holds, where that can be known.', labels)
  const reachable = gauge('repository_reachable', '0 while it cannot be used.', labels)
  const found = await prisma.repository.findMany({
    select: { name: true, unreachableSince: true, figures: { orderBy: { at: 'desc' }, take: 1 } },
  })
  for (const { name: repository, unreachableSince, figures } of found) {
    reachable.set({ repository }, unreachableSince === null ? 1 : 0)
    const [figure] = figures
    if (figure === undefined) continue
    stored.set({ repository }, Number(figure.storedBytes))
    if (figure.freeBytes !== null) free.set({ repository }, Number(figure.freeBytes))
    if (figure.totalBytes !== null) total.set({ repository }, Number(figure.totalBytes))
  }
}

async function workers({ prisma }: MetricsDeps, gauge: Gauges): Promise<void> {
  gauge('workers_alive', 'Workers that were heard of lately.').set((await liveWorkers(prisma)).length)
}

async function deliveries({ prisma }: MetricsDeps, gauge: Gauges): Promise<void> {
  const labels = ['channel', 'state'] as ('channel' | 'state')[]
  const byState = gauge('deliveries', 'Messages of notifications by the kind of their channel and their state.', labels)
  const rows = await prisma.delivery.groupBy({ by: ['channel', 'state'], _count: true })
  for (const { channel, state, _count } of rows) byState.set({ channel, state: state.toLowerCase() }, _count)
}
