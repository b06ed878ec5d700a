import { z } from 'zod'
import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import type { Transaction } from '#lib/database/database.ts'
import { requireConfirmation } from '#lib/environments/confirm.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { parseInput } from '#lib/errors/parse-input.ts'
import type { Queue } from '#lib/queue/queue.ts'
import type { BackupRun, Restore, Source } from '#prisma/client/client.ts'
import { appendRestoreEvents } from './append-events.ts'
import type { RestoreDeps } from './deps.ts'
import { endRestore } from './end-restore.ts'
import { findRestore } from './find.ts'
import { placeText } from './place-text.ts'

/** One that nobody has approved by then fails: its reason may be long over, and it holds an account's password. */
const APPROVAL_HOURS = 24

const approveInput = z.strictObject({
  id: z.string(),
  /** The name of the protected environment that it goes into. */
  confirmEnvironment: z.string().nullish(),
})

/**
 * Lets a restore that goes from another environment into a protected one begin. Throws FORBIDDEN, INPUT_INVALID, RESTORE_UNKNOWN,
 * RESTORE_NOT_TO_APPROVE, RESTORE_APPROVAL_OWN to who asked for it, and ENVIRONMENT_NOT_CONFIRMED. Approving twice is harmless.
 */
export async function approveRestore(
  deps: Pick<RestoreDeps, 'prisma' | 'queue'>,
  actor: Actor | null,
  raw: unknown,
): Promise<Restore> {
  requireScope(actor, 'backup:restore', 'approve a restore')
  const { id, confirmEnvironment } = parseInput(approveInput, raw)
  return deps.prisma.$transaction(async (tx) => {
    const { placeSourceId, needsApproval, requestedBy, requestedById, state } = await findRestore(tx, id)
    if (!needsApproval || placeSourceId === null || state !== 'QUEUED')
      throw new CodedError('RESTORE_NOT_TO_APPROVE', { id, state })
    if (actor.userId === requestedById || actor.email === requestedBy)
      throw new CodedError('RESTORE_APPROVAL_OWN', { id })
    const { environment } = await tx.source.findUniqueOrThrow({
      where: { id: placeSourceId },
      include: { environment: true },
    })
    requireConfirmation(environment, confirmEnvironment, 'let a backup of another environment into it')
    const { count } = await tx.restore.updateMany({
      where: { id, state: 'QUEUED', approvedBy: null },
      data: { approvedBy: actor.email },
    })
    if (count === 1) {
      await record(tx, { actor, action: 'restore.approve', target: { type: 'restore', id }, details: { requestedBy } })
      await appendRestoreEvents(tx, id, [{ kind: 'LOG', level: 'INFO', message: `${actor.email} has approved it.` }])
      await deps.queue.send(tx, 'restore.run', { restoreId: id })
    }
    return findRestore(tx, id)
  })
}

/** Tells people that one waits for them. */
export async function askForApproval(
  tx: Transaction,
  queue: Queue,
  restore: Restore,
  { repositoryId, source }: BackupRun & { source: Source & { environment: { name: string } } },
): Promise<void> {
  const { environment } = await tx.source.findUniqueOrThrow({
    where: { id: restore.placeSourceId as string },
    include: { environment: true },
  })
  await queue.send(tx, 'notify.repository', {
    repositoryId,
    event: `approval of restore ${restore.id}`,
    notice: {
      kind: 'restore-approval',
      restoreId: restore.id,
      source: `${source.environment.name}: ${source.name}`,
      into: `${environment.name}: ${placeText(restore)}`,
      requestedBy: restore.requestedBy,
      at: restore.queuedAt.toISOString(),
      hours: APPROVAL_HOURS,
    },
  })
}

/** Ends those that nobody has approved in time. */
export async function endUnapproved(deps: Pick<RestoreDeps, 'prisma' | 'queue' | 'secretKey'>): Promise<void> {
  const ids = await deps.prisma.$queryRaw<{ id: string }[]>`
    select id from restores where state = 'QUEUED' and needs_approval and approved_by is null
      and queued_at <= clock_timestamp() - make_interval(hours => ${APPROVAL_HOURS})`
  for (const { id } of ids)
    await deps.prisma.$transaction(async (tx) => {
      const restore = await findRestore(tx, id)
      if (restore.state !== 'QUEUED' || restore.approvedBy !== null) return
      const error = new CodedError('RESTORE_NOT_APPROVED', { hours: APPROVAL_HOURS })
      await endRestore(tx, deps, restore, { state: 'FAILED', error })
    })
}
