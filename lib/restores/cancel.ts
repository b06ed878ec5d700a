import { record } from '#lib/audit/record.ts'
import { type Actor, hasScope, requireScope } from '#lib/auth/actor.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { Restore } from '#prisma/client/client.ts'
import { appendRestoreEvents } from './append-events.ts'
import type { RestoreDeps } from './deps.ts'
import { endRestore } from './end-restore.ts'
import { findRestore } from './find.ts'
import { cancelled } from './stopped.ts'

/**
 * Asks a restore or a verification to stop: a queued one is cancelled at once, a running one is told; what it has written stays in the folder.
 * Asking twice is harmless. Throws FORBIDDEN, RESTORE_UNKNOWN, RESTORE_ALREADY_ENDED.
 */
export async function cancelRestore(
  deps: Pick<RestoreDeps, 'prisma' | 'queue' | 'secretKey'>,
  actor: Actor | null,
  id: string,
): Promise<Restore> {
  if (!hasScope(actor, 'backup:trigger')) requireScope(actor, 'backup:restore', 'cancel a restore')
  return deps.prisma.$transaction(async (tx) => {
    const found = await findRestore(tx, id)
    const isVerification = found.purpose === 'VERIFICATION'
    if (isVerification) requireScope(actor, 'backup:trigger', 'cancel a verification')
    else requireScope(actor, 'backup:restore', 'cancel a restore')
    const [restore] = await tx.restore.updateManyAndReturn({
      where: { id, state: { in: ['QUEUED', 'RUNNING'] } },
      data: { cancelledBy: actor.email },
    })
    if (!restore) throw new CodedError('RESTORE_ALREADY_ENDED', { id, state: found.state })
    const action = isVerification ? 'verification.cancel' : 'restore.cancel'
    await record(tx, { actor, action, target: { type: 'restore', id } })
    await appendRestoreEvents(tx, id, [{ kind: 'LOG', level: 'INFO', message: `${actor.email} asked that it stops.` }])
    if (restore.state === 'QUEUED')
      await endRestore(tx, deps, restore, { state: 'CANCELLED', error: cancelled(restore) })
    return findRestore(tx, id)
  })
}
