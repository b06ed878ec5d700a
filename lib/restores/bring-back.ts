import { mkdir, readdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { CodedError } from '#lib/errors/coded-error.ts'
import { openAccess } from '#lib/repositories/access.ts'
import { withHolders } from '#lib/repositories/locks.ts'
import { lockTurns } from '#lib/repositories/read-turns.ts'
import { withSpareKey } from '#lib/repositories/secure-keys.ts'
import type { Listed } from '#lib/restic/count-listed.ts'
import type { RestoreProgress } from '#lib/restic/restore.ts'
import type { OnLog } from '#lib/restic/run.ts'
import { requireInside } from '#lib/sources/storage-roots.ts'
import type { Restore } from '#prisma/client/client.ts'
import type { RestoreDeps } from './deps.ts'
import { restoreCounted } from './restore-counted.ts'
import { requireFree } from './trigger.ts'

const NAMES_IN_MESSAGE = 10

export interface Watching {
  signal: AbortSignal
  onProgress(progress: RestoreProgress): void
  /** How many files of the snapshot's listing, and afterwards of the folder, were counted. */
  onCount(of: 'listing' | 'folder', files: number): void
  /** How much a driver has loaded, in whatever it counts. */
  onLoaded(amount: number): void
  onLog: OnLog
}

/**
 * Restores the snapshot into the folder that was asked for, which must be empty or absent and inside STORAGE_ROOTS. Rejects with
 * PATH_NOT_ALLOWED, RESTORE_TARGET_NOT_EMPTY, RESTORE_TARGET_BUSY before anything is written, and like `bringSnapshot`.
 */
export async function bringBack(deps: RestoreDeps, restore: Restore, watching: Watching): Promise<Listed> {
  return bringSnapshot(deps, restore, await takeFolder(deps, restore), watching)
}

interface How {
  /** Every file is read once more and compared with the repository's hashes. */
  verify?: boolean
  /** Before anything is written: what it rejects with ends the restore. */
  onListed?(listed: Listed): Promise<void>
}

/**
 * Restores the snapshot of a run, or the paths of it that were asked for, into an empty folder, as `restoreCounted` does. Rejects
 * like that, and with SNAPSHOT_GONE, RESTORE_INCOMPLETE and what the repository rejects with.
 */
export async function bringSnapshot(
  deps: RestoreDeps,
  restore: Restore,
  folder: string,
  watching: Watching,
  { verify = false, onListed }: How = {},
): Promise<Listed> {
  const { signal, onProgress, onCount } = watching
  const { snapshotId, repository } = await deps.prisma.backupRun.findUniqueOrThrow({
    where: { id: restore.runId },
    include: { repository: true },
  })
  if (snapshotId === null) throw new CodedError('SNAPSHOT_GONE', { id: restore.runId })
  const problems: string[] = []
  let count = 0
  const onLog: OnLog = (level, message) => {
    if (level === 'error' && ++count <= NAMES_IN_MESSAGE) problems.push(message)
    watching.onLog(level, message)
  }
  const onStarted = ({ pid }: { pid: number }) => noteRestic(deps, restore, pid)
  const restic = await deps.restic()
  await using access = await openAccess(deps, repository)
  try {
    return await withSpareKey(deps, { restic, access, repository }, { signal, onLog }, async () => {
      const request = {
        snapshotId,
        folder,
        paths: restore.paths,
        verify,
        signal,
        onStarted,
        onProgress,
        onCount,
        onLog,
      }
      return await restoreCounted(restic, access, request, async (expected) => {
        await deps.prisma.restore.updateMany({
          where: { id: restore.id, claimId: restore.claimId },
          data: { filesTotal: expected.files, bytesTotal: expected.bytes },
        })
        await onListed?.(expected)
      })
    })
  } catch (thrown) {
    if (signal.aborted) throw thrown
    if (count > 0) throw new CodedError('RESTORE_INCOMPLETE', { folder, count, names: problems }, { cause: thrown })
    throw await withHolders(deps, repository, thrown)
  }
}

/** The folder without symlinks: made when it is absent, and this restore's alone until it has ended. */
async function takeFolder(deps: RestoreDeps, restore: Restore): Promise<string> {
  const folder = await requireInside(restore.folder, deps.config.STORAGE_ROOTS)
  await deps.prisma.$transaction(async (tx) => {
    await lockTurns(tx)
    await requireFree(tx, folder, restore.id)
    await tx.restore.updateMany({ where: { id: restore.id, claimId: restore.claimId }, data: { folder } })
  })
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const holds = await readdir(folder)
  if (holds.length > 0)
    throw new CodedError('RESTORE_TARGET_NOT_EMPTY', { target: folder, holds: holds.slice(0, NAMES_IN_MESSAGE) })
  return folder
}

async function noteRestic({ prisma }: RestoreDeps, { id, claimId }: Restore, resticPid: number): Promise<void> {
  await prisma.restore.updateMany({ where: { id, claimId }, data: { resticHost: hostname(), resticPid } })
}
