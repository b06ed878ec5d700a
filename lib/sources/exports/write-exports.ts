import type { DriverContext } from '../driver.ts'
import type { Manifest } from './manifest.ts'
import type { Reading } from './reading.ts'
import { ExportWriter } from './write-export.ts'

/**
 * Writes what `read` reads into the scratch folder, each selection as two files. Resolves to the manifest, which is the
 * caller's to write, last.
 */
export async function writeExports(
  read: (reading: Reading) => Promise<void>,
  { kind, spreadsheetSafe }: Required<Pick<Manifest, 'kind' | 'spreadsheetSafe'>>,
  ctx: Pick<DriverContext, 'scratch' | 'progress'>,
): Promise<Manifest> {
  const manifest: Manifest = { snapshotAt: '', kind, spreadsheetSafe, exports: [] }
  let writer: ExportWriter | null = null
  let written = 0
  try {
    await read({
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
