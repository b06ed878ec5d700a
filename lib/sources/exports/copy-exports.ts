import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { DriverContext, Inventory } from '../driver.ts'
import { requireInside } from '../storage-roots.ts'
import { MANIFEST, type Manifest } from './manifest.ts'

/** Puts exports that were checked below `target`, which has to lie in a folder that is allowed. */
export async function copyExports(from: string, manifest: Manifest, target: string, ctx: DriverContext): Promise<void> {
  await requireInside(target, [...ctx.storageRoots, ctx.scratch])
  await mkdir(target, { recursive: true })
  // The manifest last, as when it was made.
  const files = [...manifest.exports.flatMap((one) => [one.csv.file, one.ndjson.file]), MANIFEST]
  for (const file of files) {
    ctx.signal.throwIfAborted()
    await copyFile(join(from, file), join(target, file))
  }
}

/** Rows per export; the manifest's own size differs by the time in it and is left out. */
export function inventoryOf(manifest: Manifest): Inventory {
  const tables = Object.fromEntries(manifest.exports.map((one) => [one.name, one.rows]))
  const bytes = manifest.exports.reduce((sum, one) => sum + one.csv.bytes + one.ndjson.bytes, 0)
  return { tables, files: manifest.exports.length * 2 + 1, bytes }
}
