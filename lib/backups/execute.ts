import { mkdir, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Database } from '#lib/database/database.ts'
import { openSource } from '#lib/environments/sources.ts'
import { CodedError, toCodedError } from '#lib/errors/coded-error.ts'
import { accessTo } from '#lib/repositories/access.ts'
import { type BackupSummary, backupPaths, backupStream } from '#lib/restic/backup.ts'
import { forgetSnapshots } from '#lib/restic/forget.ts'
import type { DriverContext, SourceCopy } from '#lib/sources/driver.ts'
import { narrowTo } from '#lib/sources/files/paths.ts'
import type { FilesSettings } from '#lib/sources/files/settings.ts'
import type { BackupRun } from '#prisma/client/client.ts'
import { endRun, type Outcome } from './end-run.ts'
import { clearInterrupted } from './recover.ts'
import { openReporter, type Reporter } from './reporter.ts'
import type { WorkerDeps } from './worker.ts'

const HEARTBEAT_MS = 3000
const NAMES_IN_MESSAGE = 10

/** Why a run was told to stop; the reason of its abort signal. */
type StopReason = 'cancelled' | 'shutdown' | 'claim lost'

/**
 * Executes a claimed run: opens the source's driver, hands its copy to restic and writes how it ended. The only place that
 * knows both sides. Never rejects for a reason of the run's own; those are its outcome.
 */
export async function execute(deps: WorkerDeps, run: BackupRun, shutdown: AbortSignal): Promise<void> {
  const log = deps.log.child({ runId: run.id, backupId: run.backupId })
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
  const reporter = openReporter(deps.prisma, run, log)

  log.info({ attempt: run.attempt }, 'run started')
  let summary: BackupSummary | undefined
  let outcome: Outcome
  try {
    await beat()
    summary = await save(deps, run, reporter, stop.signal)
    outcome = outcomeOf(summary)
  } catch (thrown) {
    outcome = await failure(deps.prisma, run, stop.signal, thrown)
    if (outcome.error?.code === 'UNEXPECTED') log.error({ err: thrown }, 'run failed unexpectedly')
  } finally {
    clearInterval(timer)
    unwatch()
  }
  await reporter.flush()
  reporter.close()
  const ended = await deps.prisma.$transaction((tx) => endRun(tx, deps.queue, run, outcome))
  log.info({ state: outcome.state, code: outcome.error?.code, recorded: ended }, 'run ended')
  // Another worker has taken over meanwhile: its attempt counts, this one must not be found in the repository.
  if (!ended && summary) await discard(deps, run, summary)
}

async function save(deps: WorkerDeps, run: BackupRun, reporter: Reporter, signal: AbortSignal): Promise<BackupSummary> {
  const row = await deps.prisma.backupRun.findUniqueOrThrow({
    where: { id: run.id },
    include: { source: { include: { environment: true } }, repository: true },
  })
  const restic = await deps.restic()
  const access = accessTo(row.repository, deps.secretKey)
  await clearInterrupted(deps.prisma, restic, access, run)

  const { driver, settings } = openSource(row.source, deps.secretKey, run)
  const scratch = join(deps.config.DATA_DIR, 'scratch', row.sourceId)
  await rm(scratch, { recursive: true, force: true })
  await mkdir(scratch, { recursive: true, mode: 0o700 })
  const context: DriverContext = {
    signal,
    scratch,
    log: reporter.log,
    storageRoots: deps.config.STORAGE_ROOTS,
    toolPath: [],
  }
  let copy: SourceCopy | undefined
  try {
    const narrowed =
      run.storagePath === null
        ? settings
        : await narrowTo(settings as FilesSettings, run.storagePath, deps.config.STORAGE_ROOTS)
    copy = await driver.open(narrowed, context)
    const common = {
      // Fixed per source, so that restic finds the parent although paths and workers may change.
      host: `source-${row.sourceId}`,
      tags: [
        `run:${run.id}`,
        `source:${row.sourceId}`,
        `env:${row.source.environment.name}`,
        `type:${row.source.type}`,
      ],
      compressionLevel: run.compressionLevel,
      signal,
      onStarted: (restic: { pid: number; startedAt: Date }) => noteRestic(deps.prisma, run, restic),
      onProgress: reporter.progress,
      onLog: reporter.log,
    }
    return copy.shape === 'stream'
      ? await backupStream(restic, access, { ...common, filename: copy.filename, write: copy.write })
      : await backupPaths(restic, access, {
          ...common,
          include: copy.include,
          exclude: copy.exclude,
          oneFileSystem: copy.oneFileSystem,
        })
  } finally {
    await copy?.close()
    await rm(scratch, { recursive: true, force: true })
  }
}

function outcomeOf(summary: BackupSummary): Outcome {
  if (!summary.partial) return { state: 'SUCCEEDED', summary }
  const names = summary.unreadable.slice(0, NAMES_IN_MESSAGE)
  return {
    state: 'PARTIAL',
    summary,
    error: new CodedError('FILES_UNREADABLE', { count: summary.unreadable.length, names }),
  }
}

/** Whatever the error was: when we told the run to stop, that is why it ended. */
async function failure(prisma: Database, run: BackupRun, signal: AbortSignal, thrown: unknown): Promise<Outcome> {
  const reason = signal.aborted ? (signal.reason as StopReason) : null
  if (reason === 'cancelled') {
    const backup = await prisma.backup.findUniqueOrThrow({ where: { id: run.backupId }, select: { cancelledBy: true } })
    return { state: 'CANCELLED', error: new CodedError('RUN_CANCELLED', { by: backup.cancelledBy ?? 'unknown' }) }
  }
  if (reason !== null) return { state: 'INTERRUPTED', error: new CodedError('WORKER_STOPPED', {}) }
  return { state: 'FAILED', error: toCodedError(thrown) }
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

async function noteRestic(prisma: Database, run: BackupRun, restic: { pid: number; startedAt: Date }): Promise<void> {
  await prisma.backupRun.updateMany({
    where: { id: run.id, claimId: run.claimId },
    data: { resticHost: hostname(), resticPid: restic.pid, resticStartedAt: restic.startedAt },
  })
}

async function discard(deps: WorkerDeps, run: BackupRun, summary: BackupSummary): Promise<void> {
  const repository = await deps.prisma.repository.findUniqueOrThrow({ where: { id: run.repositoryId } })
  await forgetSnapshots(await deps.restic(), accessTo(repository, deps.secretKey), [summary.snapshotId])
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
