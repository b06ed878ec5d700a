/** The program that copies, checks and counts: a child, so that it can be killed and never blocks the event loop. */
import { constants, type DatabaseSync } from 'node:sqlite'
import { answer, failureOf, flush, now, openDatabase, type SqliteFailure, say } from './sqlite-lines.ts'

export type OneRequest =
  | { command: 'copy'; path: string; target: string }
  | { command: 'check'; path: string }
  | { command: 'count'; path: string }
  /** One query, of which the first value is wanted. */
  | { command: 'ask'; path: string; sql: string }
  /** Statements that change it, all or none. */
  | { command: 'mask'; path: string; sql: string }

/** Several are answered one after the other, whatever becomes of each: to start a program for each takes longer than most do. */
export type SqliteRequest = OneRequest | { command: 'each'; path: string; requests: readonly OneRequest[] }

export type SqliteMessage =
  | { version: string; tables: number }
  | { table: string; rows: number }
  | { answer: string | null }
  /** Ends what is about one of several requests. */
  | { item: number; failed: SqliteFailure | null }

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

/** As a subquery it can only be one that reads. */
async function ask(path: string, sql: string): Promise<void> {
  const database = openDatabase(path)
  now('query', sql)
  const row = database.prepare(`SELECT CAST((${sql}\n) AS TEXT) AS answer`).get()
  await say({ answer: (row?.answer ?? null) as string | null } satisfies SqliteMessage)
  database.close()
}

/** Without a way to other files. What was there before is not left in the file's free pages. */
function mask(path: string, sql: string): void {
  const database = openDatabase(path, { readOnly: false })
  now('load', 'the masking SQL')
  database.setAuthorizer((action) => (action === constants.SQLITE_ATTACH ? constants.SQLITE_DENY : constants.SQLITE_OK))
  database.exec('BEGIN')
  database.exec(sql)
  database.exec('COMMIT')
  database.setAuthorizer(null)
  database.exec('VACUUM')
  database.close()
}

/** A copy of one moment, which is checked and then in the journal mode of the original. */
function copy(path: string, target: string): void {
  const database = openDatabase(path)
  now('copy', path)
  const mode = database.prepare('PRAGMA journal_mode').get()?.journal_mode
  database.prepare('VACUUM INTO ?').run(target)
  database.close()
  check(target)
  if (mode !== 'wal') return
  const made = openDatabase(target, { readOnly: false })
  now('copy', path)
  made.exec('PRAGMA journal_mode = WAL')
  made.close()
}

async function each(requests: readonly OneRequest[]): Promise<void> {
  for (const [item, request] of requests.entries()) {
    let failed: SqliteFailure | null = null
    try {
      await one(request)
    } catch (thrown) {
      failed = failureOf(thrown)
    }
    await say({ item, failed } satisfies SqliteMessage)
    await flush()
  }
}

function one(request: OneRequest): void | Promise<void> {
  if (request.command === 'check') return check(request.path)
  if (request.command === 'count') return count(request.path)
  if (request.command === 'ask') return ask(request.path, request.sql)
  if (request.command === 'mask') return mask(request.path, request.sql)
  return copy(request.path, request.target)
}

if (import.meta.main)
  await answer<SqliteRequest>((request) => (request.command === 'each' ? each(request.requests) : one(request)))
