import { CodedError } from '#lib/errors/coded-error.ts'
import { type MysqlClient, quoteName } from '../connections/mysql.ts'
import type { ServerDescription } from './server.ts'

/** Rights on the whole database. Without them the server shows a dump less than there is, and the dump says nothing. */
const NEEDED = ['SELECT', 'SHOW VIEW', 'TRIGGER', 'EVENT'] as const

interface Grant {
  rights: Set<string>
  /** The database as GRANT has it, with `%` and `_` as wildcards; null: every database. */
  pattern: string | null
  /** One table, routine …; null: everything in it. */
  object: string | null
  revoked: boolean
}

/**
 * Rejects with SOURCE_RIGHTS_MISSING unless the account may read all of these databases: tables that it may not read,
 * triggers and routines would be missing from a dump that ends well.
 */
export async function requireRights(
  client: MysqlClient,
  server: ServerDescription,
  source: string,
  databases: readonly string[],
): Promise<void> {
  const { account, grants } = await ownGrants(client)
  const missing: string[] = []
  const remedies = new Set<string>()
  for (const database of databases) {
    const lacking = NEEDED.filter((right) => !mayOn(grants, database, [right]))
    if (lacking.length > 0) {
      missing.push(`${lacking.join(', ')} on ${quoteName(database)}`)
      remedies.add(`GRANT ${lacking.join(', ')} ON ${quotePattern(database)}.* TO ${account};`)
    }
    if (readsAllRoutines(grants, server, database)) continue
    const hidden = mayOn(grants, database, ['EXECUTE', 'ALTER ROUTINE']) ? await hiddenRoutines(client, database) : null
    if (hidden?.length === 0) continue
    missing.push(hidden === null ? `routines of ${quoteName(database)}` : `the bodies of ${hidden.join(', ')}`)
    remedies.add(routinesRemedy(server, account))
  }
  if (missing.length > 0)
    throw new CodedError('SOURCE_RIGHTS_MISSING', { source, missing, grant: [...remedies].join(' ') })
}

/** Rejects with SOURCE_RIGHTS_MISSING unless the server shows the account every database there is, new ones included. */
export async function requireSight(client: MysqlClient, source: string): Promise<void> {
  const { account, grants } = await ownGrants(client)
  const seesAll = ['SHOW DATABASES', 'SELECT', 'ALL PRIVILEGES']
  if (grants.some((g) => !g.revoked && g.pattern === null && seesAll.some((right) => g.rights.has(right)))) return
  const grant = `GRANT SHOW DATABASES ON *.* TO ${account};`
  throw new CodedError('SOURCE_RIGHTS_MISSING', { source, missing: ['the list of all databases'], grant })
}

async function ownGrants(client: MysqlClient): Promise<{ account: string; grants: Grant[] }> {
  const [me] = await client.rows<{ account: string }>('SELECT CURRENT_USER() AS account')
  const lines = await client.rows<Record<string, string>>('SHOW GRANTS')
  return {
    account: quotedAccount(me?.account ?? ''),
    grants: lines.flatMap((line) => parseGrant(Object.values(line)[0] ?? '')),
  }
}

function routinesRemedy(server: ServerDescription, account: string): string {
  return hasRoutineTable(server)
    ? `GRANT SELECT ON \`mysql\`.\`proc\` TO ${account};`
    : `GRANT SHOW_ROUTINE ON *.* TO ${account};`
}

/** MariaDB and MySQL before 8 keep routines in a table of their own. */
const hasRoutineTable = (server: ServerDescription): boolean => server.family === 'MariaDB' || server.major < 8

function readsAllRoutines(grants: Grant[], server: ServerDescription, database: string): boolean {
  if (mayOn(grants, database, ['SHOW CREATE ROUTINE'])) return true // MariaDB from 11.3
  if (hasRoutineTable(server)) return mayOn(grants, 'mysql', ['SELECT'], 'proc')
  return grants.some(
    (g) => !g.revoked && g.pattern === null && (g.rights.has('SHOW_ROUTINE') || g.rights.has('SELECT')),
  )
}

/** Routines that are shown with their names but not with what they do. */
async function hiddenRoutines(client: MysqlClient, database: string): Promise<string[]> {
  const rows = await client.rows<{ name: string }>(
    `SELECT ROUTINE_NAME AS name FROM information_schema.ROUTINES
     WHERE ROUTINE_SCHEMA = ? AND ROUTINE_DEFINITION IS NULL ORDER BY ROUTINE_NAME`,
    [database],
  )
  return rows.map(({ name }) => `${quoteName(database)}.${quoteName(name)}`)
}

/** Whether one of these rights is given on the whole database, or on that one object of it. */
function mayOn(grants: readonly Grant[], database: string, rights: readonly string[], object: string | null = null) {
  return rights.some((right) => {
    const has = (g: Grant) => g.rights.has(right) || g.rights.has('ALL PRIVILEGES')
    const matching = grants.filter((g) => has(g) && (g.object === null || g.object === object))
    const revoked = matching.some((g) => g.revoked && g.pattern === database) // MySQL's partial revokes name a database
    return matching.some((g) => !g.revoked && (g.pattern === null ? !revoked : matchesPattern(database, g.pattern)))
  })
}

/** One line of SHOW GRANTS; empty for what gives no rights on anything, such as roles. */
export function parseGrant(line: string): Grant[] {
  const part = '`(?:[^`]|``)*`|\\*'
  const form = new RegExp(
    `^(GRANT|REVOKE) (.+?) ON (?:TABLE |FUNCTION |PROCEDURE |PACKAGE BODY |PACKAGE )?(${part})\\.(${part}) (?:TO|FROM) `,
  )
  const [, verb, list, database, object] = form.exec(line) ?? []
  if (verb === undefined || list === undefined || database === undefined || object === undefined) return []
  // "SELECT (a, b)" is a right on columns, which is not enough for anything here.
  const rights = list.replaceAll(/[A-Z ]+ \([^)]*\)/g, '').split(',')
  return [
    {
      rights: new Set(rights.map((right) => right.trim()).filter(Boolean)),
      pattern: database === '*' ? null : unquoted(database),
      object: object === '*' ? null : unquoted(object),
      revoked: verb === 'REVOKE',
    },
  ]
}

function matchesPattern(database: string, pattern: string): boolean {
  const parts = pattern.match(/\\[\s\S]|[\s\S]/gu) ?? []
  const regex = parts.map((part) => {
    if (part === '%') return '[\\s\\S]*'
    if (part === '_') return '[\\s\\S]'
    return (part === '\\%' || part === '\\_' ? part.slice(1) : part).replaceAll(/[\^$.*+?()[\]{}|/\\]/g, '\\$&')
  })
  return database === pattern || new RegExp(`^${regex.join('')}$`, 'u').test(database)
}

const unquoted = (name: string): string => name.slice(1, -1).replaceAll('``', '`')

/** A database in GRANT, where `%` and `_` are wildcards unless they are escaped. */
const quotePattern = (database: string): string => quoteName(database.replaceAll(/[%_]/g, '\\$&'))

/** "backup@10.0.0.%" as SQL. The host has no @; a user may have one. */
function quotedAccount(account: string): string {
  const at = account.lastIndexOf('@')
  const quoted = (text: string) => `'${text.replaceAll(/['\\]/g, '\\$&')}'`
  return `${quoted(account.slice(0, at))}@${quoted(account.slice(at + 1))}`
}
