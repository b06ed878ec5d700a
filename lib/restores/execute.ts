import { watchForStall } from '#lib/backups/stall.ts'
import type { Database, Transaction } from '#lib/database/database.ts'
import { CodedError, toCodedError } from '#lib/errors/coded-error.ts'
import type { Listed } from '#lib/restic/count-listed.ts'
import type { RestoreProgress } from '#lib/restic/restore.ts'
import { noteEnd } from '#lib/tracing/trace.ts'
import type { Restore } from '#prisma/client/client.ts'
import { appendRestoreEvents } from './append-events.ts'
import { type Brought, bringBack, type Watching } from './bring-back.ts'
import type { RestoreDeps } from './deps.ts'
import { endRestore, type RestoreOutcome } from './end-restore.ts'
import { bringIntoPlace } from './into-place.ts'
import { bringIntoTables } from './into-tables.ts'
import { openRestoreLog, type RestoreLog } from './restore-log.ts'
import { cancelled, interrupted, stalled } from './stopped.ts'
import { tryAgain } from './try-again.ts'
import { type Proof, verify } from './verify.ts'

const HEARTBEAT_MS = 1000

type StopReason = 'cancelled' | 'shutdown' | 'claim lost' | 'stalled'

interface Seen {
  log: RestoreLog
  progress: RestoreProgress | null
}

/** Carries out a claimed restore, keeps its heartbeat, and writes how it ended. Never rejects for a reason of its own. */
export async function executeRestore(deps: RestoreDeps, restore: Restore, shutdown: AbortSignal): Promise<void> {
  const log = deps.log.child({ restoreId: restore.id, runId: restore.runId })
  const stop = new AbortController()
  const tell = (reason: StopReason) => stop.abort(reason)
  shutdown.addEventListener('abort', () => tell('shutdown'), { once: true })
  if (shutdown.aborted) tell('shutdown')
  const seen: Seen = { log: openRestoreLog(), progress: null }
  const beat = async () => {
    const told = await heartbeat(deps.prisma, restore, seen)
    if (told) tell(told)
  }
  const timer = setInterval(() => void beat().catch((error) => log.warn({ err: error }, 'heartbeat')), HEARTBEAT_MS)
  const stall = watchForStall(deps.config.STALL_TIMEOUT * 1000, () => tell('stalled'))

  log.info('restore started')
  let outcome: RestoreOutcome
  try {
    await beat()
    const watching: Watching = {
      signal: stop.signal,
      onProgress: (progress) => {
        stall.moved('bytes', progress.bytesDone)
        stall.moved('files', progress.filesDone)
        seen.progress = progress
      },
      onCount: (of, files) => stall.moved(`files of the ${of}`, files),
      onLog: seen.log.add,
      onLoaded: (amount) => stall.moved('loaded', amount),
    }
    outcome =
      restore.purpose === 'VERIFICATION'
        ? outcomeOf(await verify(deps, restore, watching))
        : restore.purpose === 'PLACE' || restore.purpose === 'SERVER'
          ? { state: 'SUCCEEDED', counted: await bringIntoPlace(deps, restore, watching) }
          : outcomeOfChanges(
              await (restore.purpose === 'TABLES' ? bringIntoTables : bringBack)(deps, restore, watching),
            )
  } catch (thrown) {
    outcome = await failure(deps, restore, stop.signal, thrown)
    if (outcome.error.code === 'UNEXPECTED') log.error({ err: thrown }, 'restore failed unexpectedly')
  } finally {
    clearInterval(timer)
    stall.stop()
  }
  noteEnd(outcome.state, outcome.state === 'SUCCEEDED' ? null : outcome.error)
  const lines = [...seen.log.take(), ...seen.log.takeLast()]
  const recorded = await deps.prisma.$transaction(async (tx) => {
    if (await isOurs(tx, restore)) await appendRestoreEvents(tx, restore.id, lines)
    if (outcome.state === 'FAILED' || outcome.state === 'INTERRUPTED') {
      const isUntouched = outcome.state === 'FAILED' ? seen.progress === null : !(await isListed(tx, restore))
      const { code, retry } = outcome.error
      const mayPass = outcome.state === 'INTERRUPTED' || (retry === 'later' && code !== 'UNEXPECTED')
      if (isUntouched && mayPass && (await tryAgain(tx, restore, outcome.error))) return true
    }
    return endRestore(tx, deps, restore, outcome)
  })
  log.info({ state: outcome.state, recorded }, 'restore ended')
}

function outcomeOfChanges({ problem, counted, changes }: Brought): RestoreOutcome {
  return problem === null
    ? { state: 'SUCCEEDED', counted, changes }
    : { state: 'PARTIAL', error: problem, counted, changes }
}

function outcomeOf({ counted, proof }: { counted: Listed; proof: Proof }): RestoreOutcome {
  const problems = proof.findings.map(({ problem }) => problem).filter((problem) => problem !== null)
  if (problems.length === 0) return { state: 'SUCCEEDED', counted, proof }
  const error = new CodedError('VERIFICATION_MISMATCH', { count: problems.length, problems })
  return { state: 'FAILED', error, counted, proof }
}

/** Before the snapshot is listed nothing is written. */
export async function isListed(tx: Transaction, { id }: Restore): Promise<boolean> {
  return (await tx.restore.findUniqueOrThrow({ where: { id } })).filesTotal !== null
}

/** Whatever the error was: when we told the restore to stop, that is why it ended. */
async function failure(
  { prisma, config }: RestoreDeps,
  restore: Restore,
  signal: AbortSignal,
  thrown: unknown,
): Promise<Exclude<RestoreOutcome, { state: 'SUCCEEDED' }>> {
  if (!signal.aborted) return { state: 'FAILED', error: toCodedError(thrown) }
  const row = await prisma.restore.findUniqueOrThrow({ where: { id: restore.id } })
  switch (signal.reason as StopReason) {
    case 'cancelled':
      return { state: 'CANCELLED', error: cancelled(row) }
    case 'stalled':
      return { state: 'FAILED', error: stalled(row, config.STALL_TIMEOUT) }
    default:
      return { state: 'INTERRUPTED', error: interrupted(row) }
  }
}

/** Whether it is still this worker's; then its row is locked until the transaction ends. */
async function isOurs(tx: Transaction, { id, claimId }: Restore): Promise<boolean> {
  const rows = await tx.$queryRaw<object[]>`
    select 1 from restores where id = ${id}::uuid and claim_id = ${claimId}::uuid and state = 'RUNNING' for update`
  return rows.length === 1
}

/**
 * Says that the restore is alive and how far it is, writes what its log says since, and asks whether it should go on. Lines that
 * could not be written wait for the next time.
 */
async function heartbeat(prisma: Database, restore: Restore, { log, progress }: Seen): Promise<StopReason | null> {
  const lines = log.take()
  try {
    return await prisma.$transaction(async (tx) => {
      const [row] = await tx.$queryRaw<{ cancelled_by: string | null }[]>`
        update restores set heartbeat_at = clock_timestamp(),
          files_done = ${progress?.filesDone ?? null}, bytes_done = ${progress?.bytesDone ?? null}
        where id = ${restore.id}::uuid and claim_id = ${restore.claimId}::uuid and state = 'RUNNING'
        returning cancelled_by`
      if (!row) return 'claim lost'
      await appendRestoreEvents(tx, restore.id, lines)
      return row.cancelled_by === null ? null : 'cancelled'
    })
  } catch (error) {
    log.putBack(lines)
    throw error
  }
}
