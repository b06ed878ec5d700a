import { createHash } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database } from '#lib/database/database.ts'

/**
 * The folders below DATA_DIR that a run works in: scratch/<source>[-<part>], empty at its beginning and removed at its end,
 * and kept/<source>[-<part>], which stays for the next run. Fixed per source and part, so that what is in them has the same
 * path in every snapshot.
 */
export async function openFolders(
  dataDir: string,
  sourceId: string,
  part: string,
): Promise<{ scratch: string; kept: string }> {
  const name = part === '' ? sourceId : `${sourceId}-${createHash('sha256').update(part).digest('hex').slice(0, 16)}`
  const scratch = join(dataDir, 'scratch', name)
  await rm(scratch, { recursive: true, force: true })
  await mkdir(scratch, { recursive: true, mode: 0o700 })
  return { scratch, kept: join(dataDir, 'kept', name) }
}

/** Removes what was kept for sources that have been deleted since. */
export async function removeKeptOfDeleted(prisma: Database, dataDir: string): Promise<void> {
  const folders = await readdir(join(dataDir, 'kept')).catch(() => [])
  if (folders.length === 0) return
  const sources = await prisma.source.findMany({ where: { deletedAt: null }, select: { id: true } })
  const living = new Set(sources.map(({ id }) => id))
  for (const folder of folders)
    if (!living.has(folder.slice(0, UUID_LENGTH)))
      await rm(join(dataDir, 'kept', folder), { recursive: true, force: true })
}

const UUID_LENGTH = 36
