import type { Client } from 'pg'
import { CodedError } from '#lib/errors/coded-error.ts'
import { type PostgresConnection, withPostgres } from '../connections/postgres.ts'
import { nameOf } from '../connections/postgres-errors.ts'
import type { DriverContext } from '../driver.ts'
import { countedTables, countRows, describeServer, relationsOf, type ServerDescription, schemasOf } from './queries.ts'
import { type MissingRights, missingRights } from './rights.ts'
import { type Selected, type Selection, select } from './selection.ts'

export interface Survey {
  server: ServerDescription
  selected: Selected
  tables: number
  bytes: number
  /** As the server estimates them; null when only a part of the database is selected, or it has not looked at all of it. */
  rows: number | null
  rights: MissingRights
  /** Whole sentences. */
  warnings: string[]
}

/** What a dump of one database will meet. Rejects with SOURCE_SELECTION_EMPTY when a pattern catches nothing. */
export async function surveyDatabase(
  connection: PostgresConnection,
  selection: Selection,
  ctx: DriverContext,
): Promise<Survey> {
  return withPostgres(connection, ctx, async (client) => {
    const server = await describeServer(client)
    const selected = select(selection, await relationsOf(client), await schemasOf(client))
    if (selected.unmatched.length > 0)
      throw new CodedError('SOURCE_SELECTION_EMPTY', {
        source: databaseName(connection),
        what: selected.unmatched,
      })
    return {
      server,
      selected,
      tables: countedTables(selected.relations).length,
      bytes: await bytesOf(client, selected),
      rows: selected.isWholeDatabase ? await estimatedRows(client) : null,
      rights: await missingRights(client, server, selected),
      warnings: await warningsOf(client, server),
    }
  })
}

/** Rows of the selected tables that a backup is compared by. */
export function countSelected(connection: PostgresConnection, selection: Selection, ctx: DriverContext) {
  return withPostgres(connection, ctx, (client) =>
    countRows(client, (relations, schemas) => select(selection, relations, schemas).relations),
  )
}

/** For messages. */
export const databaseName = (connection: PostgresConnection): string =>
  `The database “${connection.database}” of ${nameOf(connection)}`

/** From what VACUUM and ANALYZE saw last; null while there is a table with content that neither has seen, as after an upgrade. */
async function estimatedRows(client: Client): Promise<number | null> {
  const { rows } = await client.query<{ rows: string | null }>(`
    SELECT CASE WHEN bool_or((c.reltuples < 0 OR c.relpages = 0) AND pg_relation_size(c.oid) > 0) THEN NULL
      ELSE coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint END AS rows
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'`)
  const estimate = rows[0]?.rows ?? null
  return estimate === null ? null : Number(estimate)
}

async function bytesOf(client: Client, { relations, isWholeDatabase }: Selected): Promise<number> {
  if (!isWholeDatabase) return relations.reduce((sum, one) => sum + one.bytes, 0)
  const { rows } = await client.query<{ bytes: string }>('SELECT pg_database_size(current_database()) AS bytes')
  return Number(rows[0]?.bytes)
}

async function warningsOf(client: Client, server: ServerDescription): Promise<string[]> {
  const { rows } = await client.query<{ subscriptions: string; unlogged: string; superuser: boolean }>(`
    SELECT (SELECT count(*) FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
            WHERE d.datname = current_database()) AS subscriptions,
           (SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relpersistence = 'u') AS unlogged,
           current_setting('is_superuser') = 'on' AS superuser`)
  const found = rows[0]
  const warnings: string[] = []
  if (server.isStandby && Number(found?.unlogged) > 0)
    warnings.push('The server is a standby: the rows of unlogged tables are not on it and are left out.')
  if (Number(found?.subscriptions) > 0 && found?.superuser === false)
    warnings.push('Subscriptions are left out: only a superuser may read them.')
  return warnings
}
