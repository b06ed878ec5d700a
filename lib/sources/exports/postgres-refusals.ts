import { CodedError } from '#lib/errors/coded-error.ts'
import type { PostgresConnection } from '../connections/postgres.ts'
import { codeOf, isSqlState, nameOf } from '../connections/postgres-errors.ts'
import { quoted, quotedTable, type Selection } from './selection.ts'

const INSUFFICIENT_PRIVILEGE = '42501'

export interface Refused {
  selection: Pick<Selection, 'name' | 'table'>
  thrown: unknown
}

/** SOURCE_RIGHTS_MISSING for the selections that the account may not read; null when none of them failed by that. */
export function rightsMissing(connection: PostgresConnection, refused: readonly Refused[]): CodedError | null {
  const closed = refused.filter(({ thrown }) => codeOf(thrown) === INSUFFICIENT_PRIVILEGE)
  if (closed.length === 0) return null
  const user = quoted(connection.user)
  const missing = closed.map(({ selection, thrown }) =>
    selection.table === null
      ? `what the query “${selection.name}” reads (${said(thrown)})`
      : `table ${selection.table} (${said(thrown)})`,
  )
  const bypass = `Where rows are hidden by row-level security: ALTER ROLE ${user} BYPASSRLS;`
  const grants = closed.map(({ selection: { table } }) => grantOf(table, user))
  return new CodedError(
    'SOURCE_RIGHTS_MISSING',
    { source: nameOf(connection), missing, grant: `${[...new Set(grants)].join(' ')} ${bypass}` },
    { cause: closed[0]?.thrown },
  )
}

function grantOf(table: string | null, user: string): string {
  if (table === null) return `GRANT SELECT on the tables of the query TO ${user};`
  const dot = table.indexOf('.')
  const usage = dot > 0 ? `GRANT USAGE ON SCHEMA ${quoted(table.slice(0, dot))} TO ${user}; ` : ''
  return `${usage}GRANT SELECT ON ${quotedTable(table, 'postgres')} TO ${user};`
}

/** What the server says about a query names the export; a lost connection does not. */
export function queryError(name: string, thrown: unknown): unknown {
  const code = codeOf(thrown)
  const isOfConnection = !isSqlState(code) || code.startsWith('08') || code.startsWith('57P')
  if (thrown instanceof CodedError || isOfConnection) return thrown
  return new CodedError('SOURCE_QUERY_FAILED', { name, reason: said(thrown) }, { cause: thrown })
}

function said(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message.replace(/\.$/, '') : String(thrown)
}
