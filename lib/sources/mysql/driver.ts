import { CodedError } from '#lib/errors/coded-error.ts'
import { type MysqlClient, withMysql } from '../connections/mysql.ts'
import { mysqlError, nameOf } from '../connections/mysql-errors.ts'
import { type DriverContext, databasePart, type SourceDriver, type TableCounts } from '../driver.ts'
import { byHand } from './by-hand.ts'
import { writeDefaultsFile } from './defaults-file.ts'
import { writeDump } from './dump.ts'
import { countRows } from './inventory.ts'
import { newPlace } from './new-place.ts'
import { programFor } from './programs.ts'
import { restoreDump } from './restore.ts'
import { requireRights, requireSight } from './rights.ts'
import { openScratch } from './scratch.ts'
import {
  type DatabaseDescription,
  describeDatabase,
  describeServer,
  holdsRows,
  listDatabases,
  transactionalEngines,
} from './server.ts'
import {
  databaseOfPlace,
  databaseToSave,
  isExcepted,
  type MysqlSettings,
  mysqlServer,
  mysqlSettings,
} from './settings.ts'
import { ignoredIn, warningsOf } from './warnings.ts'

/**
 * Databases of MySQL and MariaDB servers, by the dump program of the server's family: one run and one dump per database.
 * Accounts belong to the server and are not in it.
 */
export const mysqlDriver: SourceDriver<MysqlSettings> = {
  kind: 'mysql',
  type: 'DATABASE',
  title: 'MySQL and MariaDB',
  settings: mysqlSettings,
  secretFields: ['password'],
  byHand,
  serverFields: ['host', 'port'],

  async probe(settings, ctx) {
    const { server, databases, warnings } = await withMysql(settings, ctx, async (client) => {
      const server = await describeServer(client)
      const databases = await describeAll(client, await chosenDatabases(client, settings, ctx), settings)
      await requireRights(client, server, nameOf(settings), namesOf(databases))
      return { server, databases, warnings: await allWarnings(client, databases, settings) }
    })
    const program = await programFor('dump', server, ctx)
    const tables = databases.flatMap((database) => database.tables)
    const many = databases.length === 1 ? '' : `${databases.length} databases, `
    return {
      summary: `${server.family} ${server.version}, ${many}${tables.length} tables, ${program.name} ${program.version}`,
      bytes: tables.reduce((sum, table) => sum + table.bytes, 0),
      tool: { name: program.name, version: program.version },
      warnings: [...warnings, ...unmatched(databases, settings)],
    }
  },

  discovery: {
    settings: mysqlServer,
    field: 'database',
    listField: 'databases',
    find: (server, ctx) => withMysql(mysqlServer.parse(server), ctx, listDatabases),
  },

  async parts(settings, ctx) {
    if (settings.database !== undefined) return null
    const names = await withMysql(settings, ctx, (client) => chosenDatabases(client, settings, ctx))
    return names.map((name) => ({ key: databasePart(name), name }))
  },

  /** Signs in first, so that a refusal has a name and missing rights are found: the program passes over what it cannot see. */
  async open(settings, ctx) {
    const name = databaseToSave(settings, ctx)
    const { server, database, warnings } = await withMysql(settings, ctx, async (client) => {
      const server = await describeServer(client)
      const [database] = (await describeAll(client, [name], settings)) as [DatabaseDescription]
      await requireRights(client, server, nameOf(settings), [name])
      return { server, database, warnings: await allWarnings(client, [database], settings) }
    })
    const program = await programFor('dump', server, ctx)
    ctx.log('info', `${program.name} ${program.version} (${program.command}) for ${server.family} ${server.version}`)
    for (const warning of warnings) ctx.log('warning', warning)
    const ignored = ignoredIn(database, settings.ignoredTables)
    const defaults = await writeDefaultsFile(settings, program.family, server.encrypted, ctx)
    return {
      shape: 'stream',
      filename: `${name.replaceAll('/', '_')}.sql`,
      write: (sink, signal) => writeDump({ program, defaults, server, database, ignored }, sink, signal, ctx),
      tables: async () => uncounted(database, ignored),
      close: () => defaults.remove(),
    }
  },

  restore: (settings, folder, ctx) => restoreDump(settings, databaseOfPlace(settings, ctx), folder, ctx),

  openScratch: async (_settings, ctx) => openScratch(ctx),

  newPlace,

  async inspect(settings, ctx) {
    const name = databaseOfPlace(settings, ctx)
    const tables = await withMysql(settings, ctx, async (client) => {
      const [database] = (await describeAll(client, [name], settings)) as [DatabaseDescription]
      return countRows(client, database, ignoredIn(database, settings.ignoredTables))
    })
    return { tables, files: null, bytes: null } // the size on disk depends on history, not on content
  },
}

/** There is no second look at the moment of a dump, so that its rows cannot be counted. */
const uncounted = (database: DatabaseDescription, ignored: readonly string[]): TableCounts =>
  Object.fromEntries(
    database.tables
      .filter((table) => holdsRows(table) && !ignored.includes(table.name))
      .map((table) => [table.name, null]),
  )

/** The databases that are saved now; of a run with a part, that one. */
async function chosenDatabases(client: MysqlClient, settings: MysqlSettings, ctx: DriverContext): Promise<string[]> {
  if (ctx.part !== '' || settings.database !== undefined) return [databaseToSave(settings, ctx)]
  if (settings.databases !== undefined) return settings.databases
  await requireSight(client, nameOf(settings))
  const found = await listDatabases(client)
  return found.map(({ name }) => name).filter((name) => !isExcepted(settings, name))
}

/** Rejects with SOURCE_DATABASE_UNKNOWN, or with SOURCE_RIGHTS_MISSING when the server will not say whether there is one. */
async function describeAll(
  client: MysqlClient,
  names: readonly string[],
  settings: MysqlSettings,
): Promise<DatabaseDescription[]> {
  const databases: DatabaseDescription[] = []
  for (const name of names) {
    const database = await describeDatabase(client, name)
    if (database === null) throw await whyUnseen(client, name, settings)
    databases.push(database)
  }
  return databases
}

async function whyUnseen(client: MysqlClient, name: string, settings: MysqlSettings): Promise<CodedError> {
  try {
    await client.rows('SHOW TABLES FROM ??', [name])
  } catch (thrown) {
    const coded = mysqlError(thrown, settings, name)
    if (coded !== null) return coded
  }
  return new CodedError('SOURCE_DATABASE_UNKNOWN', { database: name })
}

const namesOf = (databases: readonly DatabaseDescription[]) => databases.map(({ name }) => name)

async function allWarnings(
  client: MysqlClient,
  databases: readonly DatabaseDescription[],
  settings: MysqlSettings,
): Promise<string[]> {
  const transactional = await transactionalEngines(client)
  return databases.flatMap((database) =>
    warningsOf(database, ignoredIn(database, settings.ignoredTables), transactional),
  )
}

/** A table that is named to be left out and does not exist is more likely misspelt than wished for. */
function unmatched(databases: readonly DatabaseDescription[], settings: MysqlSettings): string[] {
  const left = (settings.ignoredTables ?? []).filter((table) =>
    databases.every((db) => ignoredIn(db, [table]).length === 0),
  )
  return left.length === 0 ? [] : [`There are no such tables to leave out: ${left.join(', ')}.`]
}
