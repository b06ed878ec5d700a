import { availableParallelism } from 'node:os'
import { CodedError } from '#lib/errors/coded-error.ts'
import { describeExit, runChild } from '#lib/process/child.ts'
import { libpqTls } from '../connections/libpq-tls.ts'
import { libpqDatabase, libpqEnvironment, type PostgresConnection, withPostgres } from '../connections/postgres.ts'
import type { DriverContext, RestoreReceipt } from '../driver.ts'
import { theOnlyFile } from '../restored-folder.ts'
import { createDatabase, databaseExists, dropDatabase } from './create-database.ts'
import { requireWhatItNeeds } from './needs.ts'
import { describeServer } from './queries.ts'
import { connectionTo, databaseOfPlace, type PostgresSettings } from './settings.ts'
import { countSelected } from './survey.ts'
import { type FoundTool, findTools, reasonOf } from './tools.ts'

/**
 * Plays the archive into the database that `settings` names, or into the part's own, which is made when the server has none. An error, such as
 * a table that is there already, leaves the database as it was, because all is one transaction; one that was made is loaded by several
 * connections at once, and is gone again.
 */
export async function restoreArchive(
  settings: PostgresSettings,
  folder: string,
  ctx: DriverContext,
): Promise<RestoreReceipt> {
  const archive = await theOnlyFile(folder, 'the PostgreSQL archive')
  const place = connectionTo(settings, databaseOfPlace(settings, ctx))
  const { database } = place
  const isNew = !(await databaseExists(settings, database, ctx))
  const nearby = isNew ? connectionTo(settings, settings.maintenanceDatabase) : place
  const { major } = await withPostgres(nearby, ctx, describeServer)
  const tool = await readerOf(archive, await findTools('pg_restore', major, ctx), ctx, { whole: !isNew })
  await requireWhatItNeeds(tool, archive, nearby, ctx)
  if (isNew) await createDatabase(tool, archive, settings, database, ctx)
  try {
    await play(tool, archive, place, ctx, isNew ? { jobs: JOBS } : {})
  } catch (thrown) {
    if (isNew) await dropDatabase(settings, database, ctx)
    throw thrown
  }
  const tables = await countSelected(place, settings, ctx)
  const where = isNew ? `the new database ${database}` : database
  return {
    summary: `${Object.keys(tables).length} tables restored into ${where} by pg_restore ${tool.version}`,
    inventory: { tables, files: null, bytes: null },
  }
}

/** Connections that load at once. */
export const JOBS = Math.min(availableParallelism(), 4)

/**
 * All of the archive, or what `only` chooses, in one transaction that an error ends. With several jobs each loads for itself, so that an
 * error leaves a part: only for a database that is then dropped.
 */
export async function play(
  tool: FoundTool,
  archive: string,
  place: PostgresConnection,
  ctx: DriverContext,
  { only = [], jobs = 1 }: { only?: readonly string[]; jobs?: number } = {},
): Promise<void> {
  const tls = await libpqTls(place, ctx)
  const database = `--dbname=${libpqDatabase(place.database)}`
  const together = jobs > 1 ? [`--jobs=${jobs}`] : ['--single-transaction']
  const owners = ctx.withoutOwners ? ['--no-owner', '--no-acl', '--no-security-labels'] : []
  const exit = await runChild({
    command: tool.command,
    args: ['--exit-on-error', ...together, '--no-password', ...owners, ...only, database, archive],
    env: libpqEnvironment(place, tls),
    signal: ctx.signal,
    onStderrLine: (line) => ctx.log('warning', line),
  }).finally(tls.remove)
  ctx.signal.throwIfAborted()
  if (exit.code !== 0)
    throw new CodedError('RESTORE_TOOL_FAILED', { tool: tool.name, exit: describeExit(exit), reason: reasonOf(exit) })
}

/**
 * An archive of a newer pg_dump is refused by older pg_restores: the first that can read it is taken. With `whole` all of it is read,
 * which finds one that was cut before anything is written; into a database that is dropped again, loading it finds that as well.
 */
export async function readerOf(
  archive: string,
  tools: FoundTool[],
  ctx: DriverContext,
  { whole }: { whole: boolean },
): Promise<FoundTool> {
  let reason = ''
  for (const tool of tools) {
    const args = [whole ? '--file=/dev/null' : '--list', archive]
    const exit = await runChild({ command: tool.command, args, env: { LC_ALL: 'C' }, signal: ctx.signal })
    ctx.signal.throwIfAborted()
    if (exit.code === 0) return tool
    reason = reasonOf(exit)
  }
  throw new CodedError('RESTORE_CONTENT_WRONG', { what: 'the PostgreSQL archive', reason })
}
