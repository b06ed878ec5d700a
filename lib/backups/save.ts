import { rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import type { Database } from '#lib/database/database.ts'
import { driverContext } from '#lib/environments/driver-context.ts'
import { type OpenSource, openSource } from '#lib/environments/sources.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { openAccess } from '#lib/repositories/access.ts'
import { withSpareKey } from '#lib/repositories/secure-keys.ts'
import { type BackupSummary, backupPaths, backupStream } from '#lib/restic/backup.ts'
import { forgetSnapshots } from '#lib/restic/forget.ts'
import { savedPaths } from '#lib/restic/list-files.ts'
import type { RepositoryAccess, Restic } from '#lib/restic/restic.ts'
import type { DriverContext, SourceCopy, TableCounts } from '#lib/sources/driver.ts'
import { narrowTo } from '#lib/sources/files/paths.ts'
import type { FilesSettings } from '#lib/sources/files/settings.ts'
import type { BackupRun, Environment, Source } from '#prisma/client/client.ts'
import { openFolders, removeKeptOfDeleted } from './folders.ts'
import { clearInterrupted } from './recover.ts'
import type { Reporter } from './reporter.ts'
import { newestWhole, snapshotTags } from './snapshot-tags.ts'
import { splitRun } from './split-run.ts'
import type { WorkerDeps } from './worker.ts'

/**
 * Opens the source's driver and hands its copy to restic. The only place that knows both sides. Rejects when nothing was
 * saved; a source with several parts is split first, and this run then saves the first of them.
 */
export async function save(
  deps: WorkerDeps,
  claimed: BackupRun,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<Saved> {
  const { source, repository, backup } = await deps.prisma.backupRun.findUniqueOrThrow({
    where: { id: claimed.id },
    include: { source: { include: { environment: true } }, repository: true, backup: true },
  })
  await removeKeptOfDeleted(deps.prisma, deps.config.DATA_DIR).catch((error: unknown) =>
    deps.log.warn({ err: error }, 'what was kept of deleted sources could not be removed'),
  )
  const restic = await deps.restic()
  await using access = await openAccess(deps, repository, backup.uploadKibPerSecond)
  const opened = await narrowed(openSource(source, deps.secretKey), claimed, deps.config.STORAGE_ROOTS)
  const withContext = async <T>(part: string, work: (context: DriverContext) => Promise<T>): Promise<T> => {
    const { scratch, kept } = await openFolders(deps.config.DATA_DIR, source.id, part)
    try {
      return await work(
        driverContext(deps.config, { signal, scratch, kept, part, log: reporter.log, progress: reporter.prepared }),
      )
    } finally {
      await rm(scratch, { recursive: true, force: true })
    }
  }
  const run = await withContext(claimed.part, (ctx) => split(deps, claimed, opened, source.environmentId, ctx))
  // Awaited here: the files of the repository's backend go when this function is left.
  return await withSpareKey(deps, { restic, access, repository }, { signal, onLog: reporter.log }, async () => {
    await clearInterrupted(deps.prisma, restic, access, run)
    return await withContext(run.part, async (context) => {
      const copy = await opened.driver.open(opened.settings, context)
      try {
        const summary = await hand(copy, deps, { restic, access, run, source, reporter, signal })
        return { ...summary, rows: copy.rows ?? null, tables: (await copy.tables?.()) ?? null }
      } finally {
        await copy.close()
      }
    })
  })
}

async function narrowed(opened: OpenSource, run: BackupRun, roots: readonly string[]): Promise<OpenSource> {
  if (run.storagePath === null) return opened
  return { ...opened, settings: await narrowTo(opened.settings as FilesSettings, run.storagePath, roots) }
}

async function split(
  deps: WorkerDeps,
  run: BackupRun,
  { driver, settings }: OpenSource,
  lane: string,
  context: DriverContext,
): Promise<BackupRun> {
  const parts = run.part === '' ? ((await driver.parts?.(settings, context)) ?? null) : null
  if (parts === null) return run
  if (parts.length === 0) throw new CodedError('SOURCE_EMPTY', { source: driver.title })
  context.log('info', `saved by a run each: ${parts.map((part) => part.name).join(', ')}`)
  const kept = await splitRun(deps, run, lane, parts)
  if (kept === null) throw new Error('the claim was lost before the run could be split')
  return kept
}

/** What restic saved, and which tables and how many rows that was, where the driver knows. */
export interface Saved extends BackupSummary {
  rows: number | null
  tables: TableCounts | null
}

interface Saving {
  restic: Restic
  access: RepositoryAccess
  run: BackupRun
  source: Source & { environment: Environment }
  reporter: Reporter
  signal: AbortSignal
}

async function hand(copy: SourceCopy, deps: WorkerDeps, saving: Saving): Promise<BackupSummary> {
  const { restic, access, run, source, reporter, signal } = saving
  const common = {
    // Fixed per source, so that restic finds the parent although paths and workers may change.
    host: `source-${source.id}`,
    tags: snapshotTags(run, source, await newestWhole(deps.prisma, run)),
    compressionLevel: run.compressionLevel,
    signal,
    onStarted: (restic: { pid: number; startedAt: Date }) => noteRestic(deps.prisma, run, restic),
    onProgress: reporter.progress,
    onLog: reporter.log,
  }
  if (copy.shape === 'stream')
    return backupStream(restic, access, { ...common, filename: copy.filename, write: copy.write })
  const { unsaved, close: _, shape: __, rows: ___, tables: ____, ...paths } = copy
  const summary = await backupPaths(restic, access, { ...common, ...paths })
  const left = await lookFor(unsaved, summary.snapshotId, saving)
  if (left === undefined || left.length === 0) return summary
  for (const name of left) reporter.log('warning', `${name}: is not in the snapshot`)
  return { ...summary, partial: true, unreadable: [...new Set([...summary.unreadable, ...left])] }
}

/** What is not in the snapshot. When that cannot be known, nobody can call the snapshot whole, and it goes. */
async function lookFor(
  unsaved: Extract<SourceCopy, { shape: 'paths' }>['unsaved'],
  snapshotId: string,
  { restic, access, reporter, signal }: Saving,
): Promise<string[] | undefined> {
  try {
    return await unsaved?.((wanted) => savedPaths(restic, access, snapshotId, wanted, signal))
  } catch (thrown) {
    await forgetSnapshots(restic, access, [snapshotId]).catch((error: Error) =>
      reporter.log(
        'error',
        `The snapshot ${snapshotId}, of which nobody knows whether it is whole, could not be removed: ${error.message}`,
      ),
    )
    throw thrown
  }
}

async function noteRestic(prisma: Database, run: BackupRun, restic: { pid: number; startedAt: Date }): Promise<void> {
  await prisma.backupRun.updateMany({
    where: { id: run.id, claimId: run.claimId },
    data: { resticHost: hostname(), resticPid: restic.pid, resticStartedAt: restic.startedAt },
  })
}
