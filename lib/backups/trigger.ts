import { createHash } from 'node:crypto'
import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { hit } from '#lib/auth/rate-limit.ts'
import type { Config } from '#lib/config/config.ts'
import type { Database, Transaction } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { Queue } from '#lib/queue/queue.ts'
import { optionsOf } from '#lib/repositories/options.ts'
import { isServed, liveWorkers } from '#lib/repositories/turns.ts'
import type { Backup, BackupRun } from '#prisma/client/client.ts'
import { type BackupOrigin, Prisma } from '#prisma/client/client.ts'
import { type Admitted, admit, type LeftOut, leftOut } from './admission.ts'
import { appendEvents } from './append-events.ts'
import { checkStoragePath } from './check-storage-path.ts'
import { parseTriggerInput, type TriggerInput } from './input.ts'
import { activeStates } from './states.ts'

export interface TriggerDeps {
  prisma: Database
  queue: Queue
  config: Pick<Config, 'COMPRESSION_LEVEL' | 'ROLE' | 'STORAGE_ROOTS'>
}

const TRIGGERS_A_MINUTE = 5

/**
 * Starts a backup. All doors come here. The answer means that it will run: backup, runs, first events, audit entry and
 * jobs are one transaction. A repeated idempotency key answers the first backup without counting against the limit.
 * Throws a CodedError of kind input, forbidden, not-found, conflict or limit; then nothing was started.
 */
export async function triggerBackup(
  deps: TriggerDeps,
  actor: Actor | null,
  origin: BackupOrigin,
  raw: unknown,
): Promise<Backup> {
  requireScope(actor, 'backup:trigger', 'trigger a backup')
  const input = parseTriggerInput(raw)
  const repeated = await earlier(deps.prisma, actor, input)
  if (repeated) return repeated

  const environments = await deps.prisma.environment.findMany({ orderBy: { position: 'asc' } })
  for (const environment of environments) await deps.queue.openLane('backup.run', environment.id)
  try {
    return await deps.prisma.$transaction((tx) => start(deps, tx, actor, origin, input), {
      maxWait: 20_000,
      timeout: 20_000,
    })
  } catch (error) {
    // Somebody may have been faster: with the same key, or with another backup of one of the sources.
    const first = await earlier(deps.prisma, actor, input)
    if (first) return first
    if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002')
      await decide(deps.prisma, input)
    throw error
  }
}

async function start(
  deps: TriggerDeps,
  tx: Transaction,
  actor: Actor,
  origin: BackupOrigin,
  input: TriggerInput,
): Promise<Backup> {
  const { admitted, leftOut } = await decide(tx, input)
  for (const run of admitted) await checkStoragePath(deps.config, run)
  const compressionLevel = input.compressionLevel ?? deps.config.COMPRESSION_LEVEL
  const backup = await tx.backup.create({
    data: {
      type: input.type,
      origin,
      description: input.description,
      environments: [...new Set(admitted.map((run) => run.source.environment.name))],
      leftOut: leftOut.map((source) => ({ ...source })),
      compressionLevel,
      idempotencyKey: input.idempotencyKey ?? null,
      requestHash: input.idempotencyKey ? requestHash(input) : null,
      requestedById: actor.userId,
    },
  })
  const wait = await hit(tx, `trigger:${actor.userId}`, TRIGGERS_A_MINUTE, 60)
  if (wait > 0) throw new CodedError('RATE_LIMITED', { limit: TRIGGERS_A_MINUTE, retryAfterSeconds: wait })

  const levels = input.compressionLevel === undefined ? await levelsOfRepositories(tx) : null
  const runs = await tx.backupRun.createManyAndReturn({
    data: admitted.map(({ source, repositoryId, part, storagePath }) => ({
      backupId: backup.id,
      sourceId: source.id,
      repositoryId,
      part,
      storagePath,
      compressionLevel: levels?.get(repositoryId) ?? compressionLevel,
    })),
  })
  await appendEvents(
    tx,
    backup.id,
    runs.map((run) => ({ kind: 'STATE', runId: run.id, state: 'QUEUED' })),
  )
  await warnOfAbsentWorkers(tx, backup.id, runs, admitted)
  for (const run of runs) {
    const lane = admitted.find((a) => a.source.id === run.sourceId)?.source.environment.id
    await deps.queue.send(tx, 'backup.run', { runId: run.id }, lane)
  }
  await record(tx, {
    actor,
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

async function decide(tx: Transaction, input: TriggerInput): Promise<{ admitted: Admitted[]; leftOut: LeftOut[] }> {
  const [environments, sources, repository] = await Promise.all([
    tx.environment.findMany({ select: { name: true }, orderBy: { position: 'asc' } }),
    tx.source.findMany({
      where: { deletedAt: null },
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
  })
  return { admitted, leftOut: leftOut(input, candidates, admitted) }
}

async function earlier(prisma: Database, actor: Actor, input: TriggerInput): Promise<Backup | null> {
  if (input.idempotencyKey === undefined) return null
  const found = await prisma.backup.findFirst({
    where: { requestedById: actor.userId, idempotencyKey: input.idempotencyKey },
  })
  if (found && found.requestHash !== requestHash(input))
    throw new CodedError('IDEMPOTENCY_KEY_REUSED', { key: input.idempotencyKey, backupId: found.id })
  return found
}

function requestHash(input: TriggerInput): string {
  const ordered = Object.entries(input).sort(([a], [b]) => a.localeCompare(b))
  return createHash('sha256').update(JSON.stringify(ordered)).digest('hex')
}
