import type { TableCounts } from '#lib/sources/driver.ts'
import type { Finding } from '#lib/sources/scratch-place.ts'

const SHOWN = 10

/** Rows of each table as they were saved against those that were restored. */
export function compareTables(saved: TableCounts | null, restored: Record<string, number> | null): Finding[] {
  if (restored === null) return []
  const total = Object.values(restored).reduce((sum, rows) => sum + rows, 0)
  const found = `${count(Object.keys(restored).length, 'table')} with ${count(total, 'row')}`
  if (saved === null)
    return [{ what: `${found}; nothing was counted at the backup to compare them with`, problem: null }]
  const isCounted = Object.values(saved).every((rows) => rows !== null)
  const problems = [
    ...Object.entries(saved).flatMap(([table, rows]) => {
      const is = restored[table]
      if (is === undefined) return [`${table} is missing.`]
      return rows === null || rows === is ? [] : [`${table}: ${count(is, 'row')} restored, and ${rows} saved.`]
    }),
    // A list that was made before the copy need not have the tables that were made in between.
    ...(isCounted
      ? Object.keys(restored).flatMap((table) => (table in saved ? [] : [`${table} was not there when it was saved.`]))
      : []),
  ]
  const more = problems.length > SHOWN ? ` And ${problems.length - SHOWN} more.` : ''
  const how = isCounted ? 'as counted at the moment of the backup' : 'of which the backup knows the names alone'
  return [
    { what: `${found}, ${how}`, problem: problems.length === 0 ? null : problems.slice(0, SHOWN).join(' ') + more },
  ]
}

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`
