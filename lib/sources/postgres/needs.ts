import type { Client } from 'pg'
import { CodedError } from '#lib/errors/coded-error.ts'
import { type PostgresConnection, withPostgres } from '../connections/postgres.ts'
import type { DriverContext } from '../driver.ts'
import { print } from './create-database.ts'
import { splitStatements } from './statements.ts'
import type { FoundTool } from './tools.ts'

/** As `pg_restore --list` shows an extension: its name is the first group. */
export const EXTENSION = /^\d+; \d+ \d+ EXTENSION - (.+) $/
const OWNER = /^ALTER [\s\S]* OWNER TO ("(?:[^"]|"")+"|[^\s"]+)$/

/** Of the lines of a table of contents. */
export const extensionsIn = (contents: readonly string[]): string[] =>
  contents.map((line) => EXTENSION.exec(line)?.[1]).filter((name) => name !== undefined)

/** Those of `wanted` that the server could not make. */
export async function missingExtensions(client: Client, wanted: readonly string[]): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>('SELECT name FROM pg_available_extensions')
  const available = new Set(rows.map(({ name }) => name))
  return wanted.filter((name) => !available.has(name))
}

/** Before anything is changed: rejects with RESTORE_SERVER_LACKS where owners or extensions of the archive are not on the server. */
export async function requireWhatItNeeds(
  tool: FoundTool,
  archive: string,
  server: PostgresConnection,
  ctx: DriverContext,
): Promise<void> {
  const extensions = extensionsIn(await print(tool, ['--list', archive], ctx))
  const owners = ctx.withoutOwners ? [] : await ownersIn(tool, archive, ctx)
  const lacks = await withPostgres(server, ctx, async (client) => {
    const { rows } = await client.query<{ name: string }>('SELECT rolname AS name FROM pg_roles')
    const roles = new Set(rows.map(({ name }) => name))
    return [
      ...owners.filter((name) => !roles.has(name)).map((name) => `the role “${name}”`),
      ...(await missingExtensions(client, extensions)).map((name) => `the extension “${name}”`),
    ]
  })
  if (lacks.length > 0) throw new CodedError('RESTORE_SERVER_LACKS', { lacks })
}

async function ownersIn(tool: FoundTool, archive: string, ctx: DriverContext): Promise<string[]> {
  const sql = (await print(tool, ['--schema-only', '--file=-', archive], ctx)).join('\n')
  const names = splitStatements(sql).flatMap((statement) => OWNER.exec(statement)?.[1] ?? [])
  return [...new Set(names.map((name) => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name)))]
}
