import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '#lib/errors/coded-error.ts'
import { failureMessage, snapshotList } from './messages.ts'
import type { RepositoryAccess, Restic } from './repository.ts'
import { runRestic, SHORT_TIMEOUT_MS } from './run.ts'

export interface Snapshot {
  id: string
  time: Date
  host: string
  paths: string[]
  tags: string[]
  parentId: string | null
  /** The whole id that it had first: copies and changed tags give a snapshot another one. Null: it still has it. */
  originalId: string | null
  /** The id of its root tree, which stays the same in a copy. */
  tree: string
  /** What the backup processed; null in snapshots of a restic before 0.17. */
  files: number | null
  bytes: number | null
  /** New data, before and after compression. */
  addedBytes: number | null
  storedBytes: number | null
  /** When the backup began and when it ended; its time, where an older restic did not note that. */
  startedAt: Date
  endedAt: Date
}

export interface ListOptions {
  signal?: AbortSignal
  timeoutMs?: number
}

export interface SnapshotFilter {
  /** Snapshots that carry all of these. */
  tags?: readonly string[]
  host?: string
}

/** Snapshots, oldest first. Takes no lock, so it also answers while another program has the repository for itself. */
export async function listSnapshots(
  restic: Restic,
  access: RepositoryAccess,
  { tags = [], host }: SnapshotFilter = {},
  { signal, timeoutMs = SHORT_TIMEOUT_MS }: ListOptions = {},
): Promise<Snapshot[]> {
  const { output } = await runRestic(restic, access, {
    command: 'snapshots',
    args: ['--no-lock', ...(host ? ['--host', host] : [])],
    schema: failureMessage,
    timeoutMs,
    signal,
  })
  const list = snapshotList.parse(JSON.parse(output.join('\n')))
  return list
    .map((s) => ({
      id: s.id,
      time: s.time,
      host: s.hostname,
      paths: s.paths,
      tags: s.tags ?? [],
      parentId: s.parent ?? null,
      originalId: s.original ?? null,
      tree: s.tree,
      files: s.summary?.total_files_processed ?? null,
      bytes: s.summary?.total_bytes_processed ?? null,
      addedBytes: s.summary?.data_added ?? null,
      storedBytes: s.summary?.data_added_packed ?? null,
      startedAt: s.summary?.backup_start ?? s.time,
      endedAt: s.summary?.backup_end ?? s.time,
    }))
    .filter((s) => tags.every((tag) => s.tags.includes(tag))) // by us: restic splits --tag at commas
}

/** All snapshots that carry `tag`, oldest first. */
export function snapshotsByTag(
  restic: Restic,
  access: RepositoryAccess,
  tag: string,
  options?: ListOptions,
): Promise<Snapshot[]> {
  return listSnapshots(restic, access, { tags: [tag] }, options)
}

/** The full ids of all snapshots. */
export async function listSnapshotIds(
  restic: Restic,
  access: RepositoryAccess,
  options?: ListOptions,
): Promise<string[]> {
  return (await listSnapshots(restic, access, {}, options)).map((s) => s.id)
}

/**
 * Whether the repository holds this snapshot. Where it is a folder of this machine, the snapshot's own file is read: its name
 * must be the SHA-256 of its content (restic's reference, "Repository Layout"). That proves more than a listing, and spares
 * opening the repository once more (0.7 s for the password's key). Elsewhere restic lists. `id` is a whole one.
 */
export async function holdsSnapshot(restic: Restic, access: RepositoryAccess, id: string): Promise<boolean> {
  if (access.location.startsWith('/')) {
    const content = await readFile(join(access.location, 'snapshots', id)).catch(() => null)
    if (content !== null) return createHash('sha256').update(content).digest('hex') === id
  }
  return (await listSnapshotIds(restic, access)).includes(id)
}

/** Resolves when the repository lists the snapshot, whole id or prefix; rejects with SNAPSHOT_UNKNOWN. */
export async function requireSnapshot(
  restic: Restic,
  access: RepositoryAccess,
  id: string,
  options?: ListOptions,
): Promise<Snapshot> {
  const found = (await listSnapshots(restic, access, {}, options)).filter((s) => id.length >= 8 && s.id.startsWith(id))
  if (found.length !== 1 || !found[0]) throw new CodedError('SNAPSHOT_UNKNOWN', { id })
  return found[0]
}
