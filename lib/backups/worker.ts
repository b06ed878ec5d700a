import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Config } from '#lib/config/config.ts'
import type { Database } from '#lib/database/database.ts'
import type { DriverConfig } from '#lib/environments/driver-context.ts'
import type { Feed } from '#lib/events/feed.ts'
import type { Log } from '#lib/log/log.ts'
import type { Queue } from '#lib/queue/queue.ts'
import type { Restic } from '#lib/restic/restic.ts'
import type { SecretKey } from '#lib/secrets/seal.ts'
import type { BackupRun } from '#prisma/client/client.ts'
import { appendEvents } from './append-events.ts'
import { execute } from './execute.ts'
import { interruptAbandoned, requeueLost } from './recover.ts'

export interface WorkerDeps {
  prisma: Database
  queue: Queue
  feed: Feed
  log: Log
  secretKey: SecretKey
  config: Pick<Config, 'DATA_DIR' | 'STALL_TIMEOUT' | 'WORKER_ENVIRONMENTS'> & DriverConfig
  /** Rejects with RESTIC_MISSING or RESTIC_TOO_OLD, every time it is needed, until there is one. */
  restic: () => Promise<Restic>
}

const RUNS_AT_ONCE = 2
const LOOK_EVERY_MS = 2000

export const workerName = `${hostname()}:${process.pid}`

export interface Worker {
  /** Takes no more runs, lets those at work go on for `graceMs`, then cancels them cleanly; resolves when all have ended. */
  stop(graceMs: number): Promise<void>
}

/**
 * Takes queued runs of the environments that this worker serves (all, unless WORKER_ENVIRONMENTS names some), and looks
 * after runs whose worker died or whose job was lost. Environments made later are served too, within seconds.
 */
export async function startWorker(deps: WorkerDeps): Promise<Worker> {
  const served = new Set<string>()
  const working = new Set<Promise<void>>()
  const shutdown = new AbortController()
  let stopping = false

  const take = async (runId: string) => {
    // Throwing gives the job back: it is taken again by another worker or after the restart.
    if (stopping) throw new Error('the worker is stopping')
    const run = await claim(deps.prisma, runId)
    if (!run) return
    const work = execute(deps, run, shutdown.signal).finally(() => working.delete(work))
    working.add(work)
    await work
  }
  const look = async () => {
    const wanted = deps.config.WORKER_ENVIRONMENTS
    const environments = await deps.prisma.environment.findMany({
      where: wanted.length > 0 ? { name: { in: [...wanted] } } : {},
    })
    for (const { id } of environments) {
      if (served.has(id)) continue
      served.add(id)
      await deps.queue.work('backup.run', { concurrency: RUNS_AT_ONCE, lane: id }, ({ runId }) => take(runId))
    }
    await interruptAbandoned(deps)
    await requeueLost(deps)
  }
  await look()
  let looking: Promise<void> | null = null
  const timer = setInterval(() => {
    looking ??= look()
      .catch((error) => deps.log.error({ err: error }, 'worker'))
      .finally(() => {
        looking = null
      })
  }, LOOK_EVERY_MS)
  return {
    async stop(graceMs) {
      clearInterval(timer)
      stopping = true
      await looking
      const grace = setTimeout(() => shutdown.abort(), graceMs)
      await Promise.allSettled(working)
      clearTimeout(grace)
    },
  }
}

/** Compare-and-set: null means that another worker has it, or that it was cancelled. */
async function claim(prisma: Database, runId: string): Promise<BackupRun | null> {
  const claimId = randomUUID()
  return prisma.$transaction(async (tx) => {
    const claimed = await tx.$executeRaw`
      update backup_runs set state = 'RUNNING', claim_id = ${claimId}::uuid, worker = ${workerName},
        heartbeat_at = clock_timestamp(), started_at = clock_timestamp()
      where id = ${runId}::uuid and state = 'QUEUED'`
    if (claimed !== 1) return null
    const run = await tx.backupRun.findUniqueOrThrow({ where: { id: runId } })
    await tx.$executeRaw`
      update backups set state = 'RUNNING', started_at = coalesce(started_at, clock_timestamp()) where id = ${run.backupId}::uuid`
    await appendEvents(tx, run.backupId, [{ kind: 'STATE', runId, state: 'RUNNING' }])
    return run
  })
}
