import type { Client, QueryConfig } from 'pg'
import { type PostgresConnection, withPostgres } from '../connections/postgres.ts'
import { countSqlite, type SqliteConnection } from '../connections/sqlite.ts'
import type { DriverContext } from '../driver.ts'
import { queryError, type Refused, rightsMissing } from '../exports/postgres-refusals.ts'
import { beginSnapshot } from '../exports/read-postgres.ts'
import type { Selection } from '../exports/selection.ts'
import { readFromSqlite } from './read-sqlite.ts'
import { allOf, ofPerson } from './selections.ts'
import type { UserDataSettings } from './settings.ts'

const noRows = (selection: Omit<Selection, 'want'>): Selection => ({
  ...selection,
  sql: `SELECT * FROM (${selection.sql}) AS tried LIMIT 0`,
  want: 'csv',
})

/**
 * Runs every SELECT of the settings for no rows: names, types and rights are checked, nothing is read. All closed tables are
 * named at once. Resolves to the server's version.
 */
export async function tryOnPostgres(
  connection: PostgresConnection,
  settings: UserDataSettings,
  ctx: Pick<DriverContext, 'signal'>,
): Promise<string> {
  return withPostgres(connection, ctx, async (client) => {
    await beginSnapshot(client)
    const refused: Refused[] = []
    const tried = [
      ...allOf(settings).map((selection) => ({ selection: noRows(selection), values: [] })),
      ...ofPerson(settings).selections.map((selection) => ({ selection: noRows(selection), values: [null] })),
    ]
    for (const { selection, values } of tried) {
      const thrown = await errorOf(client, selection.sql, values)
      if (thrown !== null && !refused.some((one) => one.selection.name === selection.name))
        refused.push({ selection, thrown })
    }
    const denied = rightsMissing(connection, refused)
    if (denied) throw denied
    const [wrong] = refused
    if (wrong) throw queryError(wrong.selection.name, wrong.thrown)
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version')
    return rows[0]?.server_version.split(' ')[0] ?? ''
  })
}

async function errorOf(client: Client, text: string, values: null[]): Promise<unknown> {
  await client.query('SAVEPOINT tried')
  try {
    await client.query({ text, values, queryMode: 'extended' } as QueryConfig)
    return null
  } catch (thrown) {
    await client.query('ROLLBACK TO tried')
    return thrown
  }
}

/** As `tryOnPostgres`. */
export async function tryOnSqlite(
  connection: SqliteConnection,
  settings: UserDataSettings,
  ctx: Pick<DriverContext, 'signal'>,
): Promise<string> {
  const nothing = { begin: () => {}, open: () => {}, rows: async () => {}, close: async () => {} }
  await readFromSqlite(connection, allOf(settings).map(noRows), null, ctx, nothing)
  const { selections } = ofPerson(settings)
  if (selections.length > 0) await readFromSqlite(connection, selections.map(noRows), '', ctx, nothing)
  return (await countSqlite(connection.path, ctx)).version
}
