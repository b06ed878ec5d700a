import { hostname } from 'node:os'
import { type Clock, systemClock } from '#lib/clock/now.ts'
import { exists, runsWith } from '#lib/process/find.ts'
import type { CallOptions } from './init.ts'
import { failureMessage, lockContent } from './messages.ts'
import type { RepositoryAccess, Restic } from './repository.ts'
import { runRestic, SHORT_TIMEOUT_MS } from './run.ts'

export interface Lock {
  id: string
  host: string
  pid: number
  user: string
  /** When it was made or last renewed. */
  time: Date
  /** Held by what needs the repository for itself, such as prune; others exclude only those. */
  exclusive: boolean
}

export interface LockOwner {
  host: string
  pid: number
}

export interface UnlockOptions extends CallOptions {
  clock?: Clock
}

/** restic calls a lock stale after this time, whoever holds it (`staleLockTimeout`); a living restic renews it every 5 minutes. */
export const STALE_AFTER_MS = 30 * 60_000

/** The locks of a repository. One that disappears while we look is left out. */
export async function listLocks(
  restic: Restic,
  access: RepositoryAccess,
  { timeoutMs = SHORT_TIMEOUT_MS, signal }: CallOptions = {},
): Promise<Lock[]> {
  const call = { schema: failureMessage, timeoutMs, signal }
  const { output } = await runRestic(restic, access, { ...call, command: 'list', args: ['locks', '--no-lock'] })
  const locks: Lock[] = []
  for (const id of output.map((line) => line.trim()).filter((line) => /^[0-9a-f]{64}$/.test(line))) {
    const cat = await runRestic(restic, access, { ...call, command: 'cat', args: ['lock', id, '--no-lock'] }, [1])
    if (cat.exit.code !== 0) continue
    const {
      hostname: host,
      username: user,
      pid,
      time,
      exclusive,
    } = lockContent.parse(JSON.parse(cat.output.join('\n')))
    locks.push({ id, host, pid, user, time, exclusive })
  }
  return locks
}

/** Whether this process of this machine is a restic that startRestic started, of whatever name: all have this argument. */
export const isOurRestic = (pid: number): Promise<boolean> => runsWith(pid, '--retry-lock')

export const isStale = (lock: Lock, clock: Clock): boolean =>
  clock.now().getTime() - lock.time.getTime() > STALE_AFTER_MS

/**
 * Removes locks that dead processes of ours left behind: a pid of `owned` that no restic of this host has any more, or, of
 * another host, one that has not renewed its lock for so long that restic calls it stale.
 */
export async function removeOwnDeadLocks(
  restic: Restic,
  access: RepositoryAccess,
  owned: readonly LockOwner[],
  options: UnlockOptions = {},
): Promise<{ removed: Lock[]; kept: Lock[] }> {
  const { clock = systemClock } = options
  const present = await listLocks(restic, access, options)
  const dead: Lock[] = []
  for (const lock of present) {
    if (!owned.some((owner) => owner.host === lock.host && owner.pid === lock.pid)) continue
    const isDead = lock.host === hostname() ? !(await isOurRestic(lock.pid)) : isStale(lock, clock)
    if (isDead) dead.push(lock)
  }
  const removed = await removeLocks(restic, access, present, dead, options)
  return { removed, kept: present.filter((lock) => !removed.includes(lock)) }
}

/**
 * Removes none but the locks `wanted` of those `present`, and answers which it removed. Where their
 * files can be removed one by one, they are. Elsewhere there is only `restic unlock`, which cannot be told which to take: it takes all
 * that are stale, so it runs only when all of these are wanted. Never `--remove-all`: a lock that appears meanwhile would go too.
 */
export async function removeLocks(
  restic: Restic,
  access: RepositoryAccess,
  present: readonly Lock[],
  wanted: readonly Lock[],
  { clock = systemClock, timeoutMs = SHORT_TIMEOUT_MS, signal }: UnlockOptions = {},
): Promise<Lock[]> {
  if (wanted.length === 0) return []
  if (access.removeLock) {
    for (const { id } of wanted) await access.removeLock(id)
    return [...wanted]
  }
  const taken = present.filter((lock) => unlockTakes(lock, clock))
  if (taken.length === 0 || !taken.every((lock) => wanted.includes(lock))) return []
  await runRestic(restic, access, { command: 'unlock', args: [], schema: failureMessage, timeoutMs, signal })
  const left = new Set((await listLocks(restic, access, { timeoutMs, signal })).map((lock) => lock.id))
  return taken.filter((lock) => !left.has(lock.id))
}

/** restic's own rule (`Lock.Stale`). */
function unlockTakes(lock: Lock, clock: Clock): boolean {
  return isStale(lock, clock) || (lock.host === hostname() && !exists(lock.pid))
}
