/** The program that loads exports into tables: a child, so that it can be killed and never blocks the event loop. */
import { createReadStream } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { parse } from 'csv-parse'
import { answer, now, openDatabase, say } from '../connections/sqlite-lines.ts'
import type { RowsWish } from '../exports/rows.ts'
import { fromJson, fromText, type SqliteValue, type Storage, textOf } from './sqlite-values.ts'

export interface LoadRequest {
  command: 'load'
  path: string
  tables: LoadedTable[]
  wish: RowsWish
}

export interface LoadedTable {
  table: string
  columns: { name: string; type: string; storage: Storage[] }[]
  file: string
  format: 'csv' | 'ndjson'
  rows: number
  /** The column of the person's id, where only one person's rows are wanted. */
  personColumn: string | null
}

export type LoadLine =
  | { holds: string[] }
  | { keyless: string[] }
  | { loaded: number }
  | { inserted: number; replaced: number; skipped: number }

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

/** The columns of its primary key. */
const keyOf = (database: DatabaseSync, table: string): string[] =>
  database
    .prepare('SELECT name FROM pragma_table_xinfo(?) WHERE pk > 0 ORDER BY pk')
    .all(table)
    .map((row) => String(row.name))

/** What is done with a row whose key is there already. */
function onConflict({ conflict }: RowsWish, key: readonly string[], columns: readonly string[]): string {
  if (conflict === 'REFUSE') return ''
  const others = columns
    .filter((name) => !key.includes(name))
    .map((name) => `${quoted(name)} = excluded.${quoted(name)}`)
  if (conflict === 'SKIP' || key.length === 0 || others.length === 0) return 'ON CONFLICT DO NOTHING'
  return `ON CONFLICT (${key.map(quoted).join(', ')}) DO UPDATE SET ${others.join(', ')}`
}

async function load(database: DatabaseSync, from: LoadedTable, wish: RowsWish): Promise<void> {
  now('load', from.table)
  const generated = new Set(
    database
      .prepare('SELECT name FROM pragma_table_xinfo(?) WHERE hidden IN (2, 3)')
      .all(from.table)
      .map((row) => row.name),
  )
  const taken = [...from.columns.keys()].filter((i) => !generated.has(from.columns[i]?.name as string))
  const names = taken.map((i) => from.columns[i]?.name as string)
  const marks = taken.map(() => '?').join(', ')
  const conflict = onConflict(wish, keyOf(database, from.table), names)
  const insert = database.prepare(
    `INSERT INTO ${quoted(from.table)} (${names.map(quoted).join(', ')}) VALUES (${marks}) ${conflict}`,
  )
  const count = database.prepare(`SELECT count(*) AS n FROM ${quoted(from.table)}`)
  const before = Number(count.get()?.n)
  const who = from.columns.findIndex(({ name }) => name === from.personColumn)
  let rows = 0
  let wanted = 0
  let changed = 0
  for await (const values of from.format === 'csv' ? csvRows(from) : ndjsonRows(from)) {
    rows += 1
    if (rows % ROWS_PER_LINE === 0) await say({ loaded: rows } satisfies LoadLine)
    if (wish.person !== null && textOf(values[who] ?? null) !== wish.person) continue
    wanted += 1
    changed += Number(insert.run(...taken.map((i) => values[i] as SqliteValue)).changes)
  }
  if (rows !== from.rows) throw new Error(`${rows} rows were found instead of ${from.rows}`)
  const inserted = Number(count.get()?.n) - before
  await say({ inserted, replaced: changed - inserted, skipped: wanted - changed } satisfies LoadLine)
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
  await answer<LoadRequest>(async ({ path, tables, wish }) => {
    const database = openDatabase(path, { readOnly: false })
    now('load', 'the tables')
    database.exec('BEGIN IMMEDIATE; PRAGMA defer_foreign_keys = ON')
    const holds = makeRoom(database, tables)
    const keyless = holds.filter((table) => keyOf(database, table).length === 0)
    if (holds.length > 0 && wish.conflict === 'REFUSE') await say({ holds } satisfies LoadLine)
    else if (keyless.length > 0) await say({ keyless } satisfies LoadLine)
    else {
      for (const table of tables) await load(database, table, wish)
      now('load', 'the tables')
      database.exec('COMMIT')
    }
    database.close()
  })
