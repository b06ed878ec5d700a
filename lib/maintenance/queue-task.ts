import type { Transaction } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { taskKinds } from '#lib/repositories/task-kinds.ts'
import type { Prisma, Repository, RepositoryTask } from '#prisma/client/client.ts'
import type { MaintenanceDeps } from './performer.ts'

/**
 * Writes the task's row and the nudge to look at it, in the caller's transaction, unless one of that kind is queued or running
 * there already: then null.
 */
export async function queueUnlessActive(
  tx: Transaction,
  { queue }: Pick<MaintenanceDeps, 'queue'>,
  data: Prisma.RepositoryTaskCreateManyInput,
): Promise<RepositoryTask | null> {
  const [task] = await tx.repositoryTask.createManyAndReturn({ data: [data], skipDuplicates: true })
  if (task) await queue.send(tx, 'maintenance.task', { taskId: task.id })
  return task ?? null
}

/** The same for somebody who asks for it: throws TASK_ALREADY_ACTIVE. */
export async function queueOrRefuse(
  tx: Transaction,
  deps: Pick<MaintenanceDeps, 'queue'>,
  repository: Repository,
  data: Omit<Prisma.RepositoryTaskCreateManyInput, 'repositoryId'>,
): Promise<RepositoryTask> {
  const task = await queueUnlessActive(tx, deps, { ...data, repositoryId: repository.id })
  if (task) return task
  throw new CodedError('TASK_ALREADY_ACTIVE', { task: taskKinds[data.kind].title, repository: repository.name })
}
