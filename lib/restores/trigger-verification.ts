import { z } from 'zod'
import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { isGood } from '#lib/backups/states.ts'
import type { Transaction } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { parseInput } from '#lib/errors/parse-input.ts'
import type { Queue } from '#lib/queue/queue.ts'
import { lockTurns } from '#lib/repositories/read-turns.ts'
import type { Restore } from '#prisma/client/client.ts'
import { queued } from './append-events.ts'
import type { RestoreDeps } from './deps.ts'

const input = z.strictObject({ runId: z.string() })

/**
 * Asks that a run's snapshot is verified, as soon as it is its turn, by a worker that serves its environment. Throws FORBIDDEN,
 * INPUT_INVALID, RUN_UNKNOWN, SNAPSHOT_GONE, SOURCE_SETTINGS_MISSING, VERIFICATION_ALREADY_ACTIVE; then nothing was started.
 */
export async function triggerVerification(
  deps: Pick<RestoreDeps, 'prisma' | 'queue'>,
  actor: Actor | null,
  raw: unknown,
): Promise<Restore> {
  requireScope(actor, 'backup:trigger', 'verify a backup')
  const { runId } = parseInput(input, raw)
  return deps.prisma.$transaction(async (tx) => {
    await lockTurns(tx)
    const run = z.uuid().safeParse(runId).success
      ? await tx.backupRun.findUnique({ where: { id: runId }, include: { source: true } })
      : null
    if (!run) throw new CodedError('RUN_UNKNOWN', { id: runId })
    if (!isGood(run.state) || run.snapshotId === null || run.removedAt !== null)
      throw new CodedError('SNAPSHOT_GONE', { id: runId })
    if (run.source.settingsMissing) throw new CodedError('SOURCE_SETTINGS_MISSING', { name: run.source.name })
    const active = await tx.restore.findFirst({
      where: { runId, purpose: 'VERIFICATION', state: { in: ['QUEUED', 'RUNNING'] } },
    })
    if (active) throw new CodedError('VERIFICATION_ALREADY_ACTIVE', { id: active.id })
    const verification = await queueVerification(tx, deps.queue, runId, actor)
    const target = { type: 'restore', id: verification.id }
    await record(tx, { actor, action: 'verification.trigger', target, details: { runId } })
    return verification
  })
}

/** The caller has made sure that none of this run is active. Without an actor, a plan asks. */
export async function queueVerification(
  tx: Transaction,
  queue: Queue,
  runId: string,
  actor: Pick<Actor, 'email' | 'userId'> | { email: string; userId: null },
): Promise<Restore> {
  const made = await tx.restore.create({
    data: {
      runId,
      purpose: 'VERIFICATION',
      folder: '',
      requestedFolder: '',
      requestedBy: actor.email,
      requestedById: actor.userId,
      ...queued,
    },
  })
  await queue.send(tx, 'restore.run', { restoreId: made.id })
  return made
}
