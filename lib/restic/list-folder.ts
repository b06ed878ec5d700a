import { z } from 'zod'
import { failureMessage } from './messages.ts'
import type { RepositoryAccess, Restic } from './repository.ts'
import { runRestic, SHORT_TIMEOUT_MS } from './run.ts'

/** One thing in a snapshot. Bytes that are not UTF-8 are U+FFFD in its name, and nothing finds it by that. */
export interface Entry {
  name: string
  /** Absolute. */
  path: string
  type: 'file' | 'dir' | 'other'
  /** Of files, in bytes. */
  bytes: number | null
  modifiedAt: Date
}

export interface Folder {
  entries: Entry[]
  /** Whether there are more after these. */
  hasMore: boolean
  /** Everything in it; null: more than MOST_HELD. */
  all: Entry[] | null
}

/** Entries of one folder that are held in memory. */
export const MOST_HELD = 50_000

const node = z
  .object({
    message_type: z.literal('node'),
    name: z.string(),
    path: z.string(),
    type: z.string(),
    size: z.number().optional(),
    mtime: z.coerce.date(),
  })
  .transform(({ name, path, type, size, mtime, message_type }): Entry & { message_type: 'node' } => ({
    ...{ message_type, name, path, modifiedAt: mtime },
    type: type === 'file' || type === 'dir' ? type : 'other',
    bytes: type === 'file' ? (size ?? 0) : null,
  }))
const listed = z.union([node, failureMessage])

/**
 * What lies directly in a folder of a snapshot, in the order in which restic keeps it: `first` entries after the `skip` first
 * ones. A snapshot never changes, so that the order holds. Null: there is no such folder. All are read, but no more than MOST_HELD and
 * those are held. `path` is absolute, without a slash at its end.
 */
export async function listFolder(
  restic: Restic,
  access: RepositoryAccess,
  snapshotId: string,
  path: string,
  { skip, first, signal }: { skip: number; first: number; signal?: AbortSignal },
): Promise<Folder | null> {
  const entries: Entry[] = []
  let all: Entry[] | null = []
  let seen = 0
  let isThere = path === '/'
  await runRestic(restic, access, {
    command: 'ls',
    args: ['--no-lock', snapshotId, '--', path],
    schema: listed,
    timeoutMs: SHORT_TIMEOUT_MS,
    signal,
    onMessage: (message) => {
      if (message.message_type !== 'node') return
      const { message_type: _, ...entry } = message
      if (entry.path === path) isThere = entry.type === 'dir'
      else {
        if (seen++ >= skip && entries.length < first) entries.push(entry)
        if (seen > MOST_HELD) all = null
        all?.push(entry)
      }
    },
  })
  return isThere ? { entries, hasMore: seen > skip + entries.length, all } : null
}

/** One thing of a snapshot by its path; null: it is not there. */
export async function findEntry(
  restic: Restic,
  access: RepositoryAccess,
  snapshotId: string,
  path: string,
  signal?: AbortSignal,
): Promise<Entry | null> {
  let found: Entry | null = null
  await runRestic(restic, access, {
    command: 'ls',
    args: ['--no-lock', snapshotId, '--', path],
    schema: listed,
    timeoutMs: SHORT_TIMEOUT_MS,
    signal,
    onMessage: (message) => {
      if (message.message_type === 'node' && message.path === path) found = message
    },
  })
  return found
}
