import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CodedError } from '#lib/errors/coded-error.ts'
import { type MysqlClient, quoteName, withMysql } from '../connections/mysql.ts'
import { mysqlError } from '../connections/mysql-errors.ts'
import type { DriverContext } from '../driver.ts'
import { writeDefaultsFile } from './defaults-file.ts'
import {
  type Definitions,
  disableEvents,
  dropPrograms,
  dropTriggers,
  listDefinitions,
  loadDefinitions,
  type SavedDefinitions,
  saveDefinitions,
} from './definitions.ts'
import type { Player } from './play.ts'
import { programFor } from './programs.ts'
import { dropDatabase } from './restore.ts'
import { type DatabaseDescription, describeDatabase, describeServer, type TableDescription } from './server.ts'
import type { MysqlSettings } from './settings.ts'

const ATTEMPTS = 10
const PAUSE_MS = 200
const LOCK_WAIT_SECONDS = 5
/** ER_LOCK_WAIT_TIMEOUT: somebody has a table in use. */
const IN_USE = 1205
const UNDO_TIMEOUT_MS = 120_000

type Described = DatabaseDescription & { saved: SavedDefinitions }

interface Exchange {
  settings: MysqlSettings
  player: Player
  /** The one that was restored, and is gone afterwards. */
  from: Described
  /** The one that is called as `from` is to be; null: there is none. */
  old: Described | null
  name: string
  /** The database that is made for it: what `old` is called afterwards, or else `name`. */
  aside: string
}

/**
 * Rejects with RESTORE_TARGET_NOT_EMPTY when tables of other databases refer to those of the database `name`: they would go on
 * referring to the old ones, under their other name.
 */
export async function requireNoReferences(client: MysqlClient, name: string): Promise<void> {
  const rows = await client.rows<{ name: string }>(
    `SELECT DISTINCT CONCAT(CONSTRAINT_SCHEMA, '.', TABLE_NAME) AS name FROM information_schema.REFERENTIAL_CONSTRAINTS
     WHERE UNIQUE_CONSTRAINT_SCHEMA = ? AND CONSTRAINT_SCHEMA <> ? ORDER BY 1 LIMIT 10`,
    [name, name],
  )
  if (rows.length === 0) return
  throw new CodedError('RESTORE_TARGET_NOT_EMPTY', {
    target: `The database “${name}”`,
    holds: rows.map((row) => `what the foreign key of ${row.name} refers to`),
  })
}

/**
 * Gives the database `from` the name `name`; the one that is called so stays as `kept`, with its events disabled, and with null it must
 * not be there. MySQL renames no database, but the tables of both change theirs in one statement, so that nobody ever sees none, or
 * some of each. What that statement cannot take along (views, triggers, routines, events) is saved by the dump program before and made
 * anew after it. Answers whether one was there. On rejection all is as it was.
 */
export async function exchangeDatabase(
  settings: MysqlSettings,
  from: string,
  name: string,
  kept: string | null,
  ctx: DriverContext,
): Promise<boolean> {
  const { server, ...found } = await withMysql(settings, ctx, async (client) => {
    await requireNoReferences(client, name)
    const find = async (one: string) => {
      const database = await describeDatabase(client, one)
      return database && { database, definitions: await listDefinitions(client, one) }
    }
    return { server: await describeServer(client), from: await find(from), old: await find(name) }
  })
  if (found.from === null) throw new Error(`${from} is not there`)
  if (found.old !== null && kept === null) throw alreadyThere(name)
  const dump = await programFor('dump', server, ctx)
  const program = await programFor('client', server, ctx)
  const defaults = await writeDefaultsFile(settings, program.family, server.encrypted, ctx)
  // Where a worker that is killed in between leaves them.
  const folder = join(ctx.kept, `exchange-${randomUUID()}`)
  const done: Done = { made: false, dropped: false, replaced: false, left: false }
  const save = async ({ database, definitions }: { database: DatabaseDescription; definitions: Definitions }) => {
    const own = join(folder, database.name === from ? 'restored' : 'old')
    await mkdir(own, { recursive: true, mode: 0o700 })
    return {
      ...database,
      saved: await saveDefinitions({ program: dump, defaults }, database.name, definitions, own, ctx),
    }
  }
  try {
    const old = found.old && (await save(found.old))
    ctx.log('info', `until the names have changed, views, triggers, routines and events are in ${folder} as well`)
    const exchange = { from: await save(found.from), old, name, aside: old === null ? name : String(kept) }
    await run({ ...exchange, settings, player: { program, defaults } }, done, ctx)
  } finally {
    await defaults.remove()
    if (!done.left) await rm(folder, { recursive: true, force: true })
  }
  await dropDatabase(settings, from, ctx)
  return found.old !== null
}

