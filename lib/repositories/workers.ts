import type { Database, Transaction } from '#lib/database/database.ts'

/** What each live worker serves: names of environments, or all of them when it names none. */
export type Workers = readonly (readonly string[])[]

/** A worker that was not heard of for this long is gone; five of its looks. */
const WORKER_GONE_AFTER_SECONDS = 15

/** Whether a live worker serves the environment. */
export function isServed(workers: Workers, environment: string): boolean {
  return workers.some((names) => names.length === 0 || names.includes(environment))
}

export async function liveWorkers(db: Database | Transaction): Promise<string[][]> {
  const rows = await db.$queryRaw<{ environments: string[] }[]>`
    select environments from workers
    where seen_at > clock_timestamp() - make_interval(secs => ${WORKER_GONE_AFTER_SECONDS})`
  return rows.map((row) => row.environments)
}
