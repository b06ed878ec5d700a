import { createHash, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { Secret } from '#lib/secrets/secret.ts'

/** Any number that nothing else in the same database locks; the name says whose it is. */
const LOCK = "hashtextextended('system-backup-trigger migrations', 0)"

/**
 * Applies the migrations of `folder` that are not applied yet, in name order, and records them in Prisma's own
 * `_prisma_migrations`, so that Prisma's tools agree. One transaction for each file with its record, all under an advisory
 * lock: any number of processes may start at once. Answers the names it applied.
 * Throws MIGRATION_CONFLICT when an applied file was edited, or the database knows one that this program does not have.
 */
export async function migrate(url: Secret, folder: string): Promise<string[]> {
  const files = await readMigrations(folder)
  const client = new pg.Client({ connectionString: url.reveal(), application_name: 'backup-trigger migrate' })
  try {
    await client.connect()
  } catch (cause) {
    throw new CodedError('DATABASE_UNREACHABLE', { reason: (cause as Error).message }, { cause })
  }
  try {
    await client.query(`select pg_advisory_lock(${LOCK})`)
    await client.query(CREATE_TABLE)
    const { rows } = await client.query<{ migration_name: string; checksum: string }>(
      'select migration_name, checksum from _prisma_migrations where finished_at is not null and rolled_back_at is null',
    )
    const applied = new Map(rows.map((row) => [row.migration_name, row.checksum]))
    for (const [name, checksum] of applied) {
      const file = files.find((f) => f.name === name)
      if (!file)
        throw new CodedError('MIGRATION_CONFLICT', { migration: name, problem: 'is not known to this version' })
      if (file.checksum !== checksum)
        throw new CodedError('MIGRATION_CONFLICT', { migration: name, problem: 'was changed after it was applied' })
    }
    const pending = files.filter((file) => !applied.has(file.name))
    for (const file of pending) await apply(client, file)
    return pending.map((file) => file.name)
  } finally {
    await client.end()
  }
}

interface MigrationFile {
  name: string
  sql: string
  checksum: string
}

async function readMigrations(folder: string): Promise<MigrationFile[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  return Promise.all(
    names.sort().map(async (name) => {
      const sql = await readFile(join(folder, name, 'migration.sql'), 'utf8')
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

async function apply(client: pg.Client, file: MigrationFile): Promise<void> {
  try {
    await client.query('begin')
    await client.query(file.sql)
    await client.query(
      `insert into _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       values ($1, $2, $3, now(), now(), 1)`,
      [randomUUID(), file.checksum, file.name],
    )
    await client.query('commit')
  } catch (cause) {
    await client.query('rollback').catch(() => {})
    throw new CodedError('MIGRATION_CONFLICT', { migration: file.name, problem: 'could not be applied' }, { cause })
  }
}

/** As Prisma's own migrate makes it. */
const CREATE_TABLE = `create table if not exists _prisma_migrations (
  id varchar(36) primary key not null,
  checksum varchar(64) not null,
  finished_at timestamptz,
  migration_name varchar(255) not null,
  logs text,
  rolled_back_at timestamptz,
  started_at timestamptz not null default now(),
  applied_steps_count integer not null default 0
)`
