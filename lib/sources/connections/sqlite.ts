import { accessSync, constants, existsSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { CodedError } from '#lib/errors/coded-error.ts'
import { absolutePath } from '#lib/forms/settings.ts'
import { describeExit, startChild } from '#lib/process/child.ts'
import type { DriverContext } from '../driver.ts'
import type { OneRequest, SqliteMessage, SqliteRequest } from './sqlite-child.ts'
import type { LastLine } from './sqlite-lines.ts'

export const sqliteFields = {
  /** The database file. Its -wal and -shm files are found by themselves. */
  path: absolutePath.meta({
    title: 'Database file',
    description: 'An absolute path on the worker’s machine.',
    examples: ['/srv/shop/shop.sqlite'],
  }),
}
export const sqliteConnection = z.strictObject(sqliteFields)
export type SqliteConnection = z.infer<typeof sqliteConnection>

const SQLITE_PERM = 3
const SQLITE_CANTOPEN = 14
const SQLITE_CORRUPT = 11
const SQLITE_FULL = 13
const SQLITE_NOTADB = 26
const SQLITE_BUSY = 5

/** Not `new URL('./…', import.meta.url)`: Next would bundle the program as a file of its own, without what it imports. */
const SOURCES = join(dirname(fileURLToPath(import.meta.url)), '..')

/** Rejects with PATH_NOT_FOUND unless the path is a file that can be read. Resolves to its size. */
export async function requireSqliteFile(path: string): Promise<number> {
  try {
    const found = await stat(path)
    if (!found.isFile()) throw new Error('not a regular file')
    await (await open(path, 'r')).close()
    return found.size
  } catch (cause) {
    throw new CodedError('PATH_NOT_FOUND', { path }, { cause })
  }
}

/** Asks the program that all kinds share; see `askSqliteProgram`. */
export async function askSqlite(
  request: SqliteRequest,
  ctx: Pick<DriverContext, 'signal'>,
  onLine: (line: SqliteMessage) => void | Promise<void>,
): Promise<void> {
  return askSqliteProgram('connections/sqlite-child.ts', request, ctx, onLine)
}

/**
 * Runs a program below lib/sources with one request in a child process, and hands over each line; the child waits while
 * `onLine` works. Resolves only when the child said that it was done; rejects with a CodedError, with what `onLine` threw,
 * or with the signal's reason. The child has ended either way.
 */
export async function askSqliteProgram<Line extends object>(
  program: string,
  request: { command: string; path: string; target?: string },
  ctx: Pick<DriverContext, 'signal'>,
  onLine: (line: Line) => void | Promise<void>,
): Promise<void> {
  const child = await startChild({
    command: process.execPath,
    args: [join(SOURCES, program)],
    env: { NODE_NO_WARNINGS: '1' },
    stdin: 'pipe',
    stdout: 'pipe',
    signal: ctx.signal,
    stopSignal: 'SIGKILL', // it only reads; a half-written copy is removed with the scratch folder
  })
  child.stdin?.end(JSON.stringify(request))
  let done = false
  let failure: unknown
  try {
    for await (const text of linesOf(child.stdout as Readable)) {
      const line = JSON.parse(text) as Line | LastLine
      if ('error' in line) throw sqliteError(request, line.error)
      if ('done' in line) done = true
      else await onLine(line)
    }
  } catch (thrown) {
    failure = thrown
    await child.stop()
  }
  const exit = await child.exited
  ctx.signal.throwIfAborted()
  if (failure !== undefined) throw failure
  if (!done || exit.code !== 0)
    throw new CodedError('SOURCE_DUMP_FAILED', {
      tool: 'The SQLite reader',
      exit: describeExit(exit),
      reason: exit.stderr.split('\n').at(-1) || 'it ended without saying that it was done',
    })
}

/**
 * Asks one program several things, one after the other. `onItem` hears what became of each; what it throws ends the rest.
 * Rejects like `askSqlite` when the program itself fails.
 */
export async function askSqliteEach(
  requests: readonly OneRequest[],
  ctx: Pick<DriverContext, 'signal'>,
  onItem: (item: number, error: CodedError | null) => void | Promise<void>,
  onLine: (item: number, line: SqliteMessage) => void = () => {},
): Promise<void> {
  let item = 0
  await askSqlite({ command: 'each', path: requests[0]?.path ?? '', requests }, ctx, async (line) => {
    if (!('item' in line)) return onLine(item, line)
    const request = requests[line.item] as OneRequest
    item = line.item + 1
    await onItem(line.item, line.failed === null ? null : sqliteError(request, line.failed))
  })
}

/** Rows per table of each, in their order. Rejects with the error of the first that cannot be read. */
export async function countEachSqlite(paths: readonly string[], ctx: Pick<DriverContext, 'signal'>) {
  const counts = paths.map((): Record<string, number> => ({}))
  await askSqliteEach(
    paths.map((path) => ({ command: 'count', path })),
    ctx,
    (_, error) => {
      if (error !== null) throw error
    },
    (item, line) => {
      if ('table' in line) (counts[item] as Record<string, number>)[line.table] = line.rows
    },
  )
  return counts
}

/** Rows per table. */
export async function countSqlite(path: string, ctx: Pick<DriverContext, 'signal'>) {
  const tables: Record<string, number> = {}
  let version = ''
  await askSqlite({ command: 'count', path }, ctx, (line) => {
    if ('version' in line) version = line.version
    if ('table' in line) tables[line.table] = line.rows
  })
  return { version, tables }
}

function sqliteError(
  request: { path: string; target?: string },
  error: Extract<LastLine, { error: unknown }>['error'],
): CodedError {
  const { path } = request
  const source = `The SQLite database ${path}`
  const code = error.errcode & 0xff // the rest is SQLite's extended code
  if (code === SQLITE_NOTADB)
    return new CodedError('SOURCE_DAMAGED', { source, reason: 'it is no SQLite database, or it is encrypted' })
  if (error.stage === 'check' || code === SQLITE_CORRUPT)
    return new CodedError('SOURCE_DAMAGED', { source, reason: error.message })
  if (code === SQLITE_CANTOPEN && existsSync(path)) {
    const [missing, grant] = isReadable(path)
      ? ['its write-ahead log, which cannot be opened', `write into ${dirname(path)}`]
      : ['the file', `read ${path}`]
    return new CodedError('SOURCE_RIGHTS_MISSING', {
      source,
      missing: [missing],
      grant: `let the worker’s account ${grant}.`,
    })
  }
  if (code === SQLITE_CANTOPEN || code === SQLITE_PERM) return new CodedError('PATH_NOT_FOUND', { path })
  if (code === SQLITE_BUSY)
    return new CodedError('SOURCE_UNREACHABLE', { source, reason: 'another program keeps it locked' })
  if (error.stage === 'load')
    return new CodedError('RESTORE_TOOL_FAILED', {
      tool: 'SQLite',
      exit: `error ${error.errcode} in ${error.name}`,
      reason: error.message,
    })
  if (code === SQLITE_FULL && request.target !== undefined)
    return new CodedError('SCRATCH_FULL', { folder: dirname(request.target) })
  if (error.stage === 'query') return new CodedError('SOURCE_QUERY_FAILED', { name: error.name, reason: error.message })
  return new CodedError('SOURCE_DUMP_FAILED', {
    tool: 'VACUUM INTO',
    exit: `SQLite error ${error.errcode}`,
    reason: error.message,
  })
}

/**
 * Lines end with \n alone: readline would also split at U+2028, which JSON leaves unescaped. What comes after the last \n was
 * cut by the program's death, and is left out.
 */
async function* linesOf(stream: Readable): AsyncGenerator<string> {
  stream.setEncoding('utf8')
  let rest = ''
  for await (const chunk of stream as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() as string
    yield* lines
  }
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false
  }
}
