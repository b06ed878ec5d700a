import type { Database } from '#lib/database/database.ts'
import { formatBytes, formatDuration } from '../figures.ts'
import { type Told, tell } from '../told.ts'

interface Digest {
  sources: { name: string; environment: string; lateSince: Date | null; goodAt: Date | null }[]
  /** Of the time that it is about. */
  runs: { succeeded: number; partial: number; failed: number; storedBytes: bigint }
}

const SOURCES_SHOWN = 200

/** What a summary says, of these environments or of all; sources that are late first, then those that were never saved. */
export async function readDigest(prisma: Database, environmentIds: readonly string[], since: Date): Promise<Digest> {
  const wanted = [...environmentIds]
  const sources = await prisma.$queryRaw<Digest['sources']>`
    select s.name, e.name as environment, s.late_since as "lateSince", g.at as "goodAt" from sources s
      join environments e on e.id = s.environment_id
      cross join lateral (select max(finished_at) as at from backup_runs r
        where r.source_id = s.id and r.state in ('SUCCEEDED', 'PARTIAL')) g
    where s.deleted_at is null and s.enabled and (cardinality(${wanted}::uuid[]) = 0 or e.id = any(${wanted}::uuid[]))
    order by s.late_since nulls last, g.at nulls first, e.position, e.name, s.name`
  const [runs] = await prisma.$queryRaw<Digest['runs'][]>`
    select count(*) filter (where r.state = 'SUCCEEDED')::int as succeeded, count(*) filter (where r.state = 'PARTIAL')::int as partial,
      count(*) filter (where r.state in ('FAILED', 'INTERRUPTED'))::int as failed,
      coalesce(sum(r.stored_bytes), 0)::bigint as "storedBytes"
    from backup_runs r join sources s on s.id = r.source_id
    where r.finished_at > ${since} and (cardinality(${wanted}::uuid[]) = 0 or s.environment_id = any(${wanted}::uuid[]))`
  return { sources, runs: runs ?? { succeeded: 0, partial: 0, failed: 0, storedBytes: 0n } }
}

/** A summary of all sources. Pure. */
export function tellDigest({ sources, runs }: Digest, period: 'day' | 'week', now: Date, publicUrl: string): Told {
  const late = sources.filter(({ lateSince }) => lateSince !== null).length
  const never = sources.filter(({ lateSince, goodAt }) => lateSince === null && goodAt === null).length
  const state = late > 0 ? `${late} of ${sources.length} sources late` : `all ${sources.length} sources in time`
  return tell({
    title: `Backups of the last ${period}: ${state}${runs.failed > 0 ? `, ${runs.failed} runs failed` : ''}`,
    tone: late > 0 || runs.failed > 0 ? 'bad' : runs.partial > 0 || never > 0 ? 'warn' : 'good',
    facts: [
      ['Succeeded', String(runs.succeeded)],
      ['Incomplete', String(runs.partial)],
      ['Failed', String(runs.failed)],
      ['New in the repositories', formatBytes(Number(runs.storedBytes))],
    ],
    parts: sources.slice(0, SOURCES_SHOWN).map((source) => partOf(source, now)),
    lines:
      sources.length > SOURCES_SHOWN
        ? [`and ${sources.length - SOURCES_SHOWN} more, none of them late before those`]
        : [],
    link: publicUrl,
    linkText: 'Open the overview in the console',
  })
}

function partOf({ name, environment, lateSince, goodAt }: Digest['sources'][number], now: Date): Told['parts'][number] {
  const figures = goodAt === null ? '' : `, last good backup ${formatDuration(+now - +goodAt)} ago`
  const of = { name: `${environment}: ${name}`, figures, problem: null, causes: [] }
  if (lateSince !== null) return { ...of, state: `late since ${lateSince.toISOString()}`, tone: 'bad' }
  return goodAt === null ? { ...of, state: 'never saved', tone: 'warn' } : { ...of, state: 'in time', tone: 'good' }
}
