import type { PostgresConnection } from '../connections/postgres.ts'
import type { DriverContext } from '../driver.ts'
import type { Manifest } from './manifest.ts'
import { readFromPostgres } from './read-postgres.ts'
import { readFromSqlite } from './read-sqlite.ts'
import type { Person, Reading } from './reading.ts'
import { allOf, type Selection } from './selections.ts'
import type { UserDataSettings } from './settings.ts'
import { ExportWriter } from './write-export.ts'

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
export async function exportAll(settings: UserDataSettings, ctx: DriverContext): Promise<Manifest> {
  const { spreadsheetSafe } = settings
  const manifest: Manifest = { snapshotAt: '', kind: settings.connection.kind, spreadsheetSafe, exports: [] }
  let writer: ExportWriter | null = null
  let written = 0
  try {
    await readSelections(settings, allOf(settings), null, ctx, {
      begin: (snapshotAt) => {
        manifest.snapshotAt = snapshotAt
      },
      open: (selection, columns) => {
        writer = new ExportWriter(ctx.scratch, selection, columns, spreadsheetSafe)
      },
      rows: async (rows) => {
        written += await (writer as ExportWriter).rows(rows)
        ctx.progress(written)
      },
      close: async (_rows, columns) => {
        manifest.exports.push(await (writer as ExportWriter).end(columns))
      },
    })
  } catch (thrown) {
    ;(writer as ExportWriter | null)?.abandon()
    throw thrown
  }
  return manifest
}
