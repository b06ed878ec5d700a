import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { CodedError } from '#lib/errors/coded-error.ts'
import { describeExit, runChild } from '#lib/process/child.ts'
import { type MysqlClient, quoteName } from '../connections/mysql.ts'
import type { DriverContext } from '../driver.ts'
import type { DefaultsFile } from './defaults-file.ts'
import { dumpArguments } from './dump.ts'
import { type Player, play } from './play.ts'
import { type FoundProgram, reasonOf } from './programs.ts'
import { rewriteDump } from './rewrite-dump.ts'

/**
 * What a database holds besides its tables, and what `RENAME TABLE` takes nowhere: it refuses tables with triggers, and views, and
 * knows nothing of routines and events.
 */
export interface Definitions {
  views: string[]
  triggers: string[]
  routines: { name: string; type: 'PROCEDURE' | 'FUNCTION' | 'PACKAGE' | 'PACKAGE BODY' }[]
  events: { name: string; definer: string; enabled: boolean; charset: string; collation: string; mode: string }[]
}

/** Files of SQL, by the dump program, of what one database holds besides rows. */
export interface SavedDefinitions {
  database: string
  tables: string
  triggers: string
  programs: string
  /** Null: there are none. */
  views: string | null
}

export async function listDefinitions(client: MysqlClient, database: string): Promise<Definitions> {
  const names = async (sql: string) => (await client.rows<{ name: string }>(sql, [database])).map(({ name }) => name)
  return {
    views: await names(
      `SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_TYPE = 'VIEW' ORDER BY 1`,
    ),
    triggers: await names(
      'SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ? ORDER BY 1',
    ),
    // A package goes with its body.
    routines: await client.rows(
      `SELECT ROUTINE_NAME AS name, ROUTINE_TYPE AS type FROM information_schema.ROUTINES
       WHERE ROUTINE_SCHEMA = ? AND ROUTINE_TYPE <> 'PACKAGE BODY' ORDER BY 1`,
      [database],
    ),
    events: await client.rows(
      `SELECT EVENT_NAME AS name, DEFINER AS definer, STATUS = 'ENABLED' AS enabled,
         CHARACTER_SET_CLIENT AS charset, COLLATION_CONNECTION AS collation, SQL_MODE AS mode FROM information_schema.EVENTS
       WHERE EVENT_SCHEMA = ? ORDER BY 1`,
      [database],
    ),
  }
}

/**
 * Writes the definitions of a database to files in `folder`. Rejects with RESTORE_TOOL_FAILED; views that cannot be used, since their
 * tables are gone, are left out and logged.
 */
export async function saveDefinitions(
  dump: { program: FoundProgram; defaults: DefaultsFile },
  database: string,
  { views }: Definitions,
  folder: string,
  ctx: DriverContext,
): Promise<SavedDefinitions> {
  const file = (what: string) => join(folder, `${what}.sql`)
  const saved = { database, tables: file('tables'), triggers: file('triggers'), programs: file('programs') }
  const noViews = views.map((view) => `--ignore-table=${database}.${view}`)
  const [noTables, noTriggers] = ['--no-create-info', '--skip-triggers']
  await write(saved.tables, [noTriggers, ...noViews, '--', database])
  await write(saved.triggers, [noTables, '--triggers', ...noViews, '--', database])
  await write(saved.programs, [noTables, noTriggers, '--routines', '--events', ...noViews, '--', database])
  if (views.length === 0) return { ...saved, views: null }
  await write(file('views'), [noTriggers, '--force', '--', database, ...views], true)
  return { ...saved, views: file('views') }

  async function write(path: string, args: readonly string[], mayFail = false): Promise<void> {
    const exit = await runChild({
      command: dump.program.command,
      args: [...dumpArguments(dump.program, dump.defaults), '--no-data', `--result-file=${path}`, ...args],
      env: { LC_ALL: 'C' },
      signal: ctx.signal,
      onStderrLine: (line) => ctx.log('warning', line),
    })
    ctx.signal.throwIfAborted()
    if (exit.code === 0 || mayFail) return
    const { name: tool } = dump.program
    throw new CodedError('RESTORE_TOOL_FAILED', { tool, exit: describeExit(exit), reason: reasonOf(exit) })
  }
}

/** Makes in the database `to` what was saved of another, in the order that is asked for. */
export async function loadDefinitions(
  player: Player,
  saved: SavedDefinitions,
  what: readonly ('tables' | 'triggers' | 'programs' | 'views')[],
  to: string,
  ctx: DriverContext,
): Promise<void> {
  for (const one of what) {
    const file = saved[one]
    if (file !== null) await play(player, to, [createReadStream(file), rewriteDump(saved.database, to)], ctx)
  }
}

const full = (database: string, name: string) => `${quoteName(database)}.${quoteName(name)}`

export async function dropTriggers(client: MysqlClient, databases: readonly string[]): Promise<void> {
  for (const database of databases)
    for (const name of (await listDefinitions(client, database)).triggers)
      await client.rows(`DROP TRIGGER IF EXISTS ${full(database, name)}`)
}

/** But for triggers. */
export async function dropPrograms(client: MysqlClient, database: string): Promise<void> {
  const { views, routines, events } = await listDefinitions(client, database)
  for (const { name } of events) await client.rows(`DROP EVENT IF EXISTS ${full(database, name)}`)
  for (const name of views) await client.rows(`DROP VIEW IF EXISTS ${full(database, name)}`)
  for (const { name, type } of routines) await client.rows(`DROP ${type} IF EXISTS ${full(database, name)}`)
}

/** Events of a database that is only kept do not run. Each keeps its account and mode, which are otherwise those of whoever changes it. */
export async function disableEvents(client: MysqlClient, database: string): Promise<void> {
  const { events } = await listDefinitions(client, database)
  for (const { name, definer, enabled, charset, collation, mode } of events) {
    if (!enabled) continue
    await client.rows('SET character_set_client = ?, collation_connection = ?, sql_mode = ?', [
      charset,
      collation,
      mode,
    ])
    const at = definer.lastIndexOf('@')
    const account = `${quoteName(definer.slice(0, at))}@${quoteName(definer.slice(at + 1))}`
    await client.rows(`ALTER DEFINER = ${account} EVENT ${full(database, name)} DISABLE`)
  }
}
