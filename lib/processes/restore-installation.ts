import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Client } from 'pg'
import { z } from 'zod'
import { systemClock } from '#lib/clock/now.ts'
import { type Config, readConfig } from '#lib/config/config.ts'
import { readSecretKey } from '#lib/config/secret-key.ts'
import { type Database, makeDataDir, openDatabase } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { nextDue } from '#lib/plans/due.ts'
import { sealedPasswordOf } from '#lib/repositories/access.ts'
import type { SecretKey } from '#lib/secrets/seal.ts'
import { loadIntoPostgres } from '#lib/sources/exports/load-postgres.ts'
import { type Manifest, verifyExports } from '#lib/sources/exports/manifest.ts'
import { connectionOf } from '#lib/sources/installation/connection.ts'

const MIGRATIONS = '_prisma_migrations'

/**
 * Loads what a backup of kind `installation` saved into an installation that was never started: no table may hold a row. All
 * files are checked before anything is changed, and all is loaded in one transaction. What was going on at that moment is
 * ended, as nobody can go on with it, and plans are next due from now on. Resolves to the moment of the backup. Rejects with
 * DATA_DIR_IN_USE, RESTORE_CONTENT_WRONG, INSTALLATION_OF_ANOTHER_VERSION, RESTORE_TARGET_NOT_EMPTY and SECRET_UNREADABLE.
 */
export async function restoreInstallation(config: Config, folder: string): Promise<{ moment: string; rows: number }> {
  const signal = new AbortController().signal
  const { folder: from, manifest } = await verifyExports(folder, signal)
  await makeDataDir(config.DATA_DIR)
  const secretKey = await readSecretKey(config)
  const database = await openDatabase(config, 'required')
  try {
    await requireSameVersion(database.prisma, from, manifest)
    const exports = manifest.exports.filter(({ name }) => name !== MIGRATIONS)
    const ctx = { signal, progress: () => {} }
    const afterwards = async (client: Client) => {
      await requireKey(client, secretKey)
      await endWhatWentOn(client, manifest.snapshotAt)
      await setPlans(client, systemClock.now())
    }
    await loadIntoPostgres(connectionOf(database.url), from, { ...manifest, exports }, ctx, { afterwards })
    return { moment: manifest.snapshotAt, rows: exports.reduce((sum, one) => sum + one.rows, 0) }
  } finally {
    await database.close()
  }
}

const migrationLine = z.object({ migration_name: z.string() })

async function requireSameVersion(prisma: Database, folder: string, manifest: Manifest): Promise<void> {
  const saved = manifest.exports.find(({ name }) => name === MIGRATIONS)
  if (saved === undefined)
    throw new CodedError('RESTORE_CONTENT_WRONG', { what: folder, reason: 'it is no backup of an installation' })
  const lines = (await readFile(join(folder, saved.ndjson.file), 'utf8')).split('\n').filter((line) => line !== '')
  const theirs = new Set(lines.map((line) => migrationLine.parse(JSON.parse(line)).migration_name))
  const rows = await prisma.$queryRaw<{ name: string }[]>`select migration_name as name from _prisma_migrations`
  const ours = new Set(rows.map(({ name }) => name))
  const refuse = (migration: string, problem: string) =>
    new CodedError('INSTALLATION_OF_ANOTHER_VERSION', { migration, problem })
  for (const name of theirs) if (!ours.has(name)) throw refuse(name, 'is not known to this one')
  for (const name of ours) if (!theirs.has(name)) throw refuse(name, 'was not there yet')
}

/** Stored secrets are sealed with the key of the installation that was saved. */
async function requireKey(client: Client, secretKey: SecretKey): Promise<void> {
  const { rows } = await client.query<{ id: string; sealed: string }>(
    'select id, sealed_password as sealed from public.repositories',
  )
  for (const { id, sealed } of rows) sealedPasswordOf(secretKey, id, sealed)
}

/** Jobs are not part of a backup: what waited or ran would stay so for ever, or begin by itself at the first start. */
async function endWhatWentOn(client: Client, moment: string): Promise<void> {
  const error = new CodedError('INSTALLATION_RESTORED', { moment })
  const texts = [error.code, error.message, error.remedy]
  const ended = `state = 'INTERRUPTED', finished_at = clock_timestamp(), claim_id = null, error_code = $1, error_message = $2, error_remedy = $3`
  const isOpen = `state in ('QUEUED', 'RUNNING')`
  for (const table of ['backup_runs', 'backup_hooks', 'repository_tasks', 'restores'])
    await client.query(`update public.${table} set ${ended} where ${isOpen}`, texts)
  await client.query('update public.restores set sealed_login = null')
  await client.query(`update public.backups b set finished_at = clock_timestamp(), state = case
      when exists (select from public.backup_runs r where r.backup_id = b.id and r.state in ('SUCCEEDED', 'PARTIAL'))
      then 'PARTIAL'::"RunState" else 'INTERRUPTED'::"RunState" end where ${isOpen}`)
  await client.query(`update public.deliveries set state = 'FAILED', error = $1 where state = 'PENDING'`, [
    error.message,
  ])
}

/** Times that passed meanwhile were not missed by this installation; it would make up for all of them at once. */
async function setPlans(client: Client, now: Date): Promise<void> {
  const { rows } = await client.query<{
    id: string
    schedule: string | null
    timeZone: string
    jitterSeconds: number
  }>(`select id, schedule, time_zone as "timeZone", jitter_seconds as "jitterSeconds" from public.plans`)
  for (const plan of rows) {
    const { dueAt, lookAt } = nextDue(plan, now)
    await client.query('update public.plans set due_at = $2, look_at = $3 where id = $1', [plan.id, dueAt, lookAt])
  }
}

/** npm run restore-installation -- <folder>: the folder is what restic restore made of a snapshot of an installation. */
async function main(): Promise<void> {
  const { positionals } = parseArgs({ allowPositionals: true })
  const [folder, ...more] = positionals
  if (folder === undefined || more.length > 0)
    throw new CodedError('INPUT_INVALID', {
      issues: [{ path: 'folder', problem: 'is the one that restic restored a snapshot of the installation to' }],
    })
  const { moment, rows } = await restoreInstallation(readConfig(), folder)
  process.stdout.write(`The installation is as it was at ${moment}: ${rows} rows.
What went on then is marked as interrupted. Plans go on from their next time; start the program to let them.
`)
}

if (import.meta.main)
  main().catch((error) => {
    const text = error instanceof CodedError ? `${error.message}\n${error.remedy}\n(${error.code})` : String(error)
    process.stderr.write(`${text}\n`)
    process.exit(1)
  })
