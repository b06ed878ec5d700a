import type { MysqlClient } from '../connections/mysql.ts'
import type { Discovered } from '../driver.ts'
import { SYSTEM_DATABASES } from './settings.ts'

export type Family = 'MariaDB' | 'MySQL'

export interface ServerDescription {
  family: Family
  /** "10.11.6" */
  version: string
  major: number
  minor: number
  encrypted: boolean
}

export interface TableDescription {
  name: string
  /** 'BASE TABLE', 'SYSTEM VERSIONED', 'VIEW', 'SEQUENCE' */
  type: string
  engine: string | null
  bytes: number
}

export interface DatabaseDescription {
  name: string
  characterSet: string
  collation: string
  tables: TableDescription[]
}

/** Table engines whose rows lie elsewhere: the dump programs save only the definition. */
const ROWS_ELSEWHERE = new Set(['MRG_MYISAM', 'MRG_ISAM', 'FEDERATED', 'CONNECT', 'OQGRAPH', 'SPIDER', 'VP'])

/** Compares whole names byte by byte: information_schema itself takes "Shop" and "shop" for the same. */
const IS = (column: string) => `${column} = ? AND CAST(${column} AS BINARY) = CAST(? AS BINARY)`

export async function describeServer(client: MysqlClient): Promise<ServerDescription> {
  const [row] = await client.rows<{ version: string; comment: string }>(
    'SELECT VERSION() AS version, @@version_comment AS comment',
  )
  if (row === undefined) throw new Error('the server did not describe itself')
  const [version = '', major = 0, minor = 0] = /^(?:5\.5\.5-)?((\d+)\.(\d+)[.\d]*)/.exec(row.version)?.slice(1) ?? []
  const family = /mariadb/i.test(`${row.version} ${row.comment}`) ? 'MariaDB' : 'MySQL'
  return { family, version: version, major: Number(major), minor: Number(minor), encrypted: client.encrypted }
}

/** All databases that the account can see, with an estimate of the size of their rows, without the system's. */
export async function listDatabases(client: MysqlClient): Promise<Discovered[]> {
  const rows = await client.rows<{ name: string; bytes: string | number | null }>(
    `SELECT s.SCHEMA_NAME AS name, SUM(t.DATA_LENGTH) AS bytes
     FROM information_schema.SCHEMATA s
     LEFT JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = s.SCHEMA_NAME
     WHERE LOWER(s.SCHEMA_NAME) NOT IN (?) GROUP BY s.SCHEMA_NAME ORDER BY s.SCHEMA_NAME`,
    [SYSTEM_DATABASES],
  )
  return rows.map(({ name, bytes }) => ({ name, bytes: Number(bytes ?? 0) }))
}

/** Null when the account sees no database of that name. */
export async function describeDatabase(client: MysqlClient, name: string): Promise<DatabaseDescription | null> {
  const [schema] = await client.rows<{ characterSet: string; collation: string }>(
    `SELECT DEFAULT_CHARACTER_SET_NAME AS characterSet, DEFAULT_COLLATION_NAME AS collation
     FROM information_schema.SCHEMATA WHERE ${IS('SCHEMA_NAME')}`,
    [name, name],
  )
  if (schema === undefined) return null
  const tables = await client.rows<TableDescription>(
    `SELECT TABLE_NAME AS name, TABLE_TYPE AS type, ENGINE AS engine, COALESCE(DATA_LENGTH, 0) AS bytes
     FROM information_schema.TABLES WHERE ${IS('TABLE_SCHEMA')} ORDER BY TABLE_NAME`,
    [name, name],
  )
  return { name, ...schema, tables: tables.map((table) => ({ ...table, bytes: Number(table.bytes) })) }
}

/** What a database holds besides tables, so that a target can be told to be empty. */
export async function countPrograms(client: MysqlClient, database: string): Promise<number> {
  const [row] = await client.rows<{ n: string | number }>(
    `SELECT (SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ${IS('ROUTINE_SCHEMA')})
          + (SELECT COUNT(*) FROM information_schema.EVENTS WHERE ${IS('EVENT_SCHEMA')}) AS n`,
    [database, database, database, database],
  )
  return Number(row?.n)
}

export async function transactionalEngines(client: MysqlClient): Promise<ReadonlySet<string>> {
  const rows = await client.rows<{ engine: string }>(
    `SELECT ENGINE AS engine FROM information_schema.ENGINES WHERE TRANSACTIONS = 'YES'`,
  )
  return new Set(rows.map(({ engine }) => engine.toUpperCase()))
}

export const holdsRows = (table: TableDescription): boolean =>
  (table.type === 'BASE TABLE' || table.type === 'SYSTEM VERSIONED') && !hasRowsElsewhere(table)

export const hasRowsElsewhere = (table: TableDescription): boolean =>
  table.engine !== null && ROWS_ELSEWHERE.has(table.engine.toUpperCase())
