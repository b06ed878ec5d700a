import type { Transaction } from '#lib/database/database.ts'

/**
 * Counts one act of `key` unless it has `limit` of them within the last `windowSeconds`; then answers after how many
 * seconds the next is allowed, else 0. Counted in PostgreSQL under an advisory lock: exact across processes.
 */
export async function hit(tx: Transaction, key: string, limit: number, windowSeconds: number): Promise<number> {
  await tx.$executeRaw`select pg_advisory_xact_lock(hashtextextended(${key}, 1))`
  await tx.$executeRaw`delete from rate_hits where key = ${key} and at <= clock_timestamp() - make_interval(secs => ${windowSeconds})`
  const wait = await waitSeconds(tx, key, limit, windowSeconds)
  if (wait === 0) await tx.$executeRaw`insert into rate_hits (key, at) values (${key}, clock_timestamp())`
  return wait
}

/** Like {@link hit} without counting. */
export async function waitSeconds(tx: Transaction, key: string, limit: number, windowSeconds: number): Promise<number> {
  const [row] = await tx.$queryRaw<{ wait: number }[]>`
    select ceil(extract(epoch from at + make_interval(secs => ${windowSeconds}) - clock_timestamp()))::int as wait
    from rate_hits where key = ${key} order by at desc offset ${limit - 1} limit 1`
  return Math.max(row?.wait ?? 0, 0)
}

export async function forgive(tx: Transaction, key: string): Promise<void> {
  await tx.$executeRaw`delete from rate_hits where key = ${key}`
}
