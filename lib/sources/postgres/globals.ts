import { libpqDatabase, withPostgres } from '../connections/postgres.ts'
import type { DriverContext, SourceCopy } from '../driver.ts'
import { programCopy } from './dump.ts'
import { describeServer } from './queries.ts'
import { connectionTo, type PostgresSettings } from './settings.ts'
import { bestTool } from './tools.ts'

export const NO_PASSWORDS = 'Roles are saved without their passwords, which the account may not read (pg_authid).'

/** Whether the account may read the roles' passwords. */
export function readsPasswords(s: PostgresSettings, ctx: DriverContext): Promise<boolean> {
  return withPostgres(connectionTo(s, s.maintenanceDatabase), ctx, async (client) => {
    const { rows } = await client.query<{ may: boolean }>(
      `SELECT has_table_privilege('pg_catalog.pg_authid', 'SELECT') AS may`,
    )
    return rows[0]?.may === true
  })
}

/** Roles, their memberships and settings, and tablespaces, as SQL by pg_dumpall. */
export async function openGlobals(s: PostgresSettings, ctx: DriverContext): Promise<SourceCopy> {
  const connection = connectionTo(s, s.maintenanceDatabase)
  const server = await withPostgres(connection, ctx, describeServer)
  const tool = await bestTool('pg_dumpall', server.major, ctx)
  ctx.log('info', `pg_dumpall ${tool.version} (${tool.command}) for PostgreSQL ${server.version}`)
  const withPasswords = await readsPasswords(s, ctx)
  if (!withPasswords) ctx.log('warning', NO_PASSWORDS)
  const args = [
    '--globals-only',
    ...(withPasswords ? [] : ['--no-role-passwords']),
    `--database=${libpqDatabase(connection.database)}`,
  ]
  return programCopy(tool, args, connection, 'globals.sql', ctx)
}
