import { createHash } from 'node:crypto'
import { type AuditEntry, record } from '#lib/audit/record.ts'
import type { Config } from '#lib/config/config.ts'
import type { Database, Transaction } from '#lib/database/database.ts'
import { ensureInstallationSource } from '#lib/environments/installation-source.ts'
import type { Queue } from '#lib/queue/queue.ts'
import { optionsOf } from '#lib/repositories/options.ts'
import { stageOf } from '#lib/repositories/stages.ts'
import { isServed, liveWorkers } from '#lib/repositories/workers.ts'
import type { OptionConfig } from '#lib/settings/options.ts'
import type { Backup, BackupRun } from '#prisma/client/client.ts'
import type { BackupOrigin } from '#prisma/client/enums.ts'
import { type Admitted, admit, type LeftOut, leftOut, takesInstallation } from './admission.ts'
import { appendEvents } from './append-events.ts'
import { checkStoragePath } from './check-storage-path.ts'
import type { TriggerInput } from './input.ts'
import { queueHooks } from './queue-hooks.ts'
import { activeStates } from './states.ts'
import { usedOptions } from './used-options.ts'

export interface StartDeps {
  prisma: Database
  queue: Queue
  config: OptionConfig & Pick<Config, 'ROLE' | 'STORAGE_ROOTS'>
}

/** What a plan says about its backups. */
export interface OfPlan {
  planId?: string
  retries?: number
  retryPauseSeconds?: number
  timeLimitSeconds?: number | null
  /** Where all is saved; null: where each source is otherwise. */
  repositoryId?: string | null
  copyToId?: string | null
  uploadKibPerSecond?: number | null
  runsAtOnce?: number | null
}

export interface StartRequest extends OfPlan {
  by: AuditEntry['actor']
  origin: BackupOrigin
  input: TriggerInput
}

/** Runs cannot be sent to an environment before its lane is there. Not in a transaction: it is made once and stays. */
export async function openLanes({ prisma, queue }: Pick<StartDeps, 'prisma' | 'queue'>): Promise<void> {
  const environments = await prisma.environment.findMany({ orderBy: { position: 'asc' } })
  for (const environment of environments) await queue.openLane('backup.run', environment.id)
}

/** Admits a backup and starts it, all in the caller's transaction. Throws the code of the first reason to refuse it. */
export async function startBackup(
  deps: StartDeps,
  tx: Transaction,
  { by, origin, input, repositoryId, ...plan }: StartRequest,
): Promise<Backup> {
  if (takesInstallation(input)) await ensureInstallationSource(tx, by, input.environments ?? [])
  const { admitted, leftOut } = await decide(tx, input, repositoryId)
  for (const run of admitted) await checkStoragePath(deps.config, run)
  const options = await usedOptions(tx, deps.config, input, plan.planId !== undefined)
  const compressionLevel = Number(options.find(({ name }) => name === 'compression_level')?.value)
  const backup = await tx.backup.create({
    data: {
      type: input.type,
      origin,
      description: input.description,
      environments: [...new Set(admitted.map((run) => run.source.environment.name))],
      leftOut: leftOut.map((source) => ({ ...source })),
      compressionLevel,
      notificationEnabled: input.notificationEnabled ?? null,
      logVerbosity: input.logVerbosity ?? null,
      retentionDays: input.retentionDays ?? null,
      options: options.map((option) => ({ ...option })),
      idempotencyKey: input.idempotencyKey ?? null,
      requestHash: input.idempotencyKey ? requestHash(input) : null,
      requestedById: by.userId,
      ...plan,
    },
  })
  const levels = input.compressionLevel === undefined ? await levelsOfRepositories(tx) : null
  const runs = await tx.backupRun.createManyAndReturn({
    data: admitted.map(({ source, repositoryId, part, storagePath }) => ({
      backupId: backup.id,
      sourceId: source.id,
      repositoryId,
      part,
      storagePath,
      stage: input.type === 'FULL' ? stageOf(source) : 0,
      compressionLevel: levels?.get(repositoryId) ?? compressionLevel,
    })),
  })
  await appendEvents(
    tx,
    backup.id,
    runs.map((run) => ({ kind: 'STATE', runId: run.id, state: 'QUEUED' })),
  )
  await queueHooks(
    tx,
    backup,
    admitted.map(({ source }) => source.environment.id),
  )
  await warnOfAbsentWorkers(tx, backup.id, runs, admitted)
  for (const run of runs) {
    const lane = admitted.find((a) => a.source.id === run.sourceId)?.source.environment.id
    await deps.queue.send(tx, 'backup.run', { runId: run.id }, lane)
  }
  await record(tx, {
    actor: by,
    action: 'backup.trigger',
    target: { type: 'backup', id: backup.id },
    details: { type: input.type, origin, sources: admitted.map((run) => run.source.name) },
  })
  return backup
}

/** A run that nobody would take says so in its log at once, instead of waiting in silence. */
async function warnOfAbsentWorkers(
  tx: Transaction,
  backupId: string,
  runs: readonly BackupRun[],
  admitted: readonly Admitted[],
): Promise<void> {
  const workers = await liveWorkers(tx)
  const environmentOf = new Map(admitted.map(({ source }) => [source.id, source.environment.name]))
  const unserved = runs.filter((run) => !isServed(workers, environmentOf.get(run.sourceId) as string))
  await appendEvents(
    tx,
    backupId,
    unserved.map((run) => ({
      kind: 'LOG',
      runId: run.id,
      level: 'WARNING',
      message: `No worker serves ${environmentOf.get(run.sourceId)}: the run waits until one does.`,
    })),
  )
}

/** The compression that was chosen for repositories, where one was. */
async function levelsOfRepositories(tx: Transaction): Promise<ReadonlyMap<string, number | undefined>> {
  const repositories = await tx.repository.findMany({ select: { id: true, name: true, options: true } })
  return new Map(repositories.map((repository) => [repository.id, optionsOf(repository).compressionLevel]))
}

/** What a trigger would start now. Throws the code of the first reason to refuse it. */
export async function decide(
  tx: Transaction,
  input: TriggerInput,
  planRepositoryId: string | null = null,
): Promise<{ admitted: Admitted[]; leftOut: LeftOut[] }> {
  const [environments, sources, repository] = await Promise.all([
    tx.environment.findMany({ select: { name: true }, orderBy: { position: 'asc' } }),
    tx.source.findMany({
      // The others of a trigger that names its sources are nobody's business, and there may be thousands.
      where: { deletedAt: null, ...(input.sourceIds && { id: { in: input.sourceIds } }) },
      include: {
        environment: true,
        runs: { where: { state: { in: [...activeStates] } }, select: { backupId: true } },
      },
      orderBy: [{ type: 'asc' }, { name: 'asc' }],
    }),
    tx.repository.findFirst({ where: { isDefault: true }, select: { id: true } }),
  ])
  const candidates = sources.map((source) => ({ ...source, activeBackupId: source.runs[0]?.backupId ?? null }))
  const admitted = admit(input, candidates, {
    environments: environments.map((e) => e.name),
    defaultRepositoryId: repository?.id ?? null,
    planRepositoryId,
  })
  return { admitted, leftOut: leftOut(input, candidates, admitted) }
}

/** Tells whether two requests ask for the same. */
export function requestHash(input: TriggerInput): string {
  const ordered = Object.entries(input).sort(([a], [b]) => a.localeCompare(b))
  return createHash('sha256').update(JSON.stringify(ordered)).digest('hex')
}
