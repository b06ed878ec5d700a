import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { CodedError } from '#lib/errors/coded-error.ts'
import { oneAtATime } from '#lib/queue/one-at-a-time.ts'
import { lockTurns, readTurns } from '#lib/repositories/read-turns.ts'
import { decideTurns } from '#lib/repositories/turns.ts'
import { traced } from '#lib/tracing/trace.ts'
import type { RepositoryTask } from '#prisma/client/client.ts'
import { endTask } from './end-task.ts'
import { executeTask, interrupted } from './execute.ts'
import type { MaintenanceDeps } from './performer.ts'
import { servedRepositories } from './served.ts'
import { lockSweep } from './sweep-locks.ts'

const LOOK_EVERY_MS = 2000
const TASKS_AT_ONCE = 2
/** Five heartbeats. */
const DEAD_AFTER_SECONDS = 15

export interface MaintenanceWorker {
  /** Begins nothing more, interrupts what is at work, which is queued again, and resolves when all have ended. */
  stop(): Promise<void>
}

const aboutTask = ({ id, kind, repositoryId }: RepositoryTask) => ({
  'backup_trigger.task.id': id,
  'backup_trigger.task.kind': kind,
  'backup_trigger.repository.id': repositoryId,
})

/** Does the tasks of the repositories that this worker serves, and looks after those whose worker died. */
export async function startMaintenance(deps: MaintenanceDeps): Promise<MaintenanceWorker> {
  const working = new Set<Promise<void>>()
  const shutdown = new AbortController()
  const onError = (error: unknown) => deps.log.error({ err: error }, 'maintenance')

  const fill = oneAtATime(async () => {
    const places = TASKS_AT_ONCE - working.size
    if (shutdown.signal.aborted || places <= 0) return
    for (const task of await claim(deps, places)) {
      const work: Promise<void> = traced('repository task', aboutTask(task), () =>
        executeTask(deps, task, shutdown.signal),
      ).finally(() => {
        working.delete(work)
        void fill().catch(onError)
      })
      working.add(work)
    }
  })
  const look = oneAtATime(async () => {
    await interruptSilent(deps)
    await fill()
  })
  await deps.queue.work('maintenance.task', { concurrency: 1 }, fill)
  const sweep = oneAtATime(lockSweep(deps, shutdown.signal))
  const timer = setInterval(() => {
    void look().catch(onError)
    void sweep().catch(onError)
  }, LOOK_EVERY_MS)
  return {
    async stop() {
      clearInterval(timer)
      shutdown.abort()
      await Promise.all([fill(), sweep()]).catch(onError)
      await Promise.allSettled(working)
    },
  }
}

async function claim(deps: MaintenanceDeps, places: number): Promise<RepositoryTask[]> {
  const waits = await deps.prisma.repositoryTask.findFirst({ where: { state: 'QUEUED' }, select: { id: true } })
  if (waits === null) return []
  const served = await servedRepositories(deps)
  return deps.prisma.$transaction(async (tx) => {
    await lockTurns(tx)
    const { ready } = decideTurns(await readTurns(tx, deps.config))
    const ours = ready.filter(
      ({ kind, repositoryIds }) =>
        kind !== 'BACKUP' && kind !== 'RESTORE' && repositoryIds.every((id) => served.has(id)),
    )
    const claimed: RepositoryTask[] = []
    for (const { id } of ours.slice(0, places)) {
      const count = await tx.$executeRaw`
        update repository_tasks set state = 'RUNNING', claim_id = ${randomUUID()}::uuid,
          worker = ${`${hostname()}:${process.pid}`}, heartbeat_at = clock_timestamp(), started_at = clock_timestamp()
        where id = ${id}::uuid and state = 'QUEUED'`
      if (count === 1) claimed.push(await tx.repositoryTask.findUniqueOrThrow({ where: { id } }))
    }
    return claimed
  })
}

/** Tasks whose worker was not heard of for five heartbeats. With `all`, every running one, for a process that knows that it is alone. */
export async function interruptSilent(
  deps: Pick<MaintenanceDeps, 'prisma' | 'queue' | 'log'>,
  which: 'silent' | 'all' = 'silent',
): Promise<void> {
  const { prisma, log } = deps
  const silence = which === 'all' ? 0 : DEAD_AFTER_SECONDS
  const ids = await prisma.$queryRaw<{ id: string }[]>`
    select id from repository_tasks
    where state = 'RUNNING' and heartbeat_at <= clock_timestamp() - make_interval(secs => ${silence})`
  for (const { id } of ids) {
    const task = await prisma.repositoryTask.findUnique({ where: { id } })
    if (task?.state !== 'RUNNING') continue
    const error = new CodedError('WORKER_LOST', { worker: task.worker ?? 'unknown' })
    const ended = await prisma.$transaction((tx) => endTask(tx, deps, task, interrupted(task, error)))
    if (ended) log.warn({ taskId: id, worker: task.worker }, 'task interrupted: its worker died')
  }
}
