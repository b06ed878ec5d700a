import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, dirname, join, resolve } from 'node:path'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { Restic } from './repository.ts'
import { probeVersion } from './version.ts'

export { type BackupSummary, backupPaths, backupStream, type PathsRequest, type StreamRequest } from './backup.ts'
export { type CheckResult, checkRepository } from './check.ts'
export { forgetSnapshots } from './forget.ts'
export { initRepository, openRepository } from './init.ts'
export type { BackupProgress } from './progress.ts'
export type { RepositoryAccess, Restic } from './repository.ts'
export { type RestoreProgress, type RestoreSummary, restoreSnapshot } from './restore.ts'
export { listSnapshots, requireSnapshot, type Snapshot, snapshotsByTag } from './snapshots.ts'
export { type Lock, type LockOwner, listLocks, removeOwnDeadLocks } from './unlock.ts'

export interface ResticOptions {
  /** A path to restic. Without it: `toolsDir`, then the system's usual folders. */
  binary?: string
  toolsDir?: string
  cacheDir: string
  retryLockSeconds?: number
  stopGraceMs?: number
  uid?: number
  gid?: number
}

const SYSTEM_FOLDERS = ['/usr/local/bin', '/usr/bin', '/bin', '/opt/homebrew/bin']

/**
 * Finds restic and its version. Every function of this folder takes the result as its first argument.
 * Rejects with RESTIC_MISSING or RESTIC_TOO_OLD.
 */
export async function openRestic(options: ResticOptions): Promise<Restic> {
  const looked = options.binary
    ? [options.binary]
    : [...(options.toolsDir ? [options.toolsDir] : []), ...SYSTEM_FOLDERS].map((folder) => join(folder, 'restic'))
  const path = [...new Set([dirname(resolve(looked[0] ?? '')), ...SYSTEM_FOLDERS])].join(delimiter)
  let tooOld: unknown
  for (const binary of looked) {
    if (binary.includes('/') && !(await isExecutable(binary))) continue
    try {
      const version = await probeVersion(binary, path)
      const { retryLockSeconds = 60, stopGraceMs = 10_000, cacheDir, uid, gid } = options
      return { binary, version, path, cacheDir, retryLockSeconds, stopGraceMs, uid, gid }
    } catch (error) {
      tooOld ??= error
    }
  }
  throw tooOld ?? new CodedError('RESTIC_MISSING', { looked })
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
