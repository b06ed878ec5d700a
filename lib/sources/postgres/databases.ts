import type { Client } from 'pg'
import { withPostgres } from '../connections/postgres.ts'
import type { Discovered, DriverContext } from '../driver.ts'
import { matchesName } from '../name-patterns.ts'

import { connectionTo, type PostgresSettings, type ServerSettings } from './settings.ts'

export interface DatabaseOnServer extends Discovered {
  mayConnect: boolean
}

export interface DatabasesOnServer {
  databases: DatabaseOnServer[]
  /** Whole sentences about those that cannot be saved. */
  warnings: string[]
}

interface Row extends DatabaseOnServer {
  isTemplate: boolean
  isOpen: boolean
}

/** Of a database that DROP DATABASE left half removed. */
const INVALID = -2

/** Sizes only of those that the account may enter: others are not told. */
const DATABASES = `
  SELECT datname AS name, datistemplate AS "isTemplate", datallowconn AND datconnlimit <> ${INVALID} AS "isOpen",
         has_database_privilege(oid, 'CONNECT') AS "mayConnect",
         CASE WHEN has_database_privilege(oid, 'CONNECT') THEN pg_database_size(oid)::float8 END AS bytes
  FROM pg_database ORDER BY datname`

/**
 * The databases of a server but its templates, and `postgres` only when something of people's own is in it: initdb makes
 * all three, and dumps of them bring back nothing.
 */
export async function databasesOn(server: ServerSettings, ctx: DriverContext): Promise<DatabasesOnServer> {
  const connection = connectionTo(server, server.maintenanceDatabase)
  const rows = await withPostgres(connection, ctx, async (client) => (await client.query<Row>(DATABASES)).rows)
  const warnings = [
    ...rows
      .filter((one) => !one.isOpen && one.name !== 'template0')
      .map((one) => `The database “${one.name}” takes no connections and is left out.`),
    ...rows
      .filter((one) => one.isOpen && one.isTemplate && one.name !== 'template1')
      .map((one) => `The database “${one.name}” is a template and is left out.`),
  ]
  const databases: DatabaseOnServer[] = []
  for (const { name, bytes, mayConnect, isOpen, isTemplate } of rows) {
    if (!isOpen || isTemplate) continue
    const isEmpty =
      name === 'postgres' && mayConnect && (await withPostgres(connectionTo(server, name), ctx, isUntouched))
    if (!isEmpty) databases.push({ name, bytes, mayConnect })
  }
  return { databases, warnings }
}

/** The databases that the settings choose, found now. Those of a list are not looked for: their own runs tell. */
export async function chosenDatabases(s: PostgresSettings, ctx: DriverContext): Promise<DatabasesOnServer> {
  const named = s.databases ?? (s.database === undefined ? null : [s.database])
  if (named !== null) return { databases: named.map((name) => ({ name, bytes: null, mayConnect: true })), warnings: [] }
  const found = await databasesOn(s, ctx)
  const isLeftOut = ({ name }: DatabaseOnServer) => s.exceptDatabases?.some((one) => matchesName(one, name))
  return { ...found, databases: found.databases.filter((one) => !isLeftOut(one)) }
}

/** Objects that initdb makes have lower numbers (FirstNormalObjectId in PostgreSQL's access/transam.h). */
const FIRST_OF_PEOPLE = 16384

async function isUntouched(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ touched: boolean }>(`
    SELECT EXISTS (SELECT FROM pg_class WHERE oid >= ${FIRST_OF_PEOPLE} AND relpersistence <> 't')
        OR EXISTS (SELECT FROM pg_proc WHERE oid >= ${FIRST_OF_PEOPLE})
        OR EXISTS (SELECT FROM pg_type WHERE oid >= ${FIRST_OF_PEOPLE} AND typnamespace::regnamespace::text !~ '^pg_(toast_)?temp_')
        OR EXISTS (SELECT FROM pg_namespace WHERE oid >= ${FIRST_OF_PEOPLE} AND nspname !~ '^pg_(toast_)?temp_')
        OR EXISTS (SELECT FROM pg_extension WHERE oid >= ${FIRST_OF_PEOPLE})
        OR EXISTS (SELECT FROM pg_largeobject_metadata)
        OR EXISTS (SELECT FROM pg_foreign_data_wrapper WHERE oid >= ${FIRST_OF_PEOPLE})
        OR EXISTS (SELECT FROM pg_event_trigger) OR EXISTS (SELECT FROM pg_publication) AS touched`)
  return rows[0]?.touched === false
}
