import { z } from 'zod'
import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { parseInput } from '#lib/errors/parse-input.ts'
import { findRepository } from '#lib/repositories/find.ts'
import type { RepositoryTask } from '#prisma/client/client.ts'
import { TaskKind } from '#prisma/client/enums.ts'
import { endTask } from './end-task.ts'
import type { MaintenanceDeps } from './performer.ts'
import { performers } from './performers.ts'
import { queueOrRefuse } from './queue-task.ts'

type Deps = Pick<MaintenanceDeps, 'prisma' | 'queue'>

const startInput = z.strictObject({
  repositoryId: z.string(),
  kind: z.enum(TaskKind),
  options: z.record(z.string(), z.unknown()).default({}),
})

/**
 * Asks for something to be done with a repository, as soon as it is its turn. Throws FORBIDDEN, INPUT_INVALID,
 * REPOSITORY_UNKNOWN, and TASK_ALREADY_ACTIVE when the same is queued or running.
 */
export async function startTask(deps: Deps, actor: Actor | null, raw: unknown): Promise<RepositoryTask> {
  requireScope(actor, 'settings:write', 'start a task')
  const { repositoryId, kind, options } = parseInput(startInput, raw)
  const performer = performers[kind]
  if (performer.hasOwnDoor)
    throw new CodedError('INPUT_INVALID', { issues: [{ path: 'kind', problem: 'cannot be asked for' }] })
  const parsed = parseInput(performer.options, options, 'options') as object
  const repository = await findRepository(deps, repositoryId)
  return deps.prisma.$transaction(async (tx) => {
    const task = await queueOrRefuse(tx, deps, repository, { kind, options: parsed, requestedBy: actor.email })
    const target = { type: 'repository', id: repository.id }
    await record(tx, { actor, action: 'repository.task', target, details: { kind, taskId: task.id } })
    return task
  })
}

/**
 * Asks a task to stop: a queued one is cancelled at once, a running one is told. Asking twice is harmless. Throws FORBIDDEN,
 * TASK_UNKNOWN, TASK_ALREADY_ENDED.
 */
export async function cancelTask(deps: Deps, actor: Actor | null, id: string): Promise<RepositoryTask> {
  requireScope(actor, 'settings:write', 'cancel a task')
  return deps.prisma.$transaction(async (tx) => {
    const found = z.uuid().safeParse(id).success ? await tx.repositoryTask.findUnique({ where: { id } }) : null
    if (!found) throw new CodedError('TASK_UNKNOWN', { id })
    const target = { type: 'repository', id: found.repositoryId }
    const asked = await tx.repositoryTask.updateManyAndReturn({
      where: { id, state: { in: ['QUEUED', 'RUNNING'] } },
      data: { cancelledBy: actor.email },
    })
    const task = asked[0]
    if (!task) throw new CodedError('TASK_ALREADY_ENDED', { id, state: found.state })
    await record(tx, { actor, action: 'repository.task-cancel', target, details: { kind: task.kind, taskId: id } })
    if (task.state === 'QUEUED') {
      const error = new CodedError('RUN_CANCELLED', { by: actor.email })
      await endTask(tx, deps, task, { state: 'CANCELLED', error })
    }
    return tx.repositoryTask.findUniqueOrThrow({ where: { id } })
  })
}
