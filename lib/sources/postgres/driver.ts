import { CodedError } from '#lib/errors/coded-error.ts'
import { type DriverContext, databaseOfPart, type SourceDriver } from '../driver.ts'
import { programCopy } from './dump.ts'
import { restoreArchive } from './restore.ts'
import { requireRights } from './rights.ts'
import { type PostgresSettings, postgresSettings } from './settings.ts'
import { countSelected, databaseName, surveyDatabase } from './survey.ts'
import { bestTool } from './tools.ts'

/**
 * One PostgreSQL database by pg_dump, in its custom format without compression: selective to restore, possible to check,
 * and good to deduplicate. Roles and tablespaces belong to the server and are not in it.
 */
export const postgresDriver: SourceDriver<PostgresSettings> = {
  kind: 'postgres',
  type: 'DATABASE',
  title: 'PostgreSQL',
  settings: postgresSettings,
  secretFields: ['password'],

  async probe(settings, ctx) {
    const { server, tables, bytes, rights, warnings } = await surveyDatabase(settings, settings, ctx)
    const tool = await bestTool('pg_dump', server.major, ctx)
    requireRights(databaseName(settings), rights)
    return {
      summary: `PostgreSQL ${server.version}, ${tables} tables, pg_dump ${tool.version}`,
      bytes,
      tool: { name: 'pg_dump', version: tool.version },
      warnings,
    }
  },

  /** Looks first, so that a refusal has a name: pg_dump itself has one exit code for everything. */
  async open(given, ctx) {
    const settings = inPart(given, ctx)
    const { server, selected, rights, warnings } = await surveyDatabase(settings, settings, ctx)
    const tool = await bestTool('pg_dump', server.major, ctx)
    requireRights(databaseName(settings), rights)
    for (const warning of warnings) ctx.log('warning', warning)
    ctx.log('info', `pg_dump ${tool.version} (${tool.command}) for PostgreSQL ${server.version}`)
    const filename = `${settings.database.replaceAll('/', '_')}.dump`
    return programCopy(tool, ['--format=custom', '--compress=0', ...selected.args], settings, filename, ctx)
  },

  restore: (settings, folder, ctx) => restoreArchive(inPart(settings, ctx), folder, ctx),

  async inspect(given, ctx) {
    const settings = inPart(given, ctx)
    const tables = await countSelected(settings, settings, ctx)
    return { tables, files: null, bytes: null } // the size on disk depends on history, not on content
  },
}

/** The settings with the database that the run is about. */
function inPart(settings: PostgresSettings, ctx: DriverContext): PostgresSettings {
  const database = databaseOfPart(ctx.part)
  if (database === null && ctx.part !== '') throw new CodedError('SOURCE_PART_UNKNOWN', { part: ctx.part })
  return database === null ? settings : { ...settings, database }
}
