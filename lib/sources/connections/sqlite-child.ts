/**
 * The program that touches SQLite files, run as a child so that it can be killed and never blocks the event loop. It is on
 * its own: nothing but Node's modules is imported. argv[2] is a request, stdout gives one JSON value a line:
 * rows are arrays, everything else objects. The last line is {"done":true} or {"error":…}; anything else is no success.
 */
import { once } from 'node:events'
import { DatabaseSync, type StatementSync } from 'node:sqlite'

export type SqliteRequest =
  | { command: 'copy'; path: string; target: string }
  | { command: 'check'; path: string }
  | { command: 'count'; path: string }
  | { command: 'read'; path: string; exports: { name: string; sql: string }[] }

export type SqliteMessage =
  | { version: string; tables: number }
  | { table: string; rows: number }
  | { snapshotAt: string }
  | { export: string; columns: { name: string; type: string }[] }
  | { end: string; rows: number }
  | { done: true }
  | { error: { stage: 'open' | 'copy' | 'check' | 'query'; name: string; errcode: number; message: string } }

type Value = null | bigint | number | string | Uint8Array

const LINES_PER_WRITE_CHARS = 64 * 1024
let pending = ''
let at: { stage: 'open' | 'copy' | 'check' | 'query'; name: string } = { stage: 'open', name: '' }

async function say(line: SqliteMessage | [(string | null)[], string]): Promise<void> {
  pending += `${JSON.stringify(line)}\n`
  if (pending.length >= LINES_PER_WRITE_CHARS) await flush()
}

async function flush(): Promise<void> {
  const chunk = pending
  pending = ''
  if (chunk !== '' && !process.stdout.write(chunk)) await once(process.stdout, 'drain')
}

function open(path: string): DatabaseSync {
  at = { stage: 'open', name: path }
  const database = new DatabaseSync(path, { readOnly: true, timeout: 30_000 })
  database.prepare('SELECT count(*) FROM sqlite_schema').get()
  return database
}

const tableNames = (database: DatabaseSync): string[] =>
  database
    .prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    )
    .all()
    .map((row) => String(row.name))

function check(path: string): void {
  const database = open(path)
  at = { stage: 'check', name: path }
  const found = database.prepare('PRAGMA integrity_check(5)').all()
  const problems = found.map((row) => String(row.integrity_check)).filter((line) => line !== 'ok')
  database.close()
  if (found.length === 0 || problems.length > 0) throw new Error(problems.join('; ') || 'the check gave no answer')
}

async function count(path: string): Promise<void> {
  const database = open(path)
  at = { stage: 'query', name: path }
  database.exec('BEGIN')
  const names = tableNames(database)
  const version = String(database.prepare('SELECT sqlite_version() AS v').get()?.v)
  await say({ version, tables: names.length })
  for (const name of names) {
    const row = database.prepare(`SELECT count(*) AS n FROM "${name.replaceAll('"', '""')}"`).get()
    await say({ table: name, rows: Number(row?.n) })
  }
  database.close()
}

/** As PostgreSQL writes them: blobs as \x and hexadecimal digits, and a real number is never mistaken for an integer. */
function asText(value: Value): string | null {
  if (value === null || typeof value === 'string') return value
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 1e21) return `${value}.0`
  return String(value)
}

function asJson(value: Value): string {
  const isNumber = typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value))
  return isNumber ? (asText(value) as string) : JSON.stringify(asText(value))
}

async function readOne(statement: StatementSync, name: string): Promise<void> {
  const columns = statement.columns()
  await say({ export: name, columns: columns.map((c) => ({ name: c.name, type: c.type ?? '' })) })
  statement.setReadBigInts(true)
  statement.setReturnArrays(true)
  const keys = columns.map((c) => JSON.stringify(c.name))
  let rows = 0
  for (const row of statement.iterate() as Iterable<unknown> as Iterable<Value[]>) {
    await say([row.map(asText), `{${row.map((value, i) => `${keys[i]}:${asJson(value)}`).join(',')}}`])
    rows += 1
  }
  await say({ end: name, rows })
}

async function run(request: SqliteRequest): Promise<void> {
  if (request.command === 'check') return check(request.path)
  if (request.command === 'count') return count(request.path)
  const database = open(request.path)
  if (request.command === 'copy') {
    at = { stage: 'copy', name: request.path }
    database.prepare('VACUUM INTO ?').run(request.target)
    database.close()
    return check(request.target)
  }
  at = { stage: 'query', name: 'snapshot' }
  database.exec('BEGIN') // the first read fixes the snapshot for all that follow
  const now = database.prepare("SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now') AS now, count(*) FROM sqlite_schema").get()
  await say({ snapshotAt: String(now?.now) })
  for (const { name, sql } of request.exports) {
    at = { stage: 'query', name }
    await readOne(database.prepare(sql), name)
  }
  database.close()
}

if (process.argv[2] !== undefined && import.meta.main) {
  try {
    await run(JSON.parse(process.argv[2]) as SqliteRequest)
    await say({ done: true })
  } catch (thrown) {
    const { errcode, message } = thrown as { errcode?: number; message: string }
    await say({ error: { ...at, errcode: errcode ?? 0, message } })
    process.exitCode = 1
  }
  await flush()
}
