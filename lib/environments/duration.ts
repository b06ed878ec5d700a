import type { Database } from '#lib/database/database.ts'

const BACKUPS = 20

/**
 * How long a backup of a source takes, in seconds: the median of its newest backups that saved it, from the first run's
 * start to the last one's end. Null when there is none. Backups narrowed to a folder do not count, nor do those of a single
 * part where others saved several.
 */
export async function expectedSeconds(prisma: Database, sourceId: string): Promise<number | null> {
  const rows = await prisma.$queryRaw<{ seconds: number; parts: number }[]>`
    select extract(epoch from max(finished_at) - min(started_at))::float8 as seconds, count(distinct part)::int as parts
    from backup_runs where source_id = ${sourceId}::uuid
    group by backup_id
    having bool_and(state in ('SUCCEEDED', 'PARTIAL') and storage_path is null and started_at is not null)
    order by max(finished_at) desc limit ${BACKUPS}`
  const whole = rows.filter((row) => row.parts > 1)
  const seconds = (whole.length > 0 ? whole : rows).map((row) => row.seconds).toSorted((a, b) => a - b)
  const middle = seconds.length / 2
  const [low, high] = [seconds[Math.ceil(middle) - 1], seconds[Math.floor(middle)]]
  return low === undefined || high === undefined ? null : (low + high) / 2
}