async function run(given: Exchange, done: Done, ctx: DriverContext): Promise<void> {
  const { settings, from, old, name, aside, player } = given
  try {
    await withMysql(settings, ctx, async (client) => {
      await client.rows(`SET SESSION lock_wait_timeout = ${LOCK_WAIT_SECONDS}`)
      await client.rows(`CREATE DATABASE ${quoteName(aside)} ${charsetOf(old ?? from)}`)
      done.made = true
      if (old !== null) await rehearse(client, given, old, ctx)
      done.dropped = true
      await whenUnused(client, given, ctx, () => dropTriggers(client, old ? [from.name, name] : [from.name]))
      await whenUnused(client, given, ctx, () => renameTables(client, movesOf(given)))
      ctx.log('info', `the tables are those of ${name} now`)
      if (old !== null) {
        done.replaced = true
        await dropPrograms(client, name)
        await client.rows(`ALTER DATABASE ${quoteName(name)} ${charsetOf(from)}`)
        await loadDefinitions(player, old.saved, ['triggers'], aside, ctx)
      }
      await loadDefinitions(player, from.saved, ['triggers', 'programs', 'views'], name, ctx)
    })
  } catch (thrown) {
    await takeBack(done, given, ctx)
    throw toolError(thrown, settings)
  }
}

/**
 * Makes all that the old database holds besides rows, beside it: what cannot be made there could not be put back either. Tables and
 * their triggers go again, the others stay.
 */
async function rehearse(client: MysqlClient, { aside, player }: Exchange, old: Described, ctx: DriverContext) {
  await loadDefinitions(player, old.saved, ['tables', 'triggers', 'programs', 'views'], aside, ctx)
  await disableEvents(client, aside)
  const { tables } = (await describeDatabase(client, aside)) as DatabaseDescription
  const names = tables.filter(isTable).map((table) => `${quoteName(aside)}.${quoteName(table.name)}`)
  await client.rows('SET SESSION foreign_key_checks = 0')
  if (names.length > 0) await client.rows(`DROP TABLE ${names.join(', ')}`)
  await client.rows('SET SESSION foreign_key_checks = 1')
}

/** How far it came. */
interface Done {
  made: boolean
  /** Triggers, or some of them. */
  dropped: boolean
  /** The old one's views, routines and events, or some of them. */
  replaced: boolean
  /** It could not be put back as it was. */
  left: boolean
}

/** Never rejects: why it failed matters more, and the log tells what is left. */
async function takeBack(done: Done, given: Exchange, ctx: DriverContext): Promise<void> {
  const { settings, from, old, name, aside, player } = given
  const unaborted = { ...ctx, signal: AbortSignal.timeout(UNDO_TIMEOUT_MS) }
  try {
    await withMysql(settings, unaborted, async (client) => {
      await client.rows(`SET SESSION lock_wait_timeout = ${LOCK_WAIT_SECONDS}`)
      if (done.dropped && (await areRenamed(client, given))) {
        await whenUnused(client, given, unaborted, () => dropTriggers(client, [name, aside]))
        const back = movesOf(given).map(([before, after]) => [after, before] as const)
        await whenUnused(client, given, unaborted, () => renameTables(client, back.reverse()))
      }
      if (old !== null && done.replaced) {
        await dropPrograms(client, name)
        await client.rows(`ALTER DATABASE ${quoteName(name)} ${charsetOf(old)}`)
        await loadDefinitions(player, old.saved, ['programs', 'views'], name, unaborted)
      }
      if (done.dropped)
        for (const one of old === null ? [from] : [old, from]) {
          await dropTriggers(client, [one.name])
          await loadDefinitions(player, one.saved, ['triggers'], one.name, unaborted)
        }
      // Tables in it are the old ones once they may have been moved.
      if (done.made && !(done.dropped && (await describeDatabase(client, aside))?.tables.some(isTable)))
        await client.rows(`DROP DATABASE ${quoteName(aside)}`)
    })
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    done.left = true
    ctx.log('error', `${name} could not be put back as it was (${reason}). The folder named above has what is missing.`)
  }
}

