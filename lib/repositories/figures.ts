import type { Database } from '#lib/database/database.ts'
import type { RepositoryFigures } from '#prisma/client/client.ts'

const DAY_MS = 24 * 60 * 60_000

/** The figures of the last days, oldest first: the newest of each day (UTC). */
export async function figuresOfDays(prisma: Database, repositoryId: string, since: Date): Promise<RepositoryFigures[]> {
  const rows = await prisma.repositoryFigures.findMany({
    where: { repositoryId, at: { gte: since } },
    orderBy: { at: 'asc' },
  })
  return [...new Map(rows.map((row) => [Math.floor(row.at.getTime() / DAY_MS), row])).values()]
}

type Sizes = Pick<RepositoryFigures, 'restoreBytes' | 'uncompressedBytes' | 'storedBytes'>

/**
 * How many times the data would be there if each snapshot had its own: the size of all snapshots as if each were restored
 * (`restic stats --mode restore-size`) by the size of each piece of data once (`total_uncompressed_size` of `--mode
 * raw-data`). Folders and names are in the latter alone, so that it can be below 1. Null when nothing is stored.
 */
export function deduplicationRatio({ restoreBytes, uncompressedBytes }: Sizes): number | null {
  return uncompressedBytes === 0n ? null : Number(restoreBytes) / Number(uncompressedBytes)
}

/**
 * How many times smaller compression makes it: `total_uncompressed_size` by `total_size` of `restic stats --mode raw-data`,
 * which is restic's own `compression_ratio`. Null when nothing is stored.
 */
export function compressionRatio({ uncompressedBytes, storedBytes }: Sizes): number | null {
  return storedBytes === 0n ? null : Number(uncompressedBytes) / Number(storedBytes)
}
