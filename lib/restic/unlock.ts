import { hostname } from 'node:os'
import { type Clock, systemClock } from '#lib/clock/now.ts'
import { failureMessage, lockContent } from './messages.ts'
import type { RepositoryAccess, Restic } from './repository.ts'
import { runRestic, SHORT_TIMEOUT_MS } from './run.ts'

export interface Lock {
  id: string
  host: string
  pid: number
  time: Date
  exclusive: boolean
}

export interface LockOwner {
  host: string
  pid: number
}

/** restic calls a lock stale after this time, whoever holds it (`staleLockTimeout`); a living restic renews it every 5 minutes. */
const STALE_AFTER_MS = 30 * 60_000

/** The locks of a repository. One that disappears while we look is left out. */
export async function listLocks(
  restic: Restic,
  access: RepositoryAccess,
  timeoutMs: number = SHORT_TIMEOUT_MS,
): Promise<Lock[]> {
  const call = { schema: failureMessage, timeoutMs }
  const { output } = await runRestic(restic, access, { ...call, command: 'list', args: ['locks', '--no-lock'] })
  const locks: Lock[] = []
  for (const id of output.map((line) => line.trim()).filter((line) => /^[0-9a-f]{64}$/.test(line))) {
    const cat = await runRestic(restic, access, { ...call, command: 'cat', args: ['lock', id, '--no-lock'] }, [1])
    if (cat.exit.code !== 0) continue
    const lock = lockContent.parse(JSON.parse(cat.output.join('\n')))
    locks.push({ id, host: lock.hostname, pid: lock.pid, time: lock.time, exclusive: lock.exclusive })
  }
  return locks
}

/**
 * Removes locks that dead processes of ours left behind. `restic unlock` cannot be told which lock to take, so it runs
 * only when every lock that it would take is proved ours: this host, a pid of `owned`, and no such process any more.
 * Otherwise nothing is removed. Never `--remove-all`.
 */
export async function removeOwnDeadLocks(
  restic: Restic,
  access: RepositoryAccess,
  owned: readonly LockOwner[],
  { clock = systemClock, timeoutMs = SHORT_TIMEOUT_MS }: { clock?: Clock; timeoutMs?: number } = {},
): Promise<{ removed: Lock[]; kept: Lock[] }> {
  const before = await listLocks(restic, access, timeoutMs)
  const takeable = before.filter((lock) => unlockWouldTake(lock, clock))
  const isOurs = (lock: Lock) =>
    lock.host === hostname() && isDead(lock.pid) && owned.some((o) => o.host === lock.host && o.pid === lock.pid)
  if (takeable.length === 0 || !takeable.every(isOurs)) return { removed: [], kept: before }
  await runRestic(restic, access, { command: 'unlock', args: [], schema: failureMessage, timeoutMs })
  const left = new Set((await listLocks(restic, access, timeoutMs)).map((lock) => lock.id))
  return { removed: before.filter((lock) => !left.has(lock.id)), kept: before.filter((lock) => left.has(lock.id)) }
}

function unlockWouldTake(lock: Lock, clock: Clock): boolean {
  if (clock.now().getTime() - lock.time.getTime() > STALE_AFTER_MS) return true
  return lock.host === hostname() && isDead(lock.pid)
}

/** Signal 0 asks only whether the process exists; EPERM means that it does, as another user's. */
function isDead(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}
