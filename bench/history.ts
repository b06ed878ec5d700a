import { performance } from 'node:perf_hooks'
import { graphql } from 'graphql'
import type { Context } from '#graphql/context.ts'
import {
  BackupDocument,
  BackupsDocument,
  LogLinesDocument,
  RecentDaysDocument,
  SourcesDocument,
  StatisticsDocument,
} from '#graphql/documents/generated/graphql.ts'
import { schema } from '#graphql/schema.ts'
import { collectMetrics } from '#lib/metrics/collect.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { figure, table } from './figures.ts'
import { circumstances } from './machine.ts'
import type { Section } from './page.ts'

const FULL = { runs: 1_000_000, rounds: 50 }
const SMALL = { runs: 2_000, rounds: 5 }
const LINES_OF_A_RUN = 5
const SOURCES = 50
const YEARS = 3

/** What the console's pages ask of a long history, through the same GraphQL operations, without the network. */
export async function history(small: boolean): Promise<Section> {
  const { runs, rounds } = small ? SMALL : FULL
  const home = await openInstallation()
  try {
    await seed(home, runs)
    const asks = await questions(home, small)
    const took = new Map(asks.map(({ name }) => [name, [] as number[]]))
    for (let round = -1; round < rounds; round++)
      for (const { name, ask } of asks) {
        const start = performance.now()
        await ask()
        if (round >= 0) took.get(name)?.push(performance.now() - start) // the first warms up
      }
    const rows = [...took].map(([name, times]) => [name, figure(at(times, 0.5)), figure(at(times, 0.99))])
    return {
      name: 'history',
      title: 'A long history',
      content: [
        circumstances(`history${small ? ' --small' : ''}`, [`Node ${process.versions.node}`]),
        `${runs.toLocaleString('en')} runs of ${SOURCES} sources over ${YEARS} years, 3 % of them failed, with ${(runs * LINES_OF_A_RUN).toLocaleString('en')} log lines. Each operation of the console ${rounds} times, in turns:`,
        table(['what', 'p50 ms', 'p99 ms'], rows, true),
      ].join('\n\n'),
    }
  } finally {
    await home.close()
  }
}

/** The value below which that share lies. */
function at(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b)
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? Number.NaN
}

async function seed({ runtime: { prisma }, environmentId }: Installation, runs: number): Promise<void> {
  const { id: repositoryId } = await prisma.repository.findFirstOrThrow()
  await prisma.source.createMany({
    data: Array.from({ length: SOURCES }, (_, at) => ({
      ...{
        environmentId,
        name: `source ${at}`,
        type: 'STORAGE' as const,
        kind: 'files',
        settings: { paths: ['/srv'] },
      },
    })),
  })
  await prisma.$executeRawUnsafe(
    `create table made as
    select gen_random_uuid() as backup, gen_random_uuid() as run, n, clock_timestamp() - make_interval(secs => n * $1::float8) as at,
      (case when n % 33 = 0 then 'FAILED' when n % 50 = 0 then 'PARTIAL' else 'SUCCEEDED' end)::"RunState" as state,
      (select array_agg(id order by name) from sources) as sources
    from generate_series(1, $2) n`,
    (YEARS * 365 * 86_400) / runs,
    runs,
  )
  await prisma.$executeRaw`
    insert into backups (id, type, state, origin, environments, compression_level, created_at, started_at, finished_at)
    select backup, 'STORAGE', state, 'SCHEDULE', '{test}', 5, at, at, at + interval '40 seconds' from made`
  await prisma.$executeRaw`
    insert into backup_runs (id, backup_id, source_id, repository_id, state, compression_level, queued_at, started_at, finished_at,
      bytes_done, stored_bytes, snapshot_id, error_code, error_message, error_remedy)
    select run, backup, sources[1 + n % ${SOURCES}], ${repositoryId}::uuid, state, 5, at, at, at + interval '40 seconds',
      1000000 + n % 1000, 1000 + n % 100, case when state <> 'FAILED' then md5(n::text) end,
      case when state = 'FAILED' then 'SOURCE_UNREACHABLE' end, 'It cannot be reached.', 'Look.' from made`
  await prisma.$executeRaw`
    insert into backup_events (backup_id, seq, run_id, at, kind, level, message)
    select backup, l, run, at, 'LOG', (case when n % 33 = 0 and l = 1 then 'ERROR' else 'INFO' end)::"LogLevel",
      case when n % 33 = 0 and l = 1 then 'error: open /srv/uploads/file-' || n || '.jpg: permission denied'
        else 'restic saved part ' || l || ' of run ' || n || ' into the repository' end
    from made cross join generate_series(1, ${LINES_OF_A_RUN}) l`
  await prisma.$executeRaw`analyze`
}

async function questions({ runtime, admin }: Installation, small: boolean) {
  const ask = async (source: { toString(): string }, variableValues: Record<string, unknown> = {}) => {
    const contextValue: Context = { runtime, actor: admin, origin: 'CONSOLE', signal: new AbortController().signal }
    const { data, errors } = await graphql({ schema, source: source.toString(), variableValues, contextValue })
    if (errors) throw new Error(errors.join('\n'))
    return data as Record<string, { pageInfo: { endCursor: string }; edges: { node: { id: string } }[] }>
  }
  const first = 25
  const page = await ask(BackupsDocument, { first })
  const older = await ask(BackupsDocument, {
    first,
    filter: { to: new Date(Date.now() - 400 * 86_400_000).toISOString() },
  })
  const after = older.backups?.pageInfo.endCursor
  const id = page.backups?.edges[0]?.node.id
  return [
    { name: 'the newest page of the history', ask: () => ask(BackupsDocument, { first }) },
    { name: 'a page from a year ago', ask: () => ask(BackupsDocument, { first, after }) },
    { name: 'the failed ones', ask: () => ask(BackupsDocument, { first, filter: { state: 'FAILED' } }) },
    { name: 'one backup', ask: () => ask(BackupDocument, { id }) },
    { name: 'the overview: every source with its newest runs', ask: () => ask(SourcesDocument) },
    { name: 'the overview: how each source ended, day by day', ask: () => ask(RecentDaysDocument, { days: 30 }) },
    { name: 'the statistics of 30 days', ask: () => ask(StatisticsDocument, { days: 30 }) },
    {
      name: 'log lines: a word that is in one',
      ask: () => ask(LogLinesDocument, { filter: { text: `file-${small ? 330 : 330_000}.jpg` } }),
    },
    {
      name: 'log lines: a word that is in all but a few',
      ask: () => ask(LogLinesDocument, { filter: { text: 'restic' } }),
    },
    { name: 'log lines: errors', ask: () => ask(LogLinesDocument, { filter: { level: 'ERROR' } }) },
    { name: 'a scrape of /api/metrics', ask: () => collectMetrics(runtime) },
  ]
}
