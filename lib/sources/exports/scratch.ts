import type { DriverContext } from '../driver.ts'
import type { ScratchPlace } from '../scratch-place.ts'
import { inventoryOf } from './copy-exports.ts'
import { type Manifest, verifyExports } from './manifest.ts'

/** Exports are read where restic put them: their manifest says what each file and table must be. */
export async function openScratch(ctx: DriverContext): Promise<ScratchPlace> {
  let manifest: Manifest | undefined
  return {
    title: 'the exported files',
    async load(folder) {
      manifest = (await verifyExports(folder, ctx.signal)).manifest
      return {
        summary: `${manifest.exports.length} exports of ${manifest.snapshotAt} read`,
        inventory: { ...inventoryOf(manifest), bytes: null },
      }
    },
    check: async () =>
      (manifest?.exports ?? []).map(({ name }) => ({
        what: `size, SHA-256 and number of rows of “${name}” against the manifest`,
        problem: null, // `load` rejects where there is one
      })),
    close: async () => {},
  }
}

/** Rows per export, for the inventory of a backup. */
export const tablesOf = ({ exports }: Manifest): Record<string, number> =>
  Object.fromEntries(exports.map(({ name, rows }) => [name, rows]))
