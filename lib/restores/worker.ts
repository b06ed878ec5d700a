import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { workerName } from '#lib/backups/worker-name.ts'
import type { Transaction } from '#lib/database/database.ts'
import { runsWith, terminate } from '#lib/process/find.ts'
import { oneAtATime } from '#lib/queue/one-at-a-time.ts'
import { lockTurns, readTurns } from '#lib/repositories/read-turns.ts'
import { decideTurns } from '#lib/repositories/turns.ts'
import { traced } from '#lib/tracing/trace.ts'
import type { Restore, RestorePurpose } from '#prisma/client/client.ts'
import { appendRestoreEvents } from './append-events.ts'
import { endUnapproved } from './approve.ts'
import type { RestoreDeps } from './deps.ts'
import { endRestore } from './end-restore.ts'
import { executeRestore, isListed } from './execute.ts'
import { queueDueVerifications } from './schedule-verifications.ts'
import { sweepScratch } from './scratch.ts'
import { interrupted } from './stopped.ts'
import { tryAgain } from './try-again.ts'

const LOOK_EVERY_MS = 2000
/** How often it is asked which verifications are due. */
const SCHEDULE_EVERY_MS = 60_000
/** Of these one may be a verification: a restore that somebody needs never waits for two that only try. */
const RESTORES_AT_ONCE = 2
const DEAD_AFTER_SECONDS = 15

export interface RestoreWorker {
  /** Begins nothing more, interrupts what is at work, and resolves when all have ended. */
  stop(): Promise<void>
}

/** Carries out the restores and verifications of the environments that this worker serves, and ends those whose worker died. */
export async function startRestores(deps: RestoreDeps): Promise<RestoreWorker> {
  const working = new Map<string, { purpose: RestorePurpose; work: Promise<void> }>()
  const shutdown = new AbortController()
  const onError = (error: unknown) => deps.log.error({ err: error }, 'restores')

  const fill = oneAtATime(async () => {
    const places = RESTORES_AT_ONCE - working.size
    if (shutdown.signal.aborted || places <= 0) return
    const mayVerify = ![...working.values()].some(({ purpose }) => purpose === 'VERIFICATION')
    for (const restore of await claim(deps, places, mayVerify)) {
      const about = { 'backup_trigger.restore.id': restore.id, 'backup_trigger.restore.purpose': restore.purpose }
      const work = traced('restore', about, () => executeRestore(deps, restore, shutdown.signal))
        .catch(onError)
        .finally(() => {
          working.delete(restore.id)
          void fill().catch(onError)
        })
      working.set(restore.id, { purpose: restore.purpose, work })
    }
  })
  const look = oneAtATime(async () => {
    await interruptLost(deps)
    await endUnapproved(deps)
    await sweepScratch(deps)
    await fill()
  })
  await deps.queue.work('restore.run', { concurrency: 1 }, fill)
  const schedule = oneAtATime(() => queueDueVerifications(deps))
  const timers = [
    setInterval(() => void look().catch(onError), LOOK_EVERY_MS),
    setInterval(() => void schedule().catch(onError), SCHEDULE_EVERY_MS),
  ]
  return {
    async stop() {
      for (const timer of timers) clearInterval(timer)
      shutdown.abort()
      await fill().catch(onError)
      await Promise.allSettled([...working.values()].map(({ work }) => work))
    },
  }
}

async function claim({ prisma, config }: RestoreDeps, places: number, mayVerify: boolean): Promise<Restore[]> {
  const wanted = config.WORKER_ENVIRONMENTS
  const waits = await prisma.restore.findFirst({ where: { state: 'QUEUED' }, select: { id: true } })
  if (waits === null) return []
  return prisma.$transaction(async (tx) => {
    await lockTurns(tx)
    const { ready } = decideTurns({ ...(await readTurns(tx, config)), workers: [[...wanted]] })
    const ours = ready.filter(({ kind }) => kind === 'RESTORE').map(({ id }) => id)
    const claimed: Restore[] = []
    for (const id of await choose(tx, ours, places, mayVerify)) {
      const count = await tx.$executeRaw`
        update restores set state = 'RUNNING', claim_id = ${randomUUID()}::uuid, worker = ${workerName},
          heartbeat_at = clock_timestamp(), started_at = clock_timestamp()
        where id = ${id}::uuid and state = 'QUEUED'`
      if (count !== 1) continue
      claimed.push(await tx.restore.findUniqueOrThrow({ where: { id } }))
      await appendRestoreEvents(tx, id, [{ kind: 'STATE', state: 'RUNNING' }])
    }
    return claimed
  })
}

/** Of those whose turn it is: what somebody waits for first, and at most one verification. */
async function choose(tx: Transaction, ids: readonly string[], places: number, mayVerify: boolean): Promise<string[]> {
  const rows = await tx.restore.findMany({ where: { id: { in: [...ids] } }, select: { id: true, purpose: true } })
  const isVerification = new Set(rows.flatMap(({ id, purpose }) => (purpose === 'VERIFICATION' ? [id] : [])))
  const wanted = ids.filter((id) => !isVerification.has(id))
  const tried = mayVerify ? ids.filter((id) => isVerification.has(id)).slice(0, 1) : []
  return [...wanted, ...tried].slice(0, places)
}

/**
 * Ends restores whose worker was not heard of, and the restic that may have outlived it on this machine and would go on
 * writing. With `all`, every running one, for a process that knows that it is alone.
 */
export async function interruptLost(
  deps: Pick<RestoreDeps, 'prisma' | 'queue' | 'log' | 'secretKey'>,
  which: 'silent' | 'all' = 'silent',
): Promise<void> {
  const silence = which === 'all' ? 0 : DEAD_AFTER_SECONDS
  const ids = await deps.prisma.$queryRaw<{ id: string }[]>`
    select id from restores
    where state = 'RUNNING' and heartbeat_at <= clock_timestamp() - make_interval(secs => ${silence})`
  for (const { id } of ids) {
    const restore = await deps.prisma.restore.findUnique({ where: { id } })
    if (restore?.state !== 'RUNNING') continue
    await endSurvivor(deps, restore)
    const error = interrupted(restore)
    const ended = await deps.prisma.$transaction(async (tx) => {
      if (!(await isListed(tx, restore)) && (await tryAgain(tx, restore, error))) return true
      return endRestore(tx, deps, restore, { state: 'INTERRUPTED', error })
    })
    if (ended) deps.log.warn({ restoreId: id, worker: restore.worker }, 'restore interrupted: its worker died')
  }
}

/** The snapshot is in its arguments, which tells it from another process with its number. */
async function endSurvivor({ prisma }: Pick<RestoreDeps, 'prisma'>, restore: Restore): Promise<void> {
  const { resticHost, resticPid, runId } = restore
  if (resticHost !== hostname() || resticPid === null) return
  const { snapshotId } = await prisma.backupRun.findUniqueOrThrow({ where: { id: runId } })
  if (snapshotId !== null && (await runsWith(resticPid, snapshotId))) await terminate(resticPid)
}
