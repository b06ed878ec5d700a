/** One SELECT of an export. */
export interface Selection {
  /** Of the export. */
  name: string
  /** The table as the settings name it; null for a query. */
  table: string | null
  sql: string
  /** Which of the two forms its rows are wanted in. */
  want: 'csv' | 'ndjson' | 'both'
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** A table's name as the settings write it, quoted for SQL. */
export function quotedTable(table: string, kind: 'postgres' | 'sqlite'): string {
  const dot = kind === 'postgres' ? table.indexOf('.') : -1
  return dot > 0 ? `${quoted(table.slice(0, dot))}.${quoted(table.slice(dot + 1))}` : quoted(table)
}
