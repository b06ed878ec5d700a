/** The program that loads exports into tables: a child, so that it can be killed and never blocks the event loop. */
import { createReadStream } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { parse } from 'csv-parse'
import { answer, now, openDatabase, say } from '../connections/sqlite-lines.ts'
import { fromJson, fromText, type SqliteValue, type Storage } from './sqlite-values.ts'

export interface LoadRequest {
  command: 'load'
  path: string
  tables: LoadedTable[]
}

export interface LoadedTable {
  table: string
  columns: { name: string; type: string; storage: Storage[] }[]
  file: string
  format: 'csv' | 'ndjson'
  rows: number
}

export type LoadLine = { holds: string[] } | { loaded: number }

const ROWS_PER_LINE = 10_000
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** Makes the tables that are missing. Gives the names of those that hold rows. */
function makeRoom(database: DatabaseSync, tables: readonly LoadedTable[]): string[] {
  return tables
    .filter(({ table, columns }) => {
      now('load', table)
      const name = quoted(table)
      const there = database.prepare(
        `SELECT 1 FROM pragma_table_list WHERE schema = 'main' AND name = ? COLLATE NOCASE`,
      )
      if (there.get(table) === undefined) {
        const definitions = columns.map((column) => `${quoted(column.name)} ${column.type && quoted(column.type)}`)
        database.exec(`CREATE TABLE ${name} (${definitions.join(', ')})`)
      }
      return database.prepare(`SELECT EXISTS (SELECT 1 FROM ${name}) AS some`).get()?.some === 1
    })
    .map(({ table }) => table)
}

async function load(database: DatabaseSync, from: LoadedTable): Promise<void> {
  now('load', from.table)
  const generated = new Set(
    database
      .prepare('SELECT name FROM pragma_table_xinfo(?) WHERE hidden IN (2, 3)')
      .all(from.table)
      .map((row) => row.name),
  )
  const taken = [...from.columns.keys()].filter((i) => !generated.has(from.columns[i]?.name as string))
  const names = taken.map((i) => quoted(from.columns[i]?.name as string)).join(', ')
  const marks = taken.map(() => '?').join(', ')
  const insert = database.prepare(`INSERT INTO ${quoted(from.table)} (${names}) VALUES (${marks})`)
  let rows = 0
  for await (const values of from.format === 'csv' ? csvRows(from) : ndjsonRows(from)) {
    insert.run(...taken.map((i) => values[i] as SqliteValue))
    rows += 1
    if (rows % ROWS_PER_LINE === 0) await say({ loaded: rows } satisfies LoadLine)
  }
  if (rows !== from.rows) throw new Error(`${rows} rows were found instead of ${from.rows}`)
}

async function* csvRows({ file, columns }: LoadedTable): AsyncGenerator<SqliteValue[]> {
  const cast = (text: string, { quoting }: { quoting: boolean }) => (text === '' && !quoting ? null : text)
  const parser = createReadStream(file).pipe(parse({ cast: cast as never, from: 2, record_delimiter: '\n' }))
  for await (const texts of parser as AsyncIterable<(string | null)[]>)
    yield texts.map((text, i) => fromText(text, columns[i]?.storage[0]))
}

async function* ndjsonRows({ file, columns }: LoadedTable): AsyncGenerator<SqliteValue[]> {
  let rest = ''
  for await (const text of createReadStream(file, 'utf8') as AsyncIterable<string>) {
    const lines = (rest + text).split('\n')
    rest = lines.pop() as string
    for (const line of lines) {
      const row = fromJson(line)
      yield columns.map(({ name }) => row[name] as SqliteValue)
    }
  }
}

if (import.meta.main)
  await answer<LoadRequest>(async ({ path, tables }) => {
    const database = openDatabase(path, { readOnly: false })
    now('load', 'the tables')
    database.exec('BEGIN IMMEDIATE; PRAGMA defer_foreign_keys = ON')
    const holds = makeRoom(database, tables)
    if (holds.length > 0) await say({ holds } satisfies LoadLine)
    else {
      for (const table of tables) await load(database, table)
      now('load', 'the tables')
      database.exec('COMMIT')
    }
    database.close()
  })
