import { LRUCache } from 'lru-cache'
import { type Entry, type Folder, listFolder, MOST_HELD } from '#lib/restic/list-folder.ts'
import type { RepositoryAccess, Restic } from '#lib/restic/repository.ts'

/** Together, of all folders that are kept; about 300 bytes each. */
const ENTRIES_KEPT = 4 * MOST_HELD

/** What a snapshot holds never changes, and restic takes a second to tell. By snapshot and path. */
const kept = new LRUCache<string, Entry[]>({ maxSize: ENTRIES_KEPT, sizeCalculation: (entries) => entries.length + 1 })

/** As `listFolder`, of which the last listings are kept in memory, but for very large folders. */
export async function listedFolder(
  restic: () => Promise<Restic>,
  access: () => Promise<RepositoryAccess & AsyncDisposable>,
  snapshotId: string,
  path: string,
  { skip, first, signal }: { skip: number; first: number; signal?: AbortSignal },
): Promise<Folder | null> {
  const key = `${snapshotId} ${path}`
  const entries = kept.get(key)
  if (entries !== undefined)
    return { entries: entries.slice(skip, skip + first), hasMore: entries.length > skip + first, all: entries }
  await using opened = await access()
  const folder = await listFolder(await restic(), opened, snapshotId, path, { skip, first, signal })
  if (folder?.all) kept.set(key, folder.all)
  return folder
}
