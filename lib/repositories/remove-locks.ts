import { z } from 'zod'
import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { parseInput } from '#lib/errors/parse-input.ts'
import { removeLocks, STALE_AFTER_MS } from '#lib/restic/unlock.ts'
import type { Repository } from '#prisma/client/client.ts'
import { openAccess } from './access.ts'
import { findRepository, type RepositoryDeps } from './find.ts'
import { type KnownLock, lockText, repositoryLocks } from './locks.ts'

const REMOVE_TIMEOUT_MS = 30_000

const lockIds = z.array(z.string().regex(/^[0-9a-f]{64}$/, 'must be the whole id of a lock')).max(1000)

const removeInput = z.strictObject({
  repositoryId: z.string(),
  /** Which to remove. */
  remove: lockIds.min(1, 'must name a lock'),
  /** All that were there when somebody decided to remove those. */
  seen: lockIds,
})

/**
 * Removes locks that dead programs left, whoever they were: for an administrator who has seen all locks and confirms which to
 * remove. A living restic renews its lock every 5 minutes under a new id, so one that was confirmed and is renewed is refused
 * as changed. Throws FORBIDDEN, INPUT_INVALID, REPOSITORY_UNKNOWN, LOCKS_CHANGED when another appeared since, LOCK_ALIVE for
 * one of a living restic of ours, LOCKS_NOT_REMOVABLE where restic cannot remove exactly these, and what repositoryLocks does.
 */
export async function removeRepositoryLocks(
  deps: RepositoryDeps,
  actor: Actor | null,
  raw: unknown,
): Promise<{ repository: Repository; removed: KnownLock[] }> {
  requireScope(actor, 'settings:write', 'remove a lock')
  const { repositoryId, remove, seen } = parseInput(removeInput, raw)
  const repository = await findRepository(deps, repositoryId)
  const present = await repositoryLocks(deps, repository)
  const appeared = present.filter(({ id, holder }) => holder !== 'OURS_ALIVE' && ![...seen, ...remove].includes(id))
  if (appeared.length > 0)
    throw new CodedError('LOCKS_CHANGED', { repository: repository.name, appeared: appeared.map(lockText) })
  const wanted = present.filter(({ id }) => remove.includes(id))
  const alive = wanted.find(({ holder }) => holder === 'OURS_ALIVE')
  if (alive) throw new CodedError('LOCK_ALIVE', { repository: repository.name, lock: lockText(alive) })
  await deps.prisma.$transaction((tx) =>
    record(tx, {
      actor,
      action: 'repository.locks-remove',
      target: { type: 'repository', id: repositoryId },
      details: { name: repository.name, locks: wanted.map((lock) => `${lock.id.slice(0, 8)}: ${lockText(lock)}`) },
    }),
  )
  await using access = await openAccess(deps, repository)
  const call = { clock: deps.clock, timeoutMs: REMOVE_TIMEOUT_MS }
  const removed = await removeLocks(await deps.restic(), access, present, wanted, call)
  const left = wanted.filter(({ id }) => !removed.some((lock) => lock.id === id))
  if (left.length > 0) {
    const newest = Math.max(...left.map(({ time }) => time.getTime()))
    const from = new Date(newest + STALE_AFTER_MS).toISOString()
    throw new CodedError('LOCKS_NOT_REMOVABLE', { repository: repository.name, locks: left.map(lockText), from })
  }
  return { repository, removed: wanted }
}
