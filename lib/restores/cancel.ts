import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { Restore } from '#prisma/client/client.ts'
import type { RestoreDeps } from './deps.ts'
import { endRestore } from './end-restore.ts'
import { findRestore } from './find.ts'

/**
 * Asks a restore to stop: a queued one is cancelled at once, a running one is told; what it has written stays in the folder.
 * Asking twice is harmless. Throws FORBIDDEN, RESTORE_UNKNOWN, RESTORE_ALREADY_ENDED.
 */
export async function cancelRestore(
  deps: Pick<RestoreDeps, 'prisma' | 'queue'>,
  actor: Actor | null,
  id: string,
): Promise<Restore> {
  requireScope(actor, 'backup:restore', 'cancel a restore')
  return deps.prisma.$transaction(async (tx) => {
    const found = await findRestore(tx, id)
    const [restore] = await tx.restore.updateManyAndReturn({
      where: { id, state: { in: ['QUEUED', 'RUNNING'] } },
      data: { cancelledBy: actor.email },
    })
    if (!restore) throw new CodedError('RESTORE_ALREADY_ENDED', { id, state: found.state })
    await record(tx, { actor, action: 'restore.cancel', target: { type: 'restore', id } })
    if (restore.state === 'QUEUED') {
      const error = new CodedError('RESTORE_CANCELLED', { by: actor.email, folder: restore.folder })
      await endRestore(tx, deps, restore, { state: 'CANCELLED', error })
    }
    return findRestore(tx, id)
  })
}
