import { isAbsolute, normalize } from 'node:path'
import { z } from 'zod'
import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { isGood } from '#lib/backups/states.ts'
import type { Transaction } from '#lib/database/database.ts'
import { requireConfirmation } from '#lib/environments/confirm.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { parseInput } from '#lib/errors/parse-input.ts'
import { lockTurns } from '#lib/repositories/read-turns.ts'
import { isInside } from '#lib/sources/storage-roots.ts'
import type { Restore } from '#prisma/client/client.ts'
import type { RestoreDeps } from './deps.ts'

const triggerInput = z.strictObject({
  runId: z.string(),
  folder: z
    .string()
    .max(4000, 'is too long')
    .refine((path) => isAbsolute(path) && !path.includes('\0'), 'must be an absolute path')
    .transform((path) => normalize(path).replace(/(?<=.)\/+$/, '')),
  /** The name of the environment of the run's source, when it is protected. */
  confirmEnvironment: z.string().nullish(),
  idempotencyKey: z.string().min(1).max(255).nullish(),
})

/**
 * Asks that a run's snapshot is brought into a folder of the worker that serves its environment; the worker looks whether the
 * folder may be used. A repeated idempotency key answers the first restore. Throws FORBIDDEN, INPUT_INVALID, RUN_UNKNOWN,
 * SNAPSHOT_GONE, ENVIRONMENT_NOT_CONFIRMED, RESTORE_TARGET_BUSY, IDEMPOTENCY_KEY_REUSED; then nothing was started.
 */
export async function triggerRestore(
  deps: Pick<RestoreDeps, 'prisma' | 'queue'>,
  actor: Actor | null,
  raw: unknown,
): Promise<Restore> {
  requireScope(actor, 'backup:restore', 'restore a backup')
  const { runId, folder, confirmEnvironment, idempotencyKey = null } = parseInput(triggerInput, raw)
  return deps.prisma.$transaction(async (tx) => {
    await lockTurns(tx) // nobody else begins a restore meanwhile
    if (idempotencyKey !== null) {
      const earlier = await tx.restore.findFirst({ where: { requestedById: actor.userId, idempotencyKey } })
      if (earlier?.runId === runId && earlier.requestedFolder === folder) return earlier
      if (earlier)
        throw new CodedError('IDEMPOTENCY_KEY_REUSED', { key: idempotencyKey, backupId: earlier.id, what: 'restore' })
    }
    const run = z.uuid().safeParse(runId).success
      ? await tx.backupRun.findUnique({ where: { id: runId }, include: { source: { include: { environment: true } } } })
      : null
    if (!run) throw new CodedError('RUN_UNKNOWN', { id: runId })
    if (!isGood(run.state) || run.snapshotId === null || run.removedAt !== null)
      throw new CodedError('SNAPSHOT_GONE', { id: runId })
    requireConfirmation(run.source.environment, confirmEnvironment, 'restore a backup of it')
    await requireFree(tx, folder)
    const restore = await tx.restore.create({
      data: {
        runId,
        folder,
        requestedFolder: folder,
        requestedBy: actor.email,
        requestedById: actor.userId,
        idempotencyKey,
      },
    })
    const target = { type: 'restore', id: restore.id }
    await record(tx, { actor, action: 'restore.trigger', target, details: { runId, folder } })
    await deps.queue.send(tx, 'restore.run', { restoreId: restore.id })
    return restore
  })
}

/** Throws RESTORE_TARGET_BUSY when another active restore goes into the folder, into one in it, or into one around it. */
export async function requireFree(tx: Transaction, folder: string, except?: string): Promise<void> {
  const active = await tx.restore.findMany({ where: { purpose: 'FOLDER', state: { in: ['QUEUED', 'RUNNING'] } } })
  const other = active.find(
    (one) => one.id !== except && (isInside(one.folder, folder) || isInside(folder, one.folder)),
  )
  if (other) throw new CodedError('RESTORE_TARGET_BUSY', { folder, restoreId: other.id })
}
