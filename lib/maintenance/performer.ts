import type { z } from 'zod'
import type { Config } from '#lib/config/config.ts'
import type { Transaction } from '#lib/database/database.ts'
import type { Log } from '#lib/log/log.ts'
import type { Queue } from '#lib/queue/queue.ts'
import type { OpenAccess } from '#lib/repositories/access.ts'
import type { RepositoryDeps } from '#lib/repositories/find.ts'
import type { Restic } from '#lib/restic/restic.ts'
import type { OnStarted } from '#lib/restic/run.ts'
import type { Repository, RepositoryTask } from '#prisma/client/client.ts'

export interface MaintenanceDeps extends RepositoryDeps {
  queue: Queue
  log: Log
  config: Pick<Config, 'DATA_DIR' | 'SOURCE_SERVER_RUNS' | 'WORKER_ENVIRONMENTS' | 'RETENTION_POLICY'>
}

/** What a task at work gets. Pass `signal`, `onStarted` and `onLog` to every restic that it starts. */
export interface TaskContext<Options = unknown> {
  task: RepositoryTask
  repository: Repository
  options: Options
  restic: Restic
  access: OpenAccess
  /** Aborted when the task is cancelled, its claim is lost, or the worker stops. */
  signal: AbortSignal
  onStarted: OnStarted
  onLog(level: 'debug' | 'info' | 'warning' | 'error', message: string): void
}

/** How one kind of task is done. */
export interface Performer<Options = unknown> {
  /** What whoever asks for it may choose. */
  readonly options: z.ZodType<Options>
  /** How often it is tried when it fails for a reason that may pass. The pauses grow from a minute. */
  readonly attempts: number
  /** It is asked for by a door of its own, since it needs more than options. */
  readonly hasOwnDoor?: true
  /**
   * Resolves with what is kept as the task's result, as JSON. Rejects when it was not done: a result is never kept of a task
   * that failed. May be called again after a worker died in the middle of it.
   */
  perform(deps: MaintenanceDeps, context: TaskContext<Options>): Promise<object>
  /** What else is written in the transaction that records the result. */
  onSuccess?(tx: Transaction, deps: MaintenanceDeps, task: RepositoryTask, result: object): Promise<void>
}
