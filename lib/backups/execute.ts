import type { Database } from '#lib/database/database.ts'
import { CodedError, toCodedError } from '#lib/errors/coded-error.ts'
import { openAccess } from '#lib/repositories/access.ts'
import { withHolders } from '#lib/repositories/locks.ts'
import { forgetSnapshots } from '#lib/restic/forget.ts'
import { noteEnd } from '#lib/tracing/trace.ts'
import type { BackupRun } from '#prisma/client/client.ts'
import { endRun, type Outcome } from './end-run.ts'
import { openReporter, type Reporter } from './reporter.ts'
import { type Saved, save } from './save.ts'
import { type StallWatch, watchForStall } from './stall.ts'
import type { WorkerDeps } from './worker.ts'

const HEARTBEAT_MS = 3000
const NAMES_IN_MESSAGE = 10

/** Why a run was told to stop; the reason of its abort signal. */
type StopReason = 'cancelled' | 'shutdown' | 'claim lost' | 'stalled' | 'too long'

/**
 * Executes a claimed run: lets it be saved, keeps its heartbeat, stops it when it must stop, and writes how it ended. Never
 * rejects for a reason of the run's own; those are its outcome.
 */
export async function execute(deps: WorkerDeps, run: BackupRun, shutdown: AbortSignal): Promise<void> {
  const log = deps.log.child({ runId: run.id, backupId: run.backupId })
  // Before the heartbeat begins: without one, a run whose worker failed here is found and tried again.
  const { logVerbosity } = await deps.prisma.backup.findUniqueOrThrow({ where: { id: run.backupId } })
  const stop = new AbortController()
  const tell = (reason: StopReason) => stop.abort(reason)
  shutdown.addEventListener('abort', () => tell('shutdown'), { once: true })
  if (shutdown.aborted) tell('shutdown')

  const beat = async () => {
    const told = await heartbeat(deps.prisma, run)
    if (told) tell(told)
  }
  const onError = (error: unknown) => log.warn({ err: error }, 'heartbeat')
  const timer = setInterval(() => void beat().catch(onError), HEARTBEAT_MS)
  const unwatch = deps.feed.watch(
    run.backupId,
    throttle(() => void beat().catch(onError), 200),
  )
  const reporter = openReporter(deps.prisma, run, logVerbosity ?? 'DEBUG', log)

  log.info({ attempt: run.attempt }, 'run started')
  let summary: Saved | undefined
  let limit: NodeJS.Timeout | undefined
  let outcome: Outcome
  try {
    await beat()
    limit = await startTimeLimit(deps.prisma, run, () => tell('too long'))
    const stall = watchForStall(deps.config.STALL_TIMEOUT * 1000, () => tell('stalled'))
    try {
      summary = await save(deps, run, watched(reporter, stall), stop.signal)
    } finally {
      stall.stop()
    }
    outcome = outcomeOf(summary)
  } catch (thrown) {
    outcome = await failure(deps, run, stop.signal, thrown)
    if (outcome.error?.code === 'UNEXPECTED') log.error({ err: thrown }, 'run failed unexpectedly')
  } finally {
    clearInterval(timer)
    clearTimeout(limit)
    unwatch()
  }
  await reporter.flush()
  reporter.close()
  noteEnd(outcome.state, outcome.error)
  const ended = await deps.prisma.$transaction((tx) => endRun(tx, deps.queue, run, outcome))
  log.info({ state: outcome.state, code: outcome.error?.code, recorded: ended }, 'run ended')
  // Another worker has taken over meanwhile: its attempt counts, this one must not be found in the repository.
  if (!ended && summary) await discard(deps, run, summary)
}

function outcomeOf(summary: Saved): Outcome {
  if (!summary.partial) return { state: 'SUCCEEDED', summary }
  const names = summary.unreadable.slice(0, NAMES_IN_MESSAGE)
  return {
    state: 'PARTIAL',
    summary,
    error: new CodedError('FILES_UNREADABLE', { count: summary.unreadable.length, names }),
  }
}

/** The reporter, with an eye on whether anything moves. */
function watched(reporter: Reporter, stall: StallWatch): Reporter {
  return {
    ...reporter,
    progress: (progress) => {
      stall.moved('bytes saved', progress.bytesDone ?? 0)
      stall.moved('files saved', progress.filesDone ?? 0)
      reporter.progress(progress)
    },
    prepared: (bytes) => {
      stall.moved('bytes prepared', bytes)
      reporter.prepared(bytes)
    },
  }
}

/** Whatever the error was: when we told the run to stop, that is why it ended. */
async function failure(deps: WorkerDeps, run: BackupRun, signal: AbortSignal, thrown: unknown): Promise<Outcome> {
  const reason = signal.aborted ? (signal.reason as StopReason) : null
  if (reason === 'cancelled') {
    const backup = await deps.prisma.backup.findUniqueOrThrow({
      where: { id: run.backupId },
      select: { cancelledBy: true },
    })
    return { state: 'CANCELLED', error: new CodedError('RUN_CANCELLED', { by: backup.cancelledBy ?? 'unknown' }) }
  }
  if (reason === 'stalled')
    return { state: 'FAILED', error: new CodedError('SOURCE_STALLED', { seconds: deps.config.STALL_TIMEOUT }) }
  if (reason === 'too long') {
    const seconds = (await timeLimitOf(deps.prisma, run)) ?? 0
    return { state: 'FAILED', error: new CodedError('RUN_TOO_LONG', { seconds }) }
  }
  if (reason !== null) return { state: 'INTERRUPTED', error: new CodedError('WORKER_STOPPED', {}) }
  const repository = await deps.prisma.repository.findUniqueOrThrow({ where: { id: run.repositoryId } })
  return { state: 'FAILED', error: toCodedError(await withHolders(deps, repository, thrown)) }
}

async function timeLimitOf(prisma: Database, run: BackupRun): Promise<number | null> {
  const { timeLimitSeconds } = await prisma.backup.findUniqueOrThrow({ where: { id: run.backupId } })
  return timeLimitSeconds
}

async function startTimeLimit(prisma: Database, run: BackupRun, act: () => void): Promise<NodeJS.Timeout | undefined> {
  const seconds = await timeLimitOf(prisma, run)
  return seconds === null ? undefined : setTimeout(act, seconds * 1000)
}

/** Says that the run is alive and asks whether it should go on. */
async function heartbeat(prisma: Database, run: BackupRun): Promise<StopReason | null> {
  const [row] = await prisma.$queryRaw<{ cancelled_by: string | null }[]>`
    update backup_runs r set heartbeat_at = clock_timestamp() from backups b
    where r.id = ${run.id}::uuid and r.claim_id = ${run.claimId}::uuid and r.state = 'RUNNING' and b.id = r.backup_id
    returning b.cancelled_by`
  if (!row) return 'claim lost'
  return row.cancelled_by === null ? null : 'cancelled'
}

async function discard(deps: WorkerDeps, run: BackupRun, summary: Saved): Promise<void> {
  const repository = await deps.prisma.repository.findUniqueOrThrow({ where: { id: run.repositoryId } })
  await using access = await openAccess(deps, repository)
  await forgetSnapshots(await deps.restic(), access, [summary.snapshotId])
}

/** At most one call per `ms`, the last one never lost. */
function throttle(act: () => void, ms: number): () => void {
  let waiting = false
  return () => {
    if (waiting) return
    waiting = true
    setTimeout(() => {
      waiting = false
      act()
    }, ms)
  }
}
