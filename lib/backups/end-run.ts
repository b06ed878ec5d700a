import type { Transaction } from '#lib/database/database.ts'
import type { CodedError } from '#lib/errors/coded-error.ts'
import type { Queue } from '#lib/queue/queue.ts'
import { queueCopy } from '#lib/repositories/queue-copy.ts'
import type { BackupRun } from '#prisma/client/client.ts'
import type { RunState } from '#prisma/client/enums.ts'
import { appendEvents } from './append-events.ts'
import type { Saved } from './save.ts'
import { backupState, isEnded, pauseBeforeRetry } from './states.ts'

export interface Outcome {
  state: Exclude<RunState, 'QUEUED' | 'RUNNING'>
  error?: CodedError
  summary?: Saved
}

/** Takes the backup's row lock, so that two runs that end at once see each other. */
export async function lockBackup(tx: Transaction, backupId: string): Promise<void> {
  await tx.$executeRaw`select 1 from backups where id = ${backupId}::uuid for update`
}

/**
 * Ends a run, inside the caller's transaction, if it is still in the state and under the claim that the caller saw
 * (compare-and-set); answers whether it was. A run that was interrupted, or that failed for a reason that may pass, gets a
 * successor while attempts are left. When it was the last, the backup ends too and the follow-up job is sent.
 * The second copy of a good run's snapshot is a task of its own.
 */
export async function endRun(tx: Transaction, queue: Queue, run: BackupRun, outcome: Outcome): Promise<boolean> {
  await lockBackup(tx, run.backupId)
  const { summary, error } = outcome
  const { count } = await tx.backupRun.updateMany({
    where: { id: run.id, state: run.state, claimId: run.claimId },
    data: {
      state: outcome.state,
      finishedAt: new Date(await databaseNow(tx)),
      snapshotId: summary?.snapshotId ?? null,
      ...(summary && {
        filesDone: summary.filesProcessed,
        filesTotal: summary.filesProcessed,
        bytesDone: summary.bytesProcessed,
        bytesTotal: summary.bytesProcessed,
        addedBytes: summary.addedBytes,
        storedBytes: summary.storedBytes,
        rowCount: summary.rows,
        ...(summary.tables !== null && { tables: summary.tables }),
      }),
      secondsLeft: null,
      errorCode: error?.code ?? null,
      errorMessage: error?.message ?? null,
      errorRemedy: error?.remedy ?? null,
    },
  })
  if (count !== 1) return false
  await appendEvents(tx, run.backupId, [
    { kind: 'STATE', runId: run.id, state: outcome.state, message: error && `${error.message} ${error.remedy}` },
  ])
  await retry(tx, queue, run, outcome)
  if (outcome.state === 'SUCCEEDED' || outcome.state === 'PARTIAL') await queueCopy(tx, queue, run)
  await settle(tx, queue, run.backupId)
  return true
}

async function retry(tx: Transaction, queue: Queue, run: BackupRun, { state, error }: Outcome): Promise<void> {
  const backup = await tx.backup.findUniqueOrThrow({ where: { id: run.backupId } })
  const pauseSeconds = pauseBeforeRetry(run.attempt, state, error, backup)
  if (pauseSeconds === null || backup.cancelledBy !== null) return
  const source = await tx.source.findUniqueOrThrow({ where: { id: run.sourceId }, select: { environmentId: true } })
  const next = await tx.backupRun.create({
    data: {
      backupId: run.backupId,
      sourceId: run.sourceId,
      repositoryId: run.repositoryId,
      part: run.part,
      storagePath: run.storagePath,
      stage: run.stage,
      compressionLevel: run.compressionLevel,
      attempt: run.attempt + 1,
      notBefore: pauseSeconds === 0 ? null : new Date((await databaseNow(tx)) + pauseSeconds * 1000),
    },
  })
  await appendEvents(tx, run.backupId, [{ kind: 'STATE', runId: next.id, state: 'QUEUED' }])
  await queue.send(tx, 'backup.run', { runId: next.id }, source.environmentId)
}

async function settle(tx: Transaction, queue: Queue, backupId: string): Promise<void> {
  const runs = await tx.backupRun.findMany({
    where: { backupId },
    select: { sourceId: true, part: true, attempt: true, state: true },
  })
  const state = backupState(runs)
  const ended = isEnded(state)
  await tx.backup.update({
    where: { id: backupId },
    data: { state, finishedAt: ended ? new Date(await databaseNow(tx)) : null },
  })
  if (!ended) return
  await appendEvents(tx, backupId, [{ kind: 'STATE', runId: null, state }])
  await queue.send(tx, 'notify.backup-ended', { backupId })
}

/** The database's clock, the one that all processes share. Milliseconds since the epoch. */
export async function databaseNow(tx: Transaction): Promise<number> {
  const [row] = await tx.$queryRaw<
    { ms: number }[]
  >`select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms`
  return row?.ms ?? 0
}
