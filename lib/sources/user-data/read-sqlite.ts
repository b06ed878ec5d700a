import { CodedError } from '#lib/errors/coded-error.ts'
import { askSqliteProgram, requireSqliteFile, type SqliteConnection } from '../connections/sqlite.ts'
import type { DriverContext } from '../driver.ts'
import type { Column } from '../exports/manifest.ts'
import type { Person, Reading } from '../exports/reading.ts'
import type { Selection } from '../exports/selection.ts'
import type { ReadLine, ReadRequest } from './sqlite-read-child.ts'

/** Reads every selection in one read transaction, in a child process. */
export async function readFromSqlite(
  { path }: SqliteConnection,
  selections: readonly Selection[],
  person: Person,
  ctx: Pick<DriverContext, 'signal'>,
  reading: Reading,
): Promise<void> {
  await requireSqliteFile(path)
  const request: ReadRequest = {
    command: 'read',
    path,
    selections: selections.map(({ name, sql, want }) => ({ name, sql, want })),
    person,
  }
  let columns: Column[] = []
  let taken = 0
  const program = 'user-data/sqlite-read-child.ts'
  await askSqliteProgram<ReadLine>(program, request, ctx, async (line) => {
    if (Array.isArray(line)) {
      taken += line.length
      await reading.rows(line.map(([values, json]) => ({ values, json })))
    } else if ('snapshotAt' in line) await reading.begin(line.snapshotAt, line.found)
    else if ('opened' in line) {
      columns = line.columns
      taken = 0
      await reading.open(selections[line.opened] as Selection, columns)
    } else {
      if (taken !== line.rows) throw lost(selections[line.closed]?.name ?? '', taken, line.rows)
      const found = columns.map((column, i) => ({ ...column, storage: line.storage[i] ?? [] }))
      await reading.close(line.rows, found)
    }
  })
}

function lost(name: string, taken: number, read: number) {
  return new CodedError('SOURCE_QUERY_FAILED', { name, reason: `${read} rows were read, ${taken} arrived` })
}
