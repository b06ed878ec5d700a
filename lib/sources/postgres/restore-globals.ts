import { readFile } from 'node:fs/promises'
import type { Client } from 'pg'
import { CodedError } from '#lib/errors/coded-error.ts'
import { withPostgres } from '../connections/postgres.ts'
import { codeOf } from '../connections/postgres-errors.ts'
import type { DriverContext, RestoreReceipt } from '../driver.ts'
import { theOnlyFile } from '../restored-folder.ts'
import { connectionTo, type PostgresSettings } from './settings.ts'
import { splitStatements } from './statements.ts'

const WHAT = 'the roles of the PostgreSQL server'
/** The end of what pg_dumpall writes. */
const COMPLETE = '-- PostgreSQL database cluster dump complete\n--'

const NAME = String.raw`("(?:[^"]|"")+"|[^\s";,]+)`
/** The role that a statement of pg_dumpall makes or changes: the first group. */
const ABOUT_ROLE = [
  new RegExp(`^CREATE ROLE ${NAME}$`),
  new RegExp(`^ALTER ROLE ${NAME} (?:WITH|SET) `),
  new RegExp(`^COMMENT ON ROLE ${NAME} IS `),
  new RegExp(`^GRANT (?:SET|ALTER SYSTEM)[A-Z, ]* ON PARAMETER ${NAME} TO (?<to>${NAME})`),
  new RegExp(`^GRANT ${NAME} TO (?<to>${NAME})`),
]
const GRANTED_BY = new RegExp(` GRANTED BY ${NAME}$`)
const INSUFFICIENT_PRIVILEGE = '42501'
const TABLESPACE = new RegExp(`^CREATE TABLESPACE ${NAME} `)

/**
 * Makes the roles that the server does not have, with their passwords, memberships and settings, in one transaction. Roles
 * that exist stay as they are and nothing is ever removed. Tablespaces need a folder on the server and are left to people.
 */
export async function restoreGlobals(s: PostgresSettings, folder: string, ctx: DriverContext): Promise<RestoreReceipt> {
  const text = await readFile(await theOnlyFile(folder, WHAT), 'utf8')
  if (!text.trimEnd().endsWith(COMPLETE))
    throw new CodedError('RESTORE_CONTENT_WRONG', { what: WHAT, reason: 'its end is missing' })
  const statements = splitStatements(text)
  const tablespaces = statements.map((one) => TABLESPACE.exec(one)?.[1]).filter((one) => one !== undefined)
  const { made, kept } = await withPostgres(connectionTo(s, s.maintenanceDatabase), ctx, (client) =>
    makeMissing(client, statements),
  )
  const summary = [
    made.length === 0 ? 'No role was missing' : `${made.length} roles made: ${made.join(', ')}`,
    `${kept} that exist are as they were`,
    ...(tablespaces.length === 0 ? [] : [`tablespaces are left to you: ${tablespaces.join(', ')}`]),
  ].join('; ')
  return { summary, inventory: { tables: null, files: null, bytes: null } }
}

async function makeMissing(client: Client, statements: readonly string[]): Promise<{ made: string[]; kept: number }> {
  await client.query('BEGIN')
  const { rows } = await client.query<{ name: string }>('SELECT rolname AS name FROM pg_roles')
  const existing = new Set(rows.map((row) => row.name))
  const saved = statements.map((one) => ABOUT_ROLE[0]?.exec(one)?.[1]).filter((one) => one !== undefined)
  const missing = saved.map(unquoted).filter((name) => !existing.has(name))
  for (const statement of statements) {
    const role = roleOf(statement)
    if (role === null || !missing.includes(role)) continue
    await run(client, statement).catch((thrown: unknown) => {
      const exit = codeOf(thrown)
      if (exit === '') throw thrown // the connection broke
      const reason = `“${role}”: ${(thrown as Error).message}`
      throw new CodedError('RESTORE_TOOL_FAILED', { tool: 'The restore of roles', exit, reason }, { cause: thrown })
    })
  }
  await client.query('COMMIT')
  return { made: missing, kept: saved.length - missing.length }
}

/**
 * From PostgreSQL 16 on, only the first superuser of a server may grant in the name of another that has no ADMIN OPTION, and it may
 * have had another name on the server that was saved. The membership is what counts: then it is ours to grant.
 */
async function run(client: Client, statement: string): Promise<void> {
  if (!GRANTED_BY.test(statement)) {
    await client.query(statement)
    return
  }
  await client.query('SAVEPOINT before_grant')
  try {
    await client.query(statement)
  } catch (thrown) {
    if (codeOf(thrown) !== INSUFFICIENT_PRIVILEGE) throw thrown
    await client.query('ROLLBACK TO SAVEPOINT before_grant')
    await client.query(statement.replace(GRANTED_BY, ''))
  }
}

function roleOf(statement: string): string | null {
  for (const form of ABOUT_ROLE) {
    const found = form.exec(statement)
    if (found) return unquoted(found.groups?.to ?? (found[1] as string))
  }
  return null
}

const unquoted = (name: string): string => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name)
