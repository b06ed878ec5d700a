import type { PostgresConnection } from '../connections/postgres.ts'
import type { DriverContext } from '../driver.ts'
import type { Manifest } from '../exports/manifest.ts'
import { readFromPostgres } from '../exports/read-postgres.ts'
import type { Person, Reading } from '../exports/reading.ts'
import type { Selection } from '../exports/selection.ts'
import { writeExports } from '../exports/write-exports.ts'
import { readFromSqlite } from './read-sqlite.ts'
import { allOf } from './selections.ts'
import type { UserDataSettings } from './settings.ts'

/** Reads selections of one moment from whatever the connection is. */
export function readSelections(
  { connection }: Pick<UserDataSettings, 'connection'>,
  selections: readonly Selection[],
  person: Person,
  ctx: Pick<DriverContext, 'signal'>,
  reading: Reading,
): Promise<void> {
  return connection.kind === 'sqlite'
    ? readFromSqlite({ path: connection.path }, selections, person, ctx, reading)
    : readFromPostgres(asPostgres(connection), selections, person, ctx, reading)
}

export function asPostgres({ kind: _, ...connection }: { kind: 'postgres' } & PostgresConnection): PostgresConnection {
  return connection
}

/** Writes every export into the scratch folder as two files. The manifest is the caller's to write, last. */
export function exportAll(settings: UserDataSettings, ctx: DriverContext): Promise<Manifest> {
  const { connection, spreadsheetSafe } = settings
  const read = (reading: Reading) => readSelections(settings, allOf(settings), null, ctx, reading)
  return writeExports(read, { kind: connection.kind, spreadsheetSafe }, ctx)
}
