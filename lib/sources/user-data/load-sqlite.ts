import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '#lib/errors/coded-error.ts'
import { askSqliteProgram, type SqliteConnection } from '../connections/sqlite.ts'
import type { DriverContext } from '../driver.ts'
import type { ExportEntry, Manifest } from '../exports/manifest.ts'
import { noRows, type PersonColumns, type RowsLoaded, type RowsWish, wantedOf } from '../exports/rows.ts'
import type { LoadedTable, LoadLine, LoadRequest } from './sqlite-load-child.ts'

/**
 * As `loadIntoPostgres`, in a child process. A database file that is missing is made (0600), and removed again if the load
 * fails. Foreign keys are checked at the end.
 */
export async function loadIntoSqlite(
  { path }: SqliteConnection,
  folder: string,
  manifest: Manifest,
  ctx: Pick<DriverContext, 'signal' | 'progress'>,
  wish: RowsWish,
  personColumns: PersonColumns,
): Promise<RowsLoaded> {
  const isNew = await make(path)
  const { wanted, leftOut } = wantedOf(manifest.exports, personColumns)
  const total = noRows(leftOut)
  const tables = wanted.map((entry) => ({
    ...loadedTable(entry, folder, manifest.spreadsheetSafe),
    personColumn: personColumns?.get(entry.name) ?? null,
  }))
  const request: LoadRequest = { command: 'load', path, tables, wish }
  try {
    await askSqliteProgram<LoadLine>('user-data/sqlite-load-child.ts', request, ctx, (line) => {
      if ('loaded' in line) return ctx.progress(line.loaded)
      if ('keyless' in line) throw new CodedError('RESTORE_NO_KEY', { tables: line.keyless })
      if ('inserted' in line) {
        total.inserted += line.inserted
        total.replaced += line.replaced
        total.skipped += line.skipped
        return
      }
      const holds = line.holds.map((table) => `rows in table ${table}`)
      throw new CodedError('RESTORE_TARGET_NOT_EMPTY', { target: `The SQLite database ${path}`, holds })
    })
  } catch (thrown) {
    if (isNew) for (const suffix of ['', '-journal', '-wal', '-shm']) await rm(`${path}${suffix}`, { force: true })
    throw thrown
  }
  return total
}

/** CSV does not say whether 1 is a number or a text; where a column has both, NDJSON is loaded. */
function loadedTable(entry: ExportEntry, folder: string, spreadsheetSafe: boolean): Omit<LoadedTable, 'personColumn'> {
  const columns = entry.columns.map(({ name, type, storage }) => ({ name, type, storage: storage ?? [] }))
  const format = spreadsheetSafe || columns.some(({ storage }) => storage.length > 1) ? 'ndjson' : 'csv'
  const file = join(folder, entry[format].file)
  return { table: entry.table ?? entry.name, columns, file, format, rows: entry.rows }
}

async function make(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx', 0o600)).close()
    return true
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'EEXIST') return false
    throw new CodedError('PATH_NOT_FOUND', { path }, { cause })
  }
}
