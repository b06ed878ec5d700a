import { hostname } from 'node:os'
import { CodedError, isCoded } from '#lib/errors/coded-error.ts'
import { isOurRestic, isStale, type Lock, listLocks } from '#lib/restic/unlock.ts'
import type { Repository } from '#prisma/client/client.ts'
import { openAccess, placeOf } from './access.ts'
import type { RepositoryDeps } from './find.ts'

/** restic alone would go on trying for 15 minutes. */
const LOOK_TIMEOUT_MS = 10_000
/** Between the clock of the machine that restic runs on and the database's. */
const SKEW_MS = 60_000

/** OURS_DEAD ones are removed by themselves within a minute. */
export type LockHolder = 'OURS_ALIVE' | 'OURS_DEAD' | 'FOREIGN'

export interface KnownLock extends Lock {
  holder: LockHolder
  /** Milliseconds since it was made or last renewed; a living restic renews its lock every 5 minutes. */
  ageMs: number
  /** What holds or held it, where that is known. */
  runId: string | null
  taskId: string | null
}

/**
 * The locks of a repository as they are now, and whose they are. Answers within ten seconds, or rejects with what is wrong:
 * REPOSITORY_UNREACHABLE, REPOSITORY_ACCESS_DENIED and the like.
 */
export async function repositoryLocks(
  deps: RepositoryDeps,
  repository: Repository,
  caller?: AbortSignal,
): Promise<KnownLock[]> {
  const deadline = AbortSignal.timeout(LOOK_TIMEOUT_MS)
  const signal = caller ? AbortSignal.any([deadline, caller]) : deadline
  try {
    const { kind, settings } = placeOf(deps.secretKey, repository)
    await kind.reach?.(settings, signal)
    await using access = await openAccess(deps, repository)
    const locks = await listLocks(await deps.restic(), access, { signal })
    return await Promise.all(locks.map((lock) => recognise(deps, repository.id, lock)))
  } catch (thrown) {
    if (thrown !== deadline.reason) throw thrown
    const reason = `it did not answer within ${LOOK_TIMEOUT_MS / 1000} seconds`
    throw new CodedError('REPOSITORY_UNREACHABLE', { repository: repository.location, reason })
  }
}

async function recognise(
  { prisma, clock }: Pick<RepositoryDeps, 'prisma' | 'clock'>,
  repositoryId: string,
  lock: Lock,
): Promise<KnownLock> {
  const { host, pid, time } = lock
  const [before, after] = [new Date(time.getTime() + SKEW_MS), new Date(time.getTime() - SKEW_MS)]
  const process = await prisma.resticProcess.findFirst({
    where: { repositoryId, host, pid, startedAt: { lte: before } },
    orderBy: { ended: 'asc' },
  })
  const user = {
    where: {
      repositoryId,
      resticHost: host,
      resticPid: pid,
      resticStartedAt: { lte: before },
      OR: [{ finishedAt: null }, { finishedAt: { gte: after } }],
    },
    orderBy: { resticStartedAt: 'desc' as const },
    select: { id: true },
  }
  const [run, task] = await Promise.all([prisma.backupRun.findFirst(user), prisma.repositoryTask.findFirst(user)])
  const isOurs = process !== null || run !== null || task !== null
  const lives = host === hostname() ? await isOurRestic(pid) : process?.ended === false && !isStale(lock, clock)
  return {
    ...lock,
    holder: !isOurs ? 'FOREIGN' : lives ? 'OURS_ALIVE' : 'OURS_DEAD',
    ageMs: Math.max(0, clock.now().getTime() - time.getTime()),
    runId: run?.id ?? null,
    taskId: task?.id ?? null,
  }
}

/** “an exclusive lock of root on backup-1, process 4711, 3 minutes old” */
export function lockText({ exclusive, user, host, pid, ageMs, holder }: KnownLock): string {
  const seconds = Math.round(ageMs / 1000)
  const age = seconds < 120 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`
  const whose = holder === 'FOREIGN' ? '' : ', one of this program’s own'
  return `${exclusive ? 'an exclusive lock' : 'a lock'} of ${user} on ${host}, process ${pid}, ${age} old${whose}`
}

/** A REPOSITORY_LOCKED that says who holds the repository, where that can be seen; every other error as it is. */
export async function withHolders(deps: RepositoryDeps, repository: Repository, thrown: unknown): Promise<unknown> {
  if (!isCoded(thrown, 'REPOSITORY_LOCKED') || thrown.details.repository !== repository.location) return thrown
  const locks = await repositoryLocks(deps, repository).catch(() => [])
  if (locks.length === 0) return thrown
  const details = { repository: repository.name, holders: locks.map(lockText) }
  return new CodedError('REPOSITORY_LOCKED', details, { cause: thrown })
}
