import { lstat, mkdir, readdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { CodedError } from '#lib/errors/coded-error.ts'
import { openAccess } from '#lib/repositories/access.ts'
import { withHolders } from '#lib/repositories/locks.ts'
import { lockTurns } from '#lib/repositories/read-turns.ts'
import { withSpareKey } from '#lib/repositories/secure-keys.ts'
import type { Listed } from '#lib/restic/count-listed.ts'
import type { RepositoryAccess, Restic } from '#lib/restic/repository.ts'
import type { RestoreProgress } from '#lib/restic/restore.ts'
import type { OnLog } from '#lib/restic/run.ts'
import { outermost, requireInside } from '#lib/sources/storage-roots.ts'
import type { Restore } from '#prisma/client/client.ts'
import type { RestoreDeps } from './deps.ts'
import { placesOf } from './place-text.ts'
import { type CountedRestore, restoreCounted } from './restore-counted.ts'
import { type Changes, restoreOver } from './restore-over.ts'
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

export interface Brought {
  counted: Listed
  /** What could not be restored, when all the rest was. */
  problem: CodedError | null
  /** Where files may have been there before. */
  changes: Changes | null
}

/**
 * Restores the snapshot to where it was asked for, inside STORAGE_ROOTS: into a folder that is empty or absent, or, as far as was
 * asked for, over what is there. Rejects with PATH_NOT_ALLOWED, RESTORE_TARGET_NOT_EMPTY, RESTORE_TARGET_BUSY before
 * anything is written, like `restoreCounted` and `restoreOver`, and with RESTORE_INCOMPLETE when nothing could be restored.
 */
export async function bringBack(deps: RestoreDeps, restore: Restore, watching: Watching): Promise<Brought> {
  const { folder, targets } = await takePlaces(deps, restore)
  const { paths, leaveOut, overwrite, dryRun } = restore
  return reading(
    deps,
    restore,
    watching,
    targets.join(', ') || folder,
    async ({ restic, access, request, known, onListed, asProblem }) => {
      const isOver = overwrite !== null || dryRun || targets.length > 0
      const { found, problem, changes } = isOver
        ? await restoreOver(
            restic,
            access,
            { ...request, folder, paths, leaveOut, targets, overwrite: overwrite ?? 'ALWAYS', dryRun },
            onListed,
          )
        : {
            ...(await restoreCounted(
              restic,
              access,
              { ...request, folder, paths, leaveOut, known, verify: false },
              onListed,
            )),
            changes: null,
          }
      return { counted: found, problem: problem === null ? null : asProblem(problem), changes }
    },
  )
}

interface How {
  /** Every file is read once more and compared with the repository's hashes. */
  verify?: boolean
  /** Before anything is written: what it rejects with ends the restore. */
  onListed?(listed: Listed): Promise<void>
}

/**
 * Restores the snapshot of a run whole into an empty folder, as `restoreCounted` does. Rejects like that, and with SNAPSHOT_GONE,
 * RESTORE_INCOMPLETE when anything could not be restored, and what the repository rejects with.
 */
export async function bringSnapshot(
  deps: RestoreDeps,
  restore: Restore,
  folder: string,
  watching: Watching,
  { verify = false, onListed }: How = {},
): Promise<Listed> {
  return reading(deps, restore, watching, folder, async (reading) => {
    const request = { ...reading.request, folder, paths: [], verify, known: reading.known }
    const { found, problem } = await restoreCounted(reading.restic, reading.access, request, async (listed) => {
      await reading.onListed(listed)
      await onListed?.(listed)
    })
    if (problem !== null) throw problem
    return found
  })
}

interface Reading {
  restic: Restic
  access: RepositoryAccess
  request: Pick<CountedRestore, 'snapshotId' | 'signal' | 'onStarted' | 'onProgress' | 'onCount' | 'onLog'>
  /** How much the snapshot holds by what its backup said. */
  known: Listed | null
  /** Notes how much there is. */
  onListed(listed: Listed): Promise<void>
  /** What restic named as failed, in place of what it rejected with. */
  asProblem(thrown: unknown): CodedError
}

/** Reads the repository of the run. What `work` rejects with becomes RESTORE_INCOMPLETE when restic named what failed. */
async function reading<T>(
  deps: RestoreDeps,
  restore: Restore,
  watching: Watching,
  folder: string,
  work: (reading: Reading) => Promise<T>,
): Promise<T> {
  const { signal, onProgress, onCount } = watching
  const { snapshotId, repository, filesDone, bytesDone } = await deps.prisma.backupRun.findUniqueOrThrow({
    where: { id: restore.runId },
    include: { repository: true },
  })
  if (snapshotId === null) throw new CodedError('SNAPSHOT_GONE', { id: restore.runId })
  const names: string[] = []
  let count = 0
  const onLog: OnLog = (level, message) => {
    if (level === 'error' && ++count <= NAMES_IN_MESSAGE) names.push(message)
    watching.onLog(level, message)
  }
  const onStarted = ({ pid }: { pid: number }) => noteRestic(deps, restore, pid)
  const asProblem = (cause: unknown) => new CodedError('RESTORE_INCOMPLETE', { folder, count, names }, { cause })
  const onListed = async ({ files, bytes }: Listed) => {
    const where = { id: restore.id, claimId: restore.claimId }
    await deps.prisma.restore.updateMany({ where, data: { filesTotal: files, bytesTotal: bytes } })
  }
  const known = filesDone === null || bytesDone === null ? null : { files: Number(filesDone), bytes: Number(bytesDone) }
  const restic = await deps.restic()
  await using access = await openAccess(deps, repository)
  const request = { snapshotId, signal, onStarted, onProgress, onCount, onLog }
  try {
    return await withSpareKey(deps, { restic, access, repository }, { signal, onLog }, () =>
      work({ restic, access, request, known, onListed, asProblem }),
    )
  } catch (thrown) {
    if (signal.aborted) throw thrown
    if (count > 0) throw asProblem(thrown)
    throw await withHolders(deps, repository, thrown)
  }
}

/**
 * Where it goes, without symlinks, and this restore's alone until it has ended. A folder that is absent is made. Where nothing
 * may be overwritten, nothing is there.
 */
async function takePlaces(deps: RestoreDeps, restore: Restore): Promise<{ folder: string; targets: string[] }> {
  const inside = (path: string) => requireInside(path, deps.config.STORAGE_ROOTS)
  const targets = outermost(await Promise.all(restore.targets.map(inside)))
  const folder = targets.length > 0 ? '' : await inside(restore.folder)
  await deps.prisma.$transaction(async (tx) => {
    await lockTurns(tx)
    await requireFree(tx, placesOf({ folder, targets }), restore)
    await tx.restore.updateMany({ where: { id: restore.id, claimId: restore.claimId }, data: { folder, targets } })
  })
  if (restore.overwrite === null) for (const place of placesOf({ folder, targets })) await requireEmpty(place)
  if (targets.length === 0 && !restore.dryRun) await mkdir(folder, { recursive: true, mode: 0o700 })
  return { folder, targets }
}

async function requireEmpty(place: string): Promise<void> {
  const there = await lstat(place).catch(() => null)
  if (there === null) return
  const holds = there.isDirectory() ? await readdir(place) : ['a file']
  if (holds.length > 0)
    throw new CodedError('RESTORE_TARGET_NOT_EMPTY', { target: place, holds: holds.slice(0, NAMES_IN_MESSAGE) })
}

async function noteRestic({ prisma }: RestoreDeps, { id, claimId }: Restore, resticPid: number): Promise<void> {
  await prisma.restore.updateMany({ where: { id, claimId }, data: { resticHost: hostname(), resticPid } })
}
