import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import { CodedError } from '#lib/errors/coded-error.ts'
import { postgresFields, withPostgres } from '../connections/postgres.ts'
import { codeOf } from '../connections/postgres-errors.ts'
import { type DriverContext, databaseOfPart } from '../driver.ts'
import { databaseExists, dropDatabase } from './create-database.ts'
import { connectionTo, type PostgresSettings, postgresSettings } from './settings.ts'

/** A database that the server does not have yet; it is made as the saved one was. */
export const newPlace = {
  what: 'database',
  name: postgresFields.database,
  original: ({ database }: PostgresSettings, part: string) => databaseOfPart(part) ?? database ?? null,
  async open(settings: PostgresSettings, name: string, ctx: DriverContext): Promise<PostgresSettings> {
    if (ctx.part !== '' && databaseOfPart(ctx.part) === null) throw new CodedError('SOURCE_PART_UNKNOWN', ctx)
    const { host, port, user, password, sslMode, sslRootCert, maintenanceDatabase } = settings
    const place = { host, port, user, password, sslMode, sslRootCert, maintenanceDatabase, database: name }
    const parsed = postgresSettings.parse(place)
    if (await databaseExists(parsed, name, ctx)) throw alreadyThere(name)
    return parsed
  },
  aside: {
    rename,
    mask,
    remove: (place: PostgresSettings, ctx: DriverContext) => dropDatabase(place, place.database as string, ctx),
  },
} as const

const ATTEMPTS = 10
const PAUSE_MS = 200
/** object_in_use: somebody has connected again meanwhile. */
const IN_USE = '55006'

/** Both names change in one transaction. Applications connect again at once, so that it may take several attempts. */
async function rename(
  place: PostgresSettings,
  name: string,
  kept: string | null,
  ctx: DriverContext,
): Promise<boolean> {
  return withPostgres(connectionTo(place, place.maintenanceDatabase), ctx, async (client) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await tryToRename(client, place.database as string, name, kept)
      } catch (thrown) {
        await client.query('ROLLBACK')
        const exit = codeOf(thrown)
        if (exit === '') throw thrown // the connection broke, or something is there
        if (exit !== IN_USE || attempt === ATTEMPTS) {
          const reason = (thrown as Error).message
          throw new CodedError('RESTORE_TOOL_FAILED', { tool: 'ALTER DATABASE', exit, reason }, { cause: thrown })
        }
        await sleep(PAUSE_MS, undefined, { signal: ctx.signal })
      }
    }
  })
}

async function tryToRename(client: Client, from: string, name: string, kept: string | null): Promise<boolean> {
  const quoted = (one: string) => client.escapeIdentifier(one)
  await client.query('BEGIN')
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name])
  if (rowCount === 1 && kept === null) throw alreadyThere(name)
  const ended = kept === null ? [from] : [from, name]
  await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ANY($1)', [ended])
  if (rowCount === 1 && kept !== null) await client.query(`ALTER DATABASE ${quoted(name)} RENAME TO ${quoted(kept)}`)
  await client.query(`ALTER DATABASE ${quoted(from)} RENAME TO ${quoted(name)}`)
  await client.query('COMMIT')
  return rowCount === 1
}

const alreadyThere = (name: string) =>
  new CodedError('RESTORE_TARGET_NOT_EMPTY', { target: `The database “${name}”`, holds: ['it is there already'] })

/** A script may take long and tells nothing meanwhile; the server ends it when we are cut off. */
async function mask(place: PostgresSettings, sql: string, ctx: DriverContext): Promise<void> {
  let seconds = 0
  const told = setInterval(() => ctx.progress(++seconds), 1000)
  try {
    await withPostgres(connectionTo(place, place.database as string), ctx, async (client) => {
      await client.query('BEGIN')
      await client.query(sql).catch((thrown: unknown) => {
        const exit = codeOf(thrown)
        if (exit === '') throw thrown // the connection broke
        throw new CodedError(
          'RESTORE_TOOL_FAILED',
          { tool: 'The masking SQL', exit, reason: (thrown as Error).message },
          { cause: thrown },
        )
      })
      await client.query('COMMIT')
    })
  } finally {
    clearInterval(told)
  }
}
