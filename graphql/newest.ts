import DataLoader from 'dataloader'
import type { Database } from '#lib/database/database.ts'
import type { Context } from './context.ts'

interface Found {
  sourceId: string
  id: string
}

const newestRun =
  (states: string | null) =>
  (prisma: Database, sourceIds: readonly string[]): Promise<Found[]> =>
    prisma.$queryRawUnsafe<Found[]>(
      `select s.id as "sourceId", r.id from unnest($1::uuid[]) s(id) cross join lateral (
        select id from backup_runs where source_id = s.id ${states === null ? '' : `and state in (${states})`}
        order by queued_at desc limit 1) r`,
      sourceIds,
    )

const newestVerification =
  (states: string) =>
  (prisma: Database, sourceIds: readonly string[]): Promise<Found[]> =>
    prisma.$queryRawUnsafe<Found[]>(
      `select distinct on (r.source_id) r.source_id as "sourceId", v.id from restores v join backup_runs r on r.id = v.run_id
      where v.purpose = 'VERIFICATION' and v.state in (${states}) and r.source_id = any($1::uuid[])
      order by r.source_id, v.queued_at desc`,
      sourceIds,
    )

const questions = {
  run: newestRun(null),
  goodRun: newestRun(`'SUCCEEDED', 'PARTIAL'`),
  activeRun: newestRun(`'QUEUED', 'RUNNING'`),
  verification: newestVerification(`'SUCCEEDED', 'FAILED'`),
  goodVerification: newestVerification(`'SUCCEEDED'`),
} as const
type What = keyof typeof questions

const loaders = new WeakMap<Context, Map<What, DataLoader<string, string | null>>>()

/**
 * The id of the newest run or verification of a source; null: there is none. What several sources of an operation ask at once is one
 * question to the database. Nothing is remembered: the context of a subscription lives long.
 */
export function newestOf(context: Context, what: What, sourceId: string): Promise<string | null> {
  const ofContext = loaders.get(context) ?? new Map()
  loaders.set(context, ofContext)
  const loader =
    ofContext.get(what) ??
    new DataLoader(
      async (ids: readonly string[]) => {
        const found = await questions[what](context.runtime.prisma, ids)
        const bySource = new Map(found.map((row) => [row.sourceId, row.id]))
        return ids.map((id) => bySource.get(id) ?? null)
      },
      { cache: false },
    )
  ofContext.set(what, loader)
  return loader.load(sourceId)
}
