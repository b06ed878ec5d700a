import { z } from 'zod'
import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import type { Transaction } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { parseInput } from '#lib/errors/parse-input.ts'
import { compareRepositories } from '#lib/repositories/compare.ts'
import { findRepository } from '#lib/repositories/find.ts'
import { requireJoinable, sideOf } from '#lib/repositories/pair.ts'
import type { Prisma, Repository } from '#prisma/client/client.ts'
import { endTask } from './end-task.ts'
import { type CopyGoal, copyGoals } from './missing-copies.ts'
import type { MaintenanceDeps } from './performer.ts'

const targetInput = z.strictObject({ repositoryId: z.string(), targetId: z.string().nullable() })

/** Copies that are queued in one go. Asked again, the next ones are. */
const MOST_AT_ONCE = 500

/**
 * Chooses where a second copy of each snapshot of a repository goes from now on; null: nowhere. `sharesPieces` tells whether
 * both cut data at the same places: where they do not, a copy shares nothing with what was saved there otherwise. Null: that
 * could not be seen now. Queued copies to the place before are cancelled. Throws FORBIDDEN, INPUT_INVALID for the repository
 * itself and for a circle, REPOSITORY_UNKNOWN, REPOSITORIES_NOT_JOINABLE, SECRET_UNREADABLE.
 */
export async function setCopyTarget(
  deps: MaintenanceDeps,
  actor: Actor | null,
  raw: unknown,
): Promise<{ repository: Repository; sharesPieces: boolean | null }> {
  requireScope(actor, 'settings:write', 'choose where copies go')
  const { repositoryId, targetId } = parseInput(targetInput, raw)
  const repository = await findRepository(deps, repositoryId)
  const target = targetId === null ? null : await findRepository(deps, targetId)
  if (target?.id === repository.id) throw refused('must be another repository')
  if (target) requireJoinable({ from: sideOf(deps, repository), to: sideOf(deps, target) })
  const found = target && (await compareRepositories(deps, repository, target))
  if (found?.isSame) throw refused('is the same repository under another name')
  const changed = await deps.prisma.$transaction(async (tx) => {
    await tx.$executeRaw`select 1 from repositories order by id for update`
    if (target) await refuseCircle(tx, repository.id, target.id)
    await record(tx, {
      actor,
      action: 'repository.copy-target',
      target: { type: 'repository', id: repository.id },
      details: { to: target?.name ?? null },
    })
    await cancelQueued(tx, deps, actor, repository.id, target?.id ?? null)
    return tx.repository.update({ where: { id: repository.id }, data: { copyToId: target?.id ?? null } })
  })
  return { repository: changed, sharesPieces: found?.sharesPieces ?? null }
}

const refused = (problem: string) => new CodedError('INPUT_INVALID', { issues: [{ path: 'targetId', problem }] })

async function refuseCircle(tx: Transaction, id: string, targetId: string): Promise<void> {
  for (let next: string | null = targetId; next !== null; ) {
    if (next === id) throw refused('sends its own copies here, by itself or through others')
    next = (await tx.repository.findUniqueOrThrow({ where: { id: next }, select: { copyToId: true } })).copyToId
  }
}

async function cancelQueued(
  tx: Transaction,
  deps: MaintenanceDeps,
  actor: Actor,
  id: string,
  targetId: string | null,
): Promise<void> {
  const queued = await tx.repositoryTask.findMany({
    where: {
      kind: 'COPY',
      state: 'QUEUED',
      run: { repositoryId: id, backup: { OR: [{ copyToId: null }, { copyToId: id }] } },
      ...(targetId && { repositoryId: { not: targetId } }),
    },
  })
  const error = new CodedError('RUN_CANCELLED', { by: actor.email })
  for (const task of queued) await endTask(tx, deps, task, { state: 'CANCELLED', error })
}

/**
 * Queues the copies of a repository's snapshots that are missing, newest first, also those that failed or were cancelled. `left` were too many for now.
 * Throws FORBIDDEN, REPOSITORY_UNKNOWN, and INPUT_INVALID when copies go nowhere.
 */
export async function copyMissing(
  deps: Pick<MaintenanceDeps, 'prisma' | 'queue'>,
  actor: Actor | null,
  id: string,
): Promise<{ repository: Repository; queued: number; left: number }> {
  requireScope(actor, 'settings:write', 'copy what is missing')
  const repository = await findRepository(deps, id)
  const goals = await copyGoals(deps.prisma, repository)
  if (goals.length === 0)
    throw new CodedError('INPUT_INVALID', { issues: [{ path: 'id', problem: 'has no place for copies' }] })
  return deps.prisma.$transaction(async (tx) => {
    let queued = 0
    let left = 0
    for (const goal of goals) {
      const done = await queueMissing(tx, deps.queue, actor, goal, MOST_AT_ONCE - queued)
      queued += done.queued
      left += done.left
    }
    const target = { type: 'repository', id }
    await record(tx, { actor, action: 'repository.copy-missing', target, details: { queued } })
    return { repository, queued, left }
  })
}

async function queueMissing(
  tx: Transaction,
  queue: MaintenanceDeps['queue'],
  actor: Actor,
  { targetId, runs: wanted }: CopyGoal,
  most: number,
): Promise<{ queued: number; left: number }> {
  const where: Prisma.BackupRunWhereInput = {
    ...wanted,
    copies: { none: { repositoryId: targetId, state: { in: ['SUCCEEDED', 'QUEUED', 'RUNNING'] } } },
  }
  const all = await tx.backupRun.count({ where })
  const runs = await tx.backupRun.findMany({
    where,
    orderBy: [{ finishedAt: 'desc' }, { id: 'desc' }],
    take: most,
    select: { id: true },
  })
  const ids = runs.map((run) => run.id)
  const again = await tx.$executeRaw`
    update repository_tasks set state = 'QUEUED', attempt = 1, queued_at = clock_timestamp(), not_before = null,
      started_at = null, finished_at = null, requested_by = ${actor.email}, cancelled_by = null,
      error_code = null, error_message = null, error_remedy = null
    where kind = 'COPY' and repository_id = ${targetId}::uuid and run_id = any(${ids}::uuid[])
      and state not in ('QUEUED', 'RUNNING', 'SUCCEEDED')`
  const data = ids.map((runId) => ({
    kind: 'COPY' as const,
    repositoryId: targetId,
    runId,
    requestedBy: actor.email,
  }))
  const { count } = await tx.repositoryTask.createMany({ data, skipDuplicates: true })
  const first = await tx.repositoryTask.findFirst({ where: { kind: 'COPY', runId: { in: ids }, state: 'QUEUED' } })
  if (first) await queue.send(tx, 'maintenance.task', { taskId: first.id })
  return { queued: again + count, left: all - ids.length }
}
