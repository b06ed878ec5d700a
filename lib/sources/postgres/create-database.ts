import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '#lib/errors/coded-error.ts'
import { describeExit, runChild } from '#lib/process/child.ts'
import { withPostgres } from '../connections/postgres.ts'
import { codeOf } from '../connections/postgres-errors.ts'
import type { DriverContext } from '../driver.ts'
import { describeServer } from './queries.ts'
import { connectionTo, type PostgresSettings } from './settings.ts'
import { splitStatements } from './statements.ts'
import { type FoundTool, reasonOf } from './tools.ts'

/** Entries of an archive's table of contents that are about the database itself, as `pg_restore --create --list` shows them. */
const ABOUT_DATABASE = /^\d+; \d+ \d+ (?:DATABASE|DATABASE PROPERTIES|(?:COMMENT|ACL|SECURITY LABEL) - DATABASE) /
const STATEMENT = /^(?:CREATE DATABASE|ALTER DATABASE|ALTER ROLE|COMMENT ON DATABASE|GRANT|REVOKE|SECURITY LABEL) /
const DROP_TIMEOUT_MS = 60_000

export function databaseExists(s: PostgresSettings, name: string, ctx: DriverContext): Promise<boolean> {
  return withPostgres(connectionTo(s, s.maintenanceDatabase), ctx, async (client) => {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name])
    return rowCount === 1
  })
}

/**
 * Makes the database that an archive is of, as it was: encoding, locale, owner, settings and rights, with nothing in it yet.
 * Where the settings name the place it may have another name. Rejects, and leaves no database, when one of these cannot be
 * had: a role that is missing, for one.
 */
export async function createDatabase(
  tool: FoundTool,
  archive: string,
  s: PostgresSettings,
  name: string,
  ctx: DriverContext,
): Promise<void> {
  const isNamed = s.database !== undefined
  const [made, ...rest] = await statementsOf(tool, archive, isNamed ? null : name, ctx)
  if (made === undefined && !isNamed) throw new CodedError('SOURCE_DATABASE_UNKNOWN', { database: name })
  await withPostgres(connectionTo(s, s.maintenanceDatabase), ctx, async (client) => {
    const quoted = client.escapeIdentifier(name)
    // An archive of some tables alone says nothing of its database.
    const create = made === undefined ? `CREATE DATABASE ${quoted} TEMPLATE template0` : renameDatabase(made, quoted)
    const others = ctx.withoutOwners ? [] : rest.map((statement) => renameDatabase(statement, quoted))
    const run = (statement: string) =>
      client.query(statement).catch((thrown: unknown) => {
        const exit = codeOf(thrown)
        if (exit === '') throw thrown // the connection broke
        const reason = (thrown as Error).message
        throw new CodedError('RESTORE_TOOL_FAILED', { tool: 'CREATE DATABASE', exit, reason }, { cause: thrown })
      })
    await run(create)
    try {
      for (const statement of others) await run(statement)
    } catch (thrown) {
      await dropDatabase(s, name, ctx)
      throw thrown
    }
  })
}

/**
 * Only ever of one that `createDatabase` has made. Works after an abort too, whose sessions may take a moment to end. Never
 * rejects: why a restore failed matters more, and the log tells what is left.
 */
export async function dropDatabase(s: PostgresSettings, name: string, ctx: DriverContext): Promise<void> {
  const unaborted = { signal: AbortSignal.timeout(DROP_TIMEOUT_MS) }
  try {
    await withPostgres(connectionTo(s, s.maintenanceDatabase), unaborted, async (client) => {
      const { major } = await describeServer(client)
      await client.query(`DROP DATABASE ${client.escapeIdentifier(name)}${major >= 13 ? ' WITH (FORCE)' : ''}`)
    })
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    ctx.log('error', `The database “${name}”, made for this restore, could not be removed: ${reason}`)
  }
}

/** CREATE DATABASE first; empty when the archive says nothing of its database. With a name, the archive must be of that one. */
async function statementsOf(
  tool: FoundTool,
  archive: string,
  name: string | null,
  ctx: DriverContext,
): Promise<string[]> {
  const contents = await print(tool, ['--create', '--list', archive], ctx)
  const of = contents.map((line) => /^; +dbname: (.*)$/.exec(line)?.[1]).find((found) => found !== undefined)
  if (name !== null && of !== name)
    throw new CodedError('RESTORE_CONTENT_WRONG', {
      what: 'the PostgreSQL archive',
      reason: `it is of the database “${of}”`,
    })
  const entries = contents.filter((line) => ABOUT_DATABASE.test(line))
  if (entries.length === 0) return []
  const list = join(ctx.scratch, 'entries')
  await writeFile(list, `${entries.join('\n')}\n`, { mode: 0o600 })
  try {
    const sql = await print(tool, ['--create', `--use-list=${list}`, '--file=-', archive], ctx)
    return splitStatements(sql.join('\n')).filter((statement) => STATEMENT.test(statement))
  } finally {
    await rm(list, { force: true })
  }
}

const PIECES = /"(?:[^"]|"")*"|[^\s"]+|\s+/gy

/** The statement about a database as one about another: the first name after the word DATABASE, which no name can be taken for. */
export function renameDatabase(statement: string, quoted: string): string {
  const pieces = [...statement.matchAll(PIECES)].map(([piece]) => piece)
  const word = pieces.indexOf('DATABASE')
  return word === -1 ? statement : pieces.with(word + 2, quoted).join('')
}

/** What a program of an archive prints, line by line. */
export async function print(tool: FoundTool, args: readonly string[], ctx: DriverContext): Promise<string[]> {
  const exit = await runChild({ command: tool.command, args, env: { LC_ALL: 'C' }, signal: ctx.signal })
  ctx.signal.throwIfAborted()
  if (exit.code === 0) return exit.stdout
  throw new CodedError('RESTORE_TOOL_FAILED', { tool: tool.name, exit: describeExit(exit), reason: reasonOf(exit) })
}
