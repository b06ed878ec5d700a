import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import type { Config } from '#lib/config/config.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { Secret } from '#lib/secrets/secret.ts'
import { PrismaClient } from '#prisma/client/client.ts'
import { openBundledPostgres } from './bundled-postgres.ts'
import { migrate } from './migrate.ts'

export type Database = PrismaClient
/** What a function needs that runs inside or outside a transaction alike. */
export type Transaction = Parameters<Parameters<PrismaClient['$transaction']>[0]>[0]

export interface OpenDatabase {
  prisma: Database
  url: Secret
  /** True when this process holds the data folder: everything that was running here before is dead. */
  owner: boolean
  applied: string[]
  close(): Promise<void>
}

/** Makes the data folder, for its owner only. */
export async function makeDataDir(dataDir: string): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  await chmod(dataDir, 0o700)
}

/**
 * Opens the product's database: DATABASE_URL, or the bundled PostgreSQL in DATA_DIR, with all migrations applied.
 * With the bundled one exactly one process may be the owner; `ownership: 'required'` throws DATA_DIR_IN_USE when another
 * is, `'optional'` (command line tools) then works as its guest and leaves the server running.
 */
export async function openDatabase(config: Config, ownership: 'required' | 'optional'): Promise<OpenDatabase> {
  const bundled = config.DATABASE_URL ? null : await openBundledPostgres(config.DATA_DIR)
  const url = bundled?.url ?? (config.DATABASE_URL as Secret)
  const claim = bundled ? await claimDataDir(url) : null
  if (claim?.holder && ownership === 'required') {
    throw new CodedError('DATA_DIR_IN_USE', { dataDir: config.DATA_DIR, holder: claim.holder })
  }
  const giveBack = async () => {
    if (!claim?.release) return
    await claim.release()
    await bundled?.stop()
  }
  const applied = await migrate(url, join(config.projectRoot, 'prisma/migrations')).catch(async (error) => {
    await giveBack()
    throw error
  })
  const prisma = new PrismaClient({
    adapter: new PrismaPg({ connectionString: url.reveal(), max: 15, application_name: 'backup-trigger' }),
  })
  return {
    prisma,
    url,
    owner: claim?.release !== undefined,
    applied,
    close: async () => {
      await prisma.$disconnect()
      await giveBack()
    },
  }
}

/**
 * The lock on a data folder is a session lock in the database that lives in it: it ends with its holder's connection, so
 * it cannot go stale, whatever kills the holder.
 */
async function claimDataDir(url: Secret): Promise<{ holder?: string; release?: () => Promise<void> }> {
  const client = new pg.Client({
    connectionString: url.reveal(),
    application_name: `backup-trigger pid ${process.pid}`,
  })
  client.on('error', () => {}) // the server stopping is noticed by everything else too
  await client.connect()
  const key = "hashtextextended('system-backup-trigger data folder', 0)"
  const { rows } = await client.query(`select pg_try_advisory_lock(${key}) as mine`)
  if (rows[0].mine) return { release: () => client.end() }
  const other = await client.query(
    `select a.application_name from pg_locks l join pg_stat_activity a using (pid)
     where l.locktype = 'advisory' and l.granted and ((l.classid::bigint << 32) | l.objid::bigint) = ${key} limit 1`,
  )
  await client.end()
  return { holder: other.rows[0]?.application_name ?? 'unknown' }
}
