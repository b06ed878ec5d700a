import type { Transaction } from '#lib/database/database.ts'
import type { CodedError } from '#lib/errors/coded-error.ts'
import type { Queue } from '#lib/queue/queue.ts'
import { taskKinds } from '#lib/repositories/task-kinds.ts'
import type { Prisma, RepositoryTask } from '#prisma/client/client.ts'

export interface TaskOutcome {
  state: 'SUCCEEDED' | 'FAILED' | 'CANCELLED' | 'INTERRUPTED'
  result?: object
  error?: CodedError
  /** Try again after this pause instead of ending. */
  againAfterSeconds?: number
}

/** A worker that died takes at most this many attempts with it. */
export const MAX_INTERRUPTIONS = 3

/**
 * Ends a task, or queues its next attempt, if it is still in the state and under the claim that the caller saw; answers
 * whether it was. People are told of one that failed for good.
 */
export async function endTask(
  tx: Transaction,
  { queue }: { queue: Queue },
  task: RepositoryTask,
  outcome: TaskOutcome,
): Promise<boolean> {
  const { state, result, error, againAfterSeconds } = outcome
  const [{ now }] = await tx.$queryRaw<[{ now: Date }]>`select clock_timestamp() as now`
  const problem = {
    errorCode: error?.code ?? null,
    errorMessage: error?.message ?? null,
    errorRemedy: error?.remedy ?? null,
  }
  const next: Prisma.RepositoryTaskUpdateManyMutationInput =
    againAfterSeconds === undefined
      ? { state, finishedAt: now, ...(result && { result }), ...problem }
      : {
          state: 'QUEUED',
          attempt: { increment: 1 },
          notBefore: new Date(now.getTime() + againAfterSeconds * 1000),
          ...problem,
        }
  const { count } = await tx.repositoryTask.updateMany({
    where: { id: task.id, state: task.state, claimId: task.claimId },
    data: next,
  })
  const isForGood = againAfterSeconds === undefined && (state === 'FAILED' || state === 'INTERRUPTED')
  if (count === 1 && isForGood && error) {
    const { code, message, remedy } = error
    const { id, repositoryId, kind, attempt: attempts } = task
    const said = { task: taskKinds[kind].title, at: now.toISOString(), attempts, problem: { code, message, remedy } }
    const notice = { kind: 'task-failed' as const, ...said }
    await queue.send(tx, 'notify.repository', { repositoryId, event: `task ${id}`, notice })
  }
  return count === 1
}
