import { CodedError } from '#lib/errors/coded-error.ts'
import { nameOf } from '../connections/postgres-errors.ts'
import type { DriverContext, SourceProbe } from '../driver.ts'
import { chosenDatabases, type DatabaseOnServer } from './databases.ts'
import { NO_PASSWORDS, readsPasswords } from './globals.ts'
import { joinRights, type MissingRights, requireRights } from './rights.ts'
import { connectionTo, type PostgresSettings } from './settings.ts'
import { databaseName, type Survey, surveyDatabase } from './survey.ts'
import { bestTool } from './tools.ts'

/** Every database that the settings choose, looked at as its backup would. */
export async function probe(settings: PostgresSettings, ctx: DriverContext): Promise<SourceProbe> {
  const { databases, warnings } = await chosenDatabases(settings, ctx)
  if (databases.length === 0) throw new CodedError('SOURCE_EMPTY', { source: nameOf(settings) })
  const closed = databases.filter((one) => !one.mayConnect)
  const surveys: { database: string; survey: Survey }[] = []
  for (const { name } of databases.filter((one) => one.mayConnect))
    surveys.push({ database: name, survey: await surveyDatabase(connectionTo(settings, name), settings, ctx) })
  requireAllRights(settings, closed, surveys)

  const { server } = (surveys[0] as (typeof surveys)[number]).survey // none is closed, so there is one
  const tool = await bestTool('pg_dump', server.major, ctx)
  if (settings.allDatabases) {
    await bestTool('pg_dumpall', server.major, ctx)
    if (!(await readsPasswords(settings, ctx))) warnings.push(NO_PASSWORDS)
  }
  const isOne = settings.database !== undefined
  for (const { database, survey } of surveys)
    warnings.push(...survey.warnings.map((warning) => (isOne ? warning : `${database}: ${warning}`)))
  const sum = (figure: (survey: Survey) => number) => surveys.reduce((n, { survey }) => n + figure(survey), 0)
  const counted = `${isOne ? '' : `${surveys.length} databases, `}${sum((one) => one.tables)} tables`
  return {
    summary: `PostgreSQL ${server.version}, ${counted}, pg_dump ${tool.version}`,
    bytes: sum((one) => one.bytes),
    tool: { name: 'pg_dump', version: tool.version },
    warnings,
  }
}

function requireAllRights(
  settings: PostgresSettings,
  closed: readonly DatabaseOnServer[],
  surveys: readonly { database: string; survey: Survey }[],
): void {
  const { database } = settings
  if (database !== undefined)
    for (const { survey } of surveys) requireRights(databaseName(connectionTo(settings, database)), survey.rights)
  else
    requireRights(
      nameOf(settings),
      joinRights([
        ...closed.map(({ name }) => ({ database: name, rights: mayNotConnect(settings, name) })),
        ...surveys.map((one) => ({ database: one.database, rights: one.survey.rights })),
      ]),
    )
}

function mayNotConnect(settings: PostgresSettings, name: string): MissingRights {
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
  const grants = [`GRANT CONNECT ON DATABASE ${quoted(name)} TO ${quoted(settings.user)};`]
  return { missing: ['the right to connect'], grants, grantsThere: [] }
}
