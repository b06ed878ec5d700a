import { CodedError } from '#lib/errors/coded-error.ts'
import { askSqlite, requireSqliteFile, type SqliteConnection } from '../connections/sqlite.ts'
import type { DriverContext } from '../driver.ts'
import type { Manifest } from './manifest.ts'
import { type ExportSettings, fromClause } from './settings.ts'
import { ExportWriter } from './write-export.ts'

/** Reads every export in one read transaction, in a child process, and writes its files into the scratch folder. */
export async function exportFromSqlite(
  connection: SqliteConnection,
  exports: readonly ExportSettings[],
  ctx: DriverContext,
): Promise<Manifest> {
  await requireSqliteFile(connection.path)
  const manifest: Manifest = { snapshotAt: '', exports: [] }
  let writer: ExportWriter | null = null
  try {
    await askSqlite(
      {
        command: 'read',
        path: connection.path,
        exports: exports.map((one) => ({ name: one.name, sql: `SELECT q.* FROM ${fromClause(one, 'sqlite')}` })),
      },
      ctx,
      async (line) => {
        if (Array.isArray(line)) return (writer as ExportWriter).row(...line)
        if ('snapshotAt' in line) manifest.snapshotAt = line.snapshotAt
        if ('export' in line) writer = new ExportWriter(ctx.scratch, line.export, line.columns)
        if ('end' in line) {
          const entry = await (writer as ExportWriter).end()
          if (entry.rows !== line.rows) throw lost(entry.name, entry.rows, line.rows)
          manifest.exports.push(entry)
        }
      },
    )
  } catch (thrown) {
    ;(writer as ExportWriter | null)?.abandon()
    throw thrown
  }
  return manifest
}

function lost(name: string, written: number, read: number) {
  return new CodedError('SOURCE_QUERY_FAILED', { name, reason: `${read} rows were read, ${written} were written` })
}
