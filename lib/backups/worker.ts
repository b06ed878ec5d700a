import { randomUUID } from 'node:crypto'
import type { Clock } from '#lib/clock/now.ts'
import type { Config } from '#lib/config/config.ts'
import type { Database, Transaction } from '#lib/database/database.ts'
import type { DriverConfig } from '#lib/environments/driver-context.ts'
import type { Feed } from '#lib/events/feed.ts'
import type { HookCall } from '#lib/hooks/call-hook.ts'
import type { Log } from '#lib/log/log.ts'
import { oneAtATime } from '#lib/queue/one-at-a-time.ts'
import type { Queue } from '#lib/queue/queue.ts'
import { lockTurns, readTurns } from '#lib/repositories/read-turns.ts'
import { decideTurns } from '#lib/repositories/turns.ts'
import type { Restic } from '#lib/restic/restic.ts'
import type { SecretKey } from '#lib/secrets/seal.ts'
import { traced } from '#lib/tracing/trace.ts'
import type { BackupRun } from '#prisma/client/client.ts'
import { appendEvents } from './append-events.ts'
import { claimHooks } from './claim-hook.ts'
import { lockBackup } from './end-run.ts'
import { execute } from './execute.ts'
import { executeHook } from './execute-hook.ts'
import { interruptAbandoned } from './recover.ts'
import { workerName } from './worker-name.ts'

export interface WorkerDeps {
  prisma: Database
  clock: Clock
  queue: Queue
  feed: Feed
  log: Log
  secretKey: SecretKey
  config: Pick<Config, 'DATA_DIR' | 'SOURCE_SERVER_RUNS' | 'STALL_TIMEOUT' | 'WORKER_ENVIRONMENTS' | 'WORKER_RUNS'> &
    DriverConfig &
    HookCall['config']
  /** Rejects with RESTIC_MISSING or RESTIC_TOO_OLD, every time it is needed, until there is one. */
  restic: () => Promise<Restic>
}

const LOOK_EVERY_MS = 2000
/** Beside the runs: hooks mostly wait for others. */
const HOOKS_AT_ONCE = 4

export interface Worker {
  /** Takes no more runs, lets those at work go on for `graceMs`, then cancels them cleanly; resolves when all have ended. */
  stop(graceMs: number): Promise<void>
}

const aboutRun = ({ id, backupId, sourceId, repositoryId, attempt }: BackupRun) => ({
  'backup_trigger.run.id': id,
  'backup_trigger.backup.id': backupId,
  'backup_trigger.source.id': sourceId,
  'backup_trigger.repository.id': repositoryId,
  'backup_trigger.attempt': attempt,
})

/**
 * Takes queued runs of the environments that this worker serves (all, unless WORKER_ENVIRONMENTS names some), WORKER_RUNS at
 * once, and looks after runs whose worker died. The rows say what waits and whose turn it is; a job is only the nudge to
 * look now instead of within seconds. Environments made later are served too.
 */
export async function startWorker(deps: WorkerDeps): Promise<Worker> {
  const served = new Map<string, string>()
  const working = new Set<Promise<void>>()
  const calling = new Set<Promise<void>>()
  const shutdown = new AbortController()
  let stopping = false

  const fill = oneAtATime(async () => {
    if (stopping) return
    for (const hook of await claimHooks(deps.prisma, [...served.keys()], HOOKS_AT_ONCE - calling.size))
      begin(calling, () => executeHook(deps, hook, shutdown.signal))
    for (const run of await claim(deps, served, deps.config.WORKER_RUNS - working.size))
      begin(working, () => traced('backup run', aboutRun(run), () => execute(deps, run, shutdown.signal)))
  })
  const begin = (among: Set<Promise<void>>, act: () => Promise<void>) => {
    const work: Promise<void> = act().finally(() => {
      among.delete(work)
      void fill().catch(onError)
    })
    among.add(work)
  }
  const onError = (error: unknown) => deps.log.error({ err: error }, 'worker')
  const look = oneAtATime(async () => {
    const wanted = deps.config.WORKER_ENVIRONMENTS
    const environments = await deps.prisma.environment.findMany({
      where: wanted.length > 0 ? { name: { in: [...wanted] } } : {},
    })
    for (const { id, name } of environments) {
      const isNew = !served.has(id)
      served.set(id, name)
      if (!isNew) continue
      await deps.queue.work('backup.run', { concurrency: 1, lane: id }, fill)
    }
    await announceWorker(deps.prisma, wanted)
    await interruptAbandoned(deps)
    await fill()
  })
  await look()
  const timer = setInterval(() => void look().catch(onError), LOOK_EVERY_MS)
  return {
    async stop(graceMs) {
      clearInterval(timer)
      stopping = true
      await fill().catch(onError) // one that was claiming may have begun a run
      const grace = setTimeout(() => shutdown.abort(), graceMs)
      await Promise.allSettled([...working, ...calling])
      clearTimeout(grace)
      await deps.prisma.worker.deleteMany({ where: { name: workerName } })
    },
  }
}

/** Says that this worker is there; rows of those that died without a word go after a day. */
async function announceWorker(prisma: Database, environments: readonly string[]): Promise<void> {
  await prisma.$executeRaw`
    insert into workers (name, environments, started_at, seen_at)
    values (${workerName}, ${environments}, clock_timestamp(), clock_timestamp())
    on conflict (name) do update set seen_at = excluded.seen_at, environments = excluded.environments`
  await prisma.$executeRaw`delete from workers where seen_at < clock_timestamp() - interval '1 day'`
}

/** Claims the runs whose turn it is, as many as there are places. Compare-and-set: one that was cancelled meanwhile is left. */
async function claim(
  { prisma, config }: Pick<WorkerDeps, 'prisma' | 'config'>,
  served: ReadonlyMap<string, string>,
  places: number,
): Promise<BackupRun[]> {
  if (places <= 0) return []
  const waits = await prisma.backupRun.findFirst({
    where: { state: 'QUEUED', source: { environmentId: { in: [...served.keys()] } } },
    select: { id: true },
  })
  if (waits === null) return []
  return prisma.$transaction(async (tx) => {
    await lockTurns(tx)
    const turns = await readTurns(tx, config)
    const names = new Set(served.values())
    const waiting = turns.waiting.filter(({ environment }) => environment === null || names.has(environment))
    const { ready } = decideTurns({ ...turns, waiting, workers: [[...names]] })
    const claimed: BackupRun[] = []
    for (const turn of ready.filter(({ kind }) => kind === 'BACKUP').slice(0, places)) {
      const run = await claimOne(tx, turn.id)
      if (run !== null) claimed.push(run)
    }
    return claimed
  })
}

async function claimOne(tx: Transaction, runId: string): Promise<BackupRun | null> {
  const { backupId } = await tx.backupRun.findUniqueOrThrow({ where: { id: runId } })
  await lockBackup(tx, backupId)
  const count = await tx.$executeRaw`
    update backup_runs set state = 'RUNNING', claim_id = ${randomUUID()}::uuid, worker = ${workerName},
      heartbeat_at = clock_timestamp(), started_at = clock_timestamp()
    where id = ${runId}::uuid and state = 'QUEUED'`
  if (count !== 1) return null
  await tx.$executeRaw`
    update backups set state = 'RUNNING', started_at = coalesce(started_at, clock_timestamp()) where id = ${backupId}::uuid`
  await appendEvents(tx, backupId, [{ kind: 'STATE', runId, state: 'RUNNING' }])
  return tx.backupRun.findUniqueOrThrow({ where: { id: runId } })
}
