/**
 * What the programs that touch SQLite files have in common; they run as children and import nothing of the product but
 * this. Standard input is a request (it may hold what a process list must not show); standard output gives one JSON value a
 * line, of which the last is {"done":true} or {"error":…}.
 */
import { once } from 'node:events'
import { DatabaseSync } from 'node:sqlite'
import { text } from 'node:stream/consumers'
import { readingUrl } from './sqlite-reading.ts'

export type SqliteStage = 'open' | 'copy' | 'check' | 'query' | 'load'

export interface SqliteFailure {
  stage: SqliteStage
  name: string
  errcode: number
  message: string
}

export type LastLine = { done: true } | { error: SqliteFailure }

const LINES_PER_WRITE_CHARS = 64 * 1024
let pending = ''
let at: { stage: SqliteStage; name: string } = { stage: 'open', name: '' }
let opened: DatabaseSync[] = []

/** What an error from here on is an error of. */
export function now(stage: SqliteStage, name: string): void {
  at = { stage, name }
}

export async function say(line: unknown): Promise<void> {
  pending += `${JSON.stringify(line)}\n`
  if (pending.length >= LINES_PER_WRITE_CHARS) await flush()
}

export async function flush(): Promise<void> {
  const chunk = pending
  pending = ''
  if (chunk !== '' && !process.stdout.write(chunk)) await once(process.stdout, 'drain')
}

export function openDatabase(path: string, options: { readOnly: boolean } = { readOnly: true }): DatabaseSync {
  now('open', path)
  const database = new DatabaseSync(options.readOnly ? readingUrl(path) : path, { timeout: 30_000 })
  opened.push(database)
  database.prepare('SELECT count(*) FROM sqlite_schema').get()
  return database
}

/** What was thrown, for the parent. Closes what was open: an error must not leave a lock behind. */
export function failureOf(thrown: unknown): SqliteFailure {
  for (const database of opened) if (database.isOpen) database.close()
  opened = []
  const { errcode, message } = thrown as { errcode?: number; message: string }
  return { ...at, errcode: errcode ?? 0, message }
}

/** Answers the request of this process, and tells how it ended. */
export async function answer<Request>(run: (request: Request) => void | Promise<void>): Promise<void> {
  try {
    await run(JSON.parse(await text(process.stdin)) as Request)
    await say({ done: true })
  } catch (thrown) {
    await say({ error: failureOf(thrown) })
    process.exitCode = 1
  }
  await flush()
}