/** As the server has it: an answer may have been lost on the way. Where they went no tables were before. */
async function areRenamed(client: MysqlClient, { old, name, aside }: Exchange): Promise<boolean> {
  const database = await describeDatabase(client, old?.tables.some(isTable) ? aside : name)
  return database?.tables.some(isTable) ?? false
}

type Move = readonly [from: string, to: string]

/** Sequences are tables. */
const isTable = ({ type }: TableDescription): boolean => type !== 'VIEW'

function movesOf({ from, old, name, aside }: Exchange): Move[] {
  const moves = ({ name: before, tables }: DatabaseDescription, after: string): Move[] =>
    tables
      .filter(isTable)
      .map((table) => [`${quoteName(before)}.${quoteName(table.name)}`, `${quoteName(after)}.${quoteName(table.name)}`])
  return [...(old === null ? [] : moves(old, aside)), ...moves(from, name)]
}

/** In one statement: all or none. */
async function renameTables(client: MysqlClient, moves: readonly Move[]): Promise<void> {
  if (moves.length > 0) await client.rows(`RENAME TABLE ${moves.map(([from, to]) => `${from} TO ${to}`).join(', ')}`)
}

/** Ends the sessions that are in the databases. Applications come back at once, so that it may take several attempts. */
async function whenUnused(
  client: MysqlClient,
  { from, name, aside }: Exchange,
  ctx: DriverContext,
  act: () => Promise<void>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await endSessions(client, [from.name, name, aside], ctx)
    try {
      await act()
      return
    } catch (thrown) {
      if ((thrown as { errno?: unknown }).errno !== IN_USE || attempt === ATTEMPTS) throw thrown
      await sleep(PAUSE_MS, undefined, { signal: ctx.signal })
    }
  }
}

/** What the account may not end is waited for. */
async function endSessions(client: MysqlClient, databases: readonly string[], ctx: DriverContext): Promise<void> {
  const sessions = await client.rows<{ Id: number | string; db: string | null }>('SHOW FULL PROCESSLIST')
  for (const { Id } of sessions.filter(({ db }) => db !== null && databases.includes(db)))
    await client.rows('KILL ?', [Number(Id)]).catch((thrown: unknown) => {
      ctx.log('debug', `a session could not be ended: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
    })
}

const charsetOf = ({ characterSet, collation }: DatabaseDescription): string =>
  `CHARACTER SET ${characterSet} COLLATE ${collation}`

export const alreadyThere = (name: string): CodedError<'RESTORE_TARGET_NOT_EMPTY'> =>
  new CodedError('RESTORE_TARGET_NOT_EMPTY', { target: `The database “${name}”`, holds: ['it is there already'] })

/** A statement that the server refused; what is known already, and broken connections, stay as they are. */
function toolError(thrown: unknown, settings: MysqlSettings): unknown {
  const { errno } = thrown as { errno?: unknown }
  if (thrown instanceof CodedError || typeof errno !== 'number') return thrown
  const coded = mysqlError(thrown, settings)
  if (coded !== null) return coded
  return new CodedError(
    'RESTORE_TOOL_FAILED',
    { tool: 'RENAME TABLE', exit: String(errno), reason: (thrown as Error).message.replace(/\.$/, '') },
    { cause: thrown },
  )
}
