import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import type { Database } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { announce } from '#lib/events/feed.ts'
import type { Queue } from '#lib/queue/queue.ts'
import type { Backup } from '#prisma/client/client.ts'
import { endRun, lockBackup } from './end-run.ts'
import { isEnded } from './states.ts'

/**
 * Asks a backup to stop. Queued runs are cancelled at once; running ones are told, stop restic without a snapshot, and end
 * CANCELLED by themselves; so do hooks before them. Those after the backup are called all the same. Asking twice is harmless. Throws BACKUP_UNKNOWN, BACKUP_ALREADY_ENDED.
 */
export async function cancelBackup(
  deps: { prisma: Database; queue: Queue },
  actor: Actor | null,
  id: string,
): Promise<Backup> {
  requireScope(actor, 'backup:trigger', 'cancel a backup')
  return deps.prisma.$transaction(async (tx) => {
    await lockBackup(tx, id)
    const backup = await tx.backup.findUnique({ where: { id }, include: { runs: { where: { state: 'QUEUED' } } } })
    if (!backup) throw new CodedError('BACKUP_UNKNOWN', { id })
    if (isEnded(backup.state)) throw new CodedError('BACKUP_ALREADY_ENDED', { id, state: backup.state })
    if (backup.cancelledBy === null) {
      await tx.backup.update({ where: { id }, data: { cancelledBy: actor.email } })
      await record(tx, { actor, action: 'backup.cancel', target: { type: 'backup', id } })
    }
    await tx.backupHook.updateMany({
      where: { backupId: id, phase: 'BEFORE', state: 'QUEUED' },
      data: { state: 'CANCELLED' },
    })
    for (const run of backup.runs) {
      await endRun(tx, deps.queue, run, {
        state: 'CANCELLED',
        error: new CodedError('RUN_CANCELLED', { by: actor.email }),
      })
    }
    await announce(tx, id)
    return tx.backup.findUniqueOrThrow({ where: { id } })
  })
}
