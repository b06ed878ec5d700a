/** The program that copies, checks and counts: a child, so that it can be killed and never blocks the event loop. */
import type { DatabaseSync } from 'node:sqlite'
import { answer, now, openDatabase, say } from './sqlite-lines.ts'

export type SqliteRequest =
  | { command: 'copy'; path: string; target: string }
  | { command: 'check'; path: string }
  | { command: 'count'; path: string }

export type SqliteMessage = { version: string; tables: number } | { table: string; rows: number }

const tableNames = (database: DatabaseSync): string[] =>
  database
    .prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    )
    .all()
    .map((row) => String(row.name))

function check(path: string): void {
  const database = openDatabase(path)
  now('check', path)
  const found = database.prepare('PRAGMA integrity_check(5)').all()
  const problems = found.map((row) => String(row.integrity_check)).filter((line) => line !== 'ok')
  database.close()
  if (found.length === 0 || problems.length > 0) throw new Error(problems.join('; ') || 'the check gave no answer')
}

async function count(path: string): Promise<void> {
  const database = openDatabase(path)
  now('query', path)
  database.exec('BEGIN')
  const names = tableNames(database)
  const version = String(database.prepare('SELECT sqlite_version() AS v').get()?.v)
  await say({ version, tables: names.length } satisfies SqliteMessage)
  for (const name of names) {
    const row = database.prepare(`SELECT count(*) AS n FROM "${name.replaceAll('"', '""')}"`).get()
    await say({ table: name, rows: Number(row?.n) } satisfies SqliteMessage)
  }
  database.close()
}

function copy(path: string, target: string): void {
  const database = openDatabase(path)
  now('copy', path)
  database.prepare('VACUUM INTO ?').run(target)
  database.close()
  check(target)
}

if (import.meta.main)
  await answer<SqliteRequest>((request) => {
    if (request.command === 'check') return check(request.path)
    if (request.command === 'count') return count(request.path)
    return copy(request.path, request.target)
  })
