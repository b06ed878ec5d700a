import { hostname } from 'node:os'
import { openAccess, placeOf } from '#lib/repositories/access.ts'
import type { Restic } from '#lib/restic/restic.ts'
import { isOurRestic, removeOwnDeadLocks, STALE_AFTER_MS } from '#lib/restic/unlock.ts'
import type { ResticProcess } from '#prisma/client/client.ts'
import type { MaintenanceDeps } from './performer.ts'

/** For each step: a repository that does not answer must not keep the others waiting for long. */
const DEADLINE_MS = 10_000
const PAUSE_MS = 20_000
/** No restic of ours lives longer: every call has a deadline. */
const LONGEST_MS = 25 * 60 * 60_000

/**
 * Removes the locks that restics of ours left behind when they, their worker or the whole machine were killed, within a
 * minute of when their repository can be reached. Costs one small query unless a row says that there may be such a lock; a
 * repository is looked at once per pause. Those of another host, which may be gone for ever, are removed once stale.
 */
export function lockSweep(deps: MaintenanceDeps, shutdown: AbortSignal): () => Promise<void> {
  const pausedUntil = new Map<string, number>()
  const failing = new Set<string>()
  return async () => {
    const rows = await deps.prisma.resticProcess.findMany()
    if (rows.length === 0) return
    const restic = await deps.restic()
    const now = deps.clock.now().getTime()
    const dead = await Promise.all(rows.map((row) => mayBeDead(row, now)))
    const left = Map.groupBy(
      rows.filter((_, i) => dead[i]),
      (row) => row.repositoryId,
    )
    for (const [repositoryId, processes] of left) {
      if (shutdown.aborted) return
      if ((pausedUntil.get(repositoryId) ?? 0) > now) continue
      pausedUntil.set(repositoryId, now + PAUSE_MS)
      try {
        await sweep(deps, restic, repositoryId, processes, shutdown)
        failing.delete(repositoryId)
      } catch (error) {
        if (!failing.has(repositoryId) && !shutdown.aborted)
          deps.log.warn(
            { err: error, repositoryId },
            'cannot look for a lock that a dead restic may have left; trying on',
          )
        failing.add(repositoryId)
      }
    }
  }
}

async function mayBeDead(row: ResticProcess, now: number): Promise<boolean> {
  const age = now - row.startedAt.getTime()
  if (row.host === hostname()) return !(await isOurRestic(row.pid))
  return age > (row.ended ? STALE_AFTER_MS : LONGEST_MS)
}

/** Rows are done with when their lock is not, or no longer, there. */
async function sweep(
  deps: MaintenanceDeps,
  restic: Restic,
  repositoryId: string,
  processes: readonly ResticProcess[],
  signal: AbortSignal,
): Promise<void> {
  const { prisma, log, clock, secretKey } = deps
  const repository = await prisma.repository.findUniqueOrThrow({ where: { id: repositoryId } })
  const { kind, settings } = placeOf(secretKey, repository)
  await kind.reach?.(settings, AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]))
  await using access = await openAccess(deps, repository)
  const call = { clock, timeoutMs: DEADLINE_MS, signal }
  const { removed, kept } = await removeOwnDeadLocks(restic, access, processes, call)
  for (const { host, pid, time, exclusive } of removed)
    log.warn({ repositoryId, host, pid, time, exclusive }, 'removed the lock of a dead restic of ours')
  const done = processes.filter(({ host, pid }) => !kept.some((lock) => lock.host === host && lock.pid === pid))
  await prisma.resticProcess.deleteMany({ where: { id: { in: done.map(({ id }) => id) } } })
}
