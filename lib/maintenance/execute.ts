import { hostname } from 'node:os'
import type { Database } from '#lib/database/database.ts'
import { CodedError, toCodedError } from '#lib/errors/coded-error.ts'
import { openAccess } from '#lib/repositories/access.ts'
import { withHolders } from '#lib/repositories/locks.ts'
import { withSpareKey } from '#lib/repositories/secure-keys.ts'
import { noteEnd } from '#lib/tracing/trace.ts'
import type { RepositoryTask } from '#prisma/client/client.ts'
import { endTask, MAX_INTERRUPTIONS, type TaskOutcome } from './end-task.ts'
import type { MaintenanceDeps, Performer, TaskContext } from './performer.ts'
import { performers } from './performers.ts'

const HEARTBEAT_MS = 3000
const LINES_KEPT = 300
const FIRST_PAUSE_SECONDS = 60

type StopReason = 'cancelled' | 'shutdown' | 'claim lost'

/** Does a claimed task, keeps its heartbeat, and writes how it ended. Never rejects for a reason of the task's own. */
export async function executeTask(deps: MaintenanceDeps, task: RepositoryTask, shutdown: AbortSignal): Promise<void> {
  const log = deps.log.child({ taskId: task.id, repositoryId: task.repositoryId, kind: task.kind })
  const stop = new AbortController()
  const tell = (reason: StopReason) => stop.abort(reason)
  shutdown.addEventListener('abort', () => tell('shutdown'), { once: true })
  if (shutdown.aborted) tell('shutdown')
  const lines: string[] = []
  const beat = async () => {
    const told = await heartbeat(deps.prisma, task, lines.join('\n'))
    if (told) tell(told)
  }
  const timer = setInterval(() => void beat().catch((error) => log.warn({ err: error }, 'heartbeat')), HEARTBEAT_MS)

  log.info({ attempt: task.attempt }, 'task started')
  let outcome: TaskOutcome
  const performer = performers[task.kind]
  try {
    await beat()
    const result = await perform(deps, performer, task, stop.signal, (line) => {
      lines.push(line.replaceAll('\0', '�'))
      if (lines.length > LINES_KEPT) lines.shift()
    })
    outcome = { state: 'SUCCEEDED', result }
  } catch (thrown) {
    outcome = failure(task, performer, stop.signal, thrown)
    if (outcome.error?.code === 'UNEXPECTED') log.error({ err: thrown }, 'task failed unexpectedly')
  } finally {
    clearInterval(timer)
  }
  noteEnd(outcome.state, outcome.error)
  const recorded = await deps.prisma.$transaction(async (tx) => {
    await tx.repositoryTask.updateMany({
      where: { id: task.id, claimId: task.claimId },
      data: { output: lines.join('\n') },
    })
    const isOurs = await endTask(tx, deps, task, outcome)
    if (isOurs && outcome.result) await performer.onSuccess?.(tx, deps, task, outcome.result)
    return isOurs
  })
  log.info({ state: outcome.state, code: outcome.error?.code, recorded }, 'task ended')
}

async function perform(
  deps: MaintenanceDeps,
  performer: Performer,
  task: RepositoryTask,
  signal: AbortSignal,
  onLine: (line: string) => void,
): Promise<object> {
  const repository = await deps.prisma.repository.findUniqueOrThrow({ where: { id: task.repositoryId } })
  const restic = await deps.restic()
  await using access = await openAccess(deps, repository)
  const context: TaskContext = {
    task,
    repository,
    options: performer.options.parse(task.options),
    restic,
    access,
    signal,
    onStarted: ({ pid, startedAt }) =>
      deps.prisma.repositoryTask.updateMany({
        where: { id: task.id, claimId: task.claimId },
        data: { resticHost: hostname(), resticPid: pid, resticStartedAt: startedAt },
      }),
    onLog: (_level, message) => onLine(message),
  }
  try {
    return await withSpareKey(deps, context, context, () => performer.perform(deps, context))
  } catch (thrown) {
    throw signal.aborted ? thrown : await withHolders(deps, repository, thrown)
  }
}

function failure(task: RepositoryTask, performer: Performer, signal: AbortSignal, thrown: unknown): TaskOutcome {
  const reason = signal.aborted ? (signal.reason as StopReason) : null
  if (reason === 'cancelled')
    return {
      state: 'CANCELLED',
      error: new CodedError('RUN_CANCELLED', { by: task.cancelledBy ?? 'an administrator' }),
    }
  if (reason !== null) return interrupted(task, new CodedError('WORKER_STOPPED', {}))
  const error = toCodedError(thrown)
  const again = error.retry === 'later' && task.attempt < performer.attempts
  const againAfterSeconds = again ? FIRST_PAUSE_SECONDS * 4 ** (task.attempt - 1) : undefined
  return { state: 'FAILED', error, againAfterSeconds }
}

/** What becomes of a task whose worker is gone. */
export function interrupted(task: RepositoryTask, error: CodedError): TaskOutcome {
  return { state: 'INTERRUPTED', error, againAfterSeconds: task.attempt < MAX_INTERRUPTIONS ? 0 : undefined }
}

/** Says that the task is alive, stores what it printed, and asks whether it should go on. */
async function heartbeat(prisma: Database, task: RepositoryTask, output: string): Promise<StopReason | null> {
  const [row] = await prisma.$queryRaw<{ cancelled_by: string | null }[]>`
    update repository_tasks set heartbeat_at = clock_timestamp(), output = ${output}
    where id = ${task.id}::uuid and claim_id = ${task.claimId}::uuid and state = 'RUNNING'
    returning cancelled_by`
  if (!row) return 'claim lost'
  return row.cancelled_by === null ? null : 'cancelled'
}
