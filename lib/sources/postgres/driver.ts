import type { Writable } from 'node:stream'
import { CodedError } from '#lib/errors/coded-error.ts'
import { describeExit, startChild } from '#lib/process/child.ts'
import { libpqEnvironment, type PostgresConnection, postgresConnection, withPostgres } from '../connections/postgres.ts'
import { type DriverContext, databaseOfPart, type SourceDriver } from '../driver.ts'
import { countRows, describeServer } from './queries.ts'
import { restoreArchive } from './restore.ts'
import { type FoundTool, findTools, reasonOf } from './tools.ts'

/**
 * One PostgreSQL database by pg_dump, in its custom format without compression: selective to restore, possible to check,
 * and good to deduplicate. Roles and tablespaces belong to the server and are not in it.
 */
export const postgresDriver: SourceDriver<PostgresConnection> = {
  kind: 'postgres',
  type: 'DATABASE',
  title: 'PostgreSQL',
  settings: postgresConnection,
  secretFields: ['password'],

  async probe(settings, ctx) {
    const server = await withPostgres(settings, ctx, describeServer)
    const [tool] = (await findTools('pg_dump', server.major, ctx)) as [FoundTool]
    return {
      summary: `PostgreSQL ${server.version}, ${server.tables} tables, pg_dump ${tool.version}`,
      bytes: server.bytes,
      tool: { name: 'pg_dump', version: tool.version },
      warnings: [],
    }
  },

  /** Signs in first, so that a refusal has a name: pg_dump itself has one exit code for everything. */
  async open(given, ctx) {
    const settings = inPart(given, ctx)
    const server = await withPostgres(settings, ctx, describeServer)
    const [tool] = (await findTools('pg_dump', server.major, ctx)) as [FoundTool]
    ctx.log('info', `pg_dump ${tool.version} (${tool.command}) for PostgreSQL ${server.version}`)
    return {
      shape: 'stream',
      filename: dumpNameOf(settings),
      write: (sink, signal) => dump(tool, settings, sink, signal, ctx),
      close: async () => {}, // the program ends with write(), and there are no files
    }
  },

  restore: (settings, folder, ctx) => restoreArchive(inPart(settings, ctx), folder, ctx),

  async inspect(settings, ctx) {
    const tables = await withPostgres(inPart(settings, ctx), ctx, countRows)
    return { tables, files: null, bytes: null } // the size on disk depends on history, not on content
  },
}

/** The settings with the database that the run is about. */
function inPart(settings: PostgresConnection, ctx: DriverContext): PostgresConnection {
  const database = databaseOfPart(ctx.part)
  if (database === null && ctx.part !== '') throw new CodedError('SOURCE_PART_UNKNOWN', { part: ctx.part })
  return database === null ? settings : { ...settings, database }
}

function dumpNameOf(settings: PostgresConnection): string {
  return `${settings.database.replaceAll('/', '_')}.dump`
}

async function dump(
  tool: FoundTool,
  settings: PostgresConnection,
  sink: Writable,
  readerDied: AbortSignal,
  ctx: DriverContext,
): Promise<void> {
  const signal = AbortSignal.any([ctx.signal, readerDied])
  const child = await startChild({
    command: tool.command,
    args: ['--format=custom', '--compress=0', '--no-password'],
    env: libpqEnvironment(settings),
    stdout: sink,
    signal,
    onStderrLine: (line) => ctx.log('warning', line),
  })
  const exit = await child.exited
  signal.throwIfAborted()
  if (exit.code !== 0)
    throw new CodedError('SOURCE_DUMP_FAILED', {
      tool: 'pg_dump',
      exit: describeExit(exit),
      reason: reasonOf(exit),
    })
}
