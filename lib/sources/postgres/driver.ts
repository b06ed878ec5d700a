import { libpqDatabase } from '../connections/postgres.ts'
import { type DriverContext, databasePart, type SourceCopy, type SourceDriver } from '../driver.ts'
import { byHand } from './by-hand.ts'
import { beginCounting } from './counting.ts'
import { chosenDatabases, databasesOn } from './databases.ts'
import { programCopy } from './dump.ts'
import { openGlobals } from './globals.ts'
import { newPlace } from './new-place.ts'
import { probe } from './probe.ts'
import { restoreArchive } from './restore.ts'
import { restoreGlobals } from './restore-globals.ts'
import { requireRights } from './rights.ts'
import { openScratch } from './scratch.ts'
import {
  connectionTo,
  databaseOfPlace,
  databaseToSave,
  GLOBALS,
  type PostgresSettings,
  postgresSettings,
  serverSettings,
} from './settings.ts'
import { countSelected, databaseName, surveyDatabase } from './survey.ts'
import { bestTool } from './tools.ts'

/**
 * Databases by pg_dump, a run each, in its custom format without compression: selective to restore, possible to check, and
 * good to deduplicate. Roles and tablespaces belong to the server: pg_dumpall saves them where all databases are.
 */
export const postgresDriver: SourceDriver<PostgresSettings> = {
  kind: 'postgres',
  type: 'DATABASE',
  title: 'PostgreSQL',
  settings: postgresSettings,
  secretFields: ['password'],
  byHand,
  serverFields: ['host', 'port'],

  discovery: {
    settings: serverSettings,
    field: 'database',
    listField: 'databases',
    find: async (server, ctx) => {
      const { databases } = await databasesOn(serverSettings.parse(server), ctx)
      return databases.map(({ name, bytes }) => ({ name, bytes }))
    },
  },

  probe,

  async parts(settings, ctx) {
    if (settings.database !== undefined) return null
    const { databases, warnings } = await chosenDatabases(settings, ctx)
    for (const warning of warnings) ctx.log('warning', warning)
    const parts = databases.map(({ name }) => ({ key: databasePart(name), name }))
    const isServer = settings.allDatabases && parts.length > 0
    return isServer ? [...parts, { key: GLOBALS, name: 'roles and tablespaces' }] : parts
  },

  open: (settings, ctx) =>
    settings.allDatabases && ctx.part === GLOBALS ? openGlobals(settings, ctx) : openDatabase(settings, ctx),

  restore: (settings, folder, ctx) =>
    ctx.part === GLOBALS ? restoreGlobals(settings, folder, ctx) : restoreArchive(settings, folder, ctx),

  openScratch,
  newPlace,

  async inspect(settings, ctx) {
    if (ctx.part === GLOBALS) return { tables: null, files: null, bytes: null }
    const tables = await countSelected(connectionTo(settings, databaseOfPlace(settings, ctx)), settings, ctx)
    return { tables, files: null, bytes: null } // the size on disk depends on history, not on content
  },
}

/** Looks first, so that a refusal has a name: pg_dump itself has one exit code for everything. */
async function openDatabase(settings: PostgresSettings, ctx: DriverContext): Promise<SourceCopy> {
  const connection = connectionTo(settings, databaseToSave(settings, ctx))
  const { server, selected, rows, rights, warnings } = await surveyDatabase(connection, settings, ctx)
  const tool = await bestTool('pg_dump', server.major, ctx)
  requireRights(databaseName(connection), rights)
  for (const warning of warnings) ctx.log('warning', warning)
  ctx.log('info', `pg_dump ${tool.version} (${tool.command}) for PostgreSQL ${server.version}`)
  const database = `--dbname=${libpqDatabase(connection.database)}`
  const counting = settings.countRows ? await beginCounting(connection, settings, ctx) : null
  try {
    const snapshot = counting === null ? [] : [`--snapshot=${counting.snapshot}`]
    const args = ['--format=custom', '--compress=0', ...snapshot, ...selected.args, database]
    const copy = await programCopy(tool, args, connection, `${connection.database.replaceAll('/', '_')}.dump`, ctx)
    return {
      ...copy,
      ...(rows !== null && { rows }),
      tables: async () => (await counting?.finish()) ?? null,
      close: () => Promise.all([counting?.close(), copy.close()]).then(() => {}),
    }
  } catch (thrown) {
    await counting?.close()
    throw thrown
  }
}
