import { relative } from 'node:path'
import { countEachSqlite } from '../connections/sqlite.ts'
import type { DriverContext } from '../driver.ts'
import { baseOf } from './pattern.ts'

export interface CountedFile {
  path: string
  /** Before the names of its tables. */
  prefix: string
}

/** With a pattern, tables are called by the file's path below the pattern's fixed part: "shop/data.db: orders". */
export const prefixOf = (pattern: string, path: string): string => `${relative(baseOf(pattern), path)}: `

/** Rows per table of all files. */
export async function countAll(files: readonly CountedFile[], ctx: Pick<DriverContext, 'signal'>) {
  const counts = await countEachSqlite(
    files.map(({ path }) => path),
    ctx,
  )
  const named = counts.flatMap((tables, i) =>
    Object.entries(tables).map(([table, rows]) => [`${files[i]?.prefix}${table}`, rows] as const),
  )
  return Object.fromEntries(named)
}
