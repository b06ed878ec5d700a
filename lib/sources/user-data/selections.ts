import { quoted, quotedTable, type Selection } from '../exports/selection.ts'
import type { UserDataSettings } from './settings.ts'
import { bindable, type Dialect } from './sql-text.ts'

/** Everything, as a backup takes it. */
export function allOf({ connection: { kind }, exports }: UserDataSettings): Selection[] {
  return exports.map((one) => ({
    name: one.name,
    table: 'table' in one ? one.table : null,
    sql: `SELECT q.* FROM ${fromClause(one, kind)} AS q`,
    want: 'both',
  }))
}

/**
 * What belongs to one person, whose id is the statement's only parameter; and the names of the exports for which the
 * settings do not say what belongs to whom.
 */
export function ofPerson({ connection: { kind }, exports }: UserDataSettings): {
  selections: Omit<Selection, 'want'>[]
  leftOut: string[]
} {
  const selections: Omit<Selection, 'want'>[] = []
  const leftOut: string[] = []
  for (const one of exports) {
    const base = { name: one.name, table: 'table' in one ? one.table : null }
    if (one.personQuery !== undefined)
      selections.push({ ...base, sql: `SELECT q.* FROM (\n${bindable(one.personQuery, kind)}\n) AS q` })
    else if (one.personColumn !== undefined)
      selections.push({
        ...base,
        sql: `SELECT q.* FROM ${fromClause(one, kind)} AS q WHERE ${isThePerson(quoted(one.personColumn), kind)}`,
      })
    else leftOut.push(one.name)
  }
  return { selections, leftOut }
}

/** SQLite takes '042' for 42 where the column is of numbers; the files of {userId} would then be another's, or missed. */
function isThePerson(column: string, kind: Dialect): string {
  return kind === 'postgres' ? `q.${column} = $1` : `q.${column} = :userId AND CAST(q.${column} AS TEXT) = :userId`
}

/** A query stands in parentheses of its own lines, so that a comment at its end ends there. */
function fromClause(one: { table: string } | { query: string }, kind: Dialect): string {
  return 'query' in one ? `(\n${one.query}\n)` : quotedTable(one.table, kind)
}
