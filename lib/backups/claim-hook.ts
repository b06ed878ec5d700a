import { randomUUID } from 'node:crypto'
import type { Database } from '#lib/database/database.ts'
import { hookInput, hookTitle } from '#lib/hooks/hook.ts'
import { isBehindEarlier } from '#lib/repositories/waiting-hooks.ts'
import type { BackupHook } from '#prisma/client/client.ts'
import { appendEvents } from './append-events.ts'
import { lockBackup } from './end-run.ts'
import { workerName } from './worker-name.ts'

/*
 * The hooks of a backup go one after the other: those before it, then its runs, then those after it, whatever became of
 * the others. Before the first, the hooks after the plan's earlier backups are over: who lets an application out of its
 * maintenance mode must not do so while the next backup has put it there.
 */

/**
 * Claims hooks whose turn it is. Once a hook's turn has come it stays so, so that the compare-and-set need not look at the
 * others again.
 */
export async function claimHooks(
  prisma: Database,
  environmentIds: readonly string[],
  places: number,
): Promise<BackupHook[]> {
  if (places <= 0) return []
  const ready = await prisma.$queryRaw<{ id: string; backup_id: string }[]>`
    select h.id, h.backup_id from backup_hooks h join backups b on b.id = h.backup_id
    where h.state = 'QUEUED' and h.environment_id = any(${environmentIds}::uuid[])
      and (h.not_before is null or h.not_before <= clock_timestamp())
      and (h.phase = 'BEFORE' or b.state not in ('QUEUED', 'RUNNING'))
      and not exists (
        select 1 from backup_hooks o where o.backup_id = h.backup_id and o.state in ('QUEUED', 'RUNNING')
          and (o.phase, o.position) < (h.phase, h.position))
      and (h.phase = 'AFTER' or not ${isBehindEarlier})
    order by h.id limit ${places}`
  const claimed: BackupHook[] = []
  for (const { id, backup_id: backupId } of ready) {
    const hook = await claimOne(prisma, id, backupId)
    if (hook !== null) claimed.push(hook)
  }
  return claimed
}

async function claimOne(prisma: Database, id: string, backupId: string): Promise<BackupHook | null> {
  return prisma.$transaction(async (tx) => {
    await lockBackup(tx, backupId)
    const count = await tx.$executeRaw`
      update backup_hooks set state = 'RUNNING', claim_id = ${randomUUID()}::uuid, worker = ${workerName},
        heartbeat_at = clock_timestamp(), started_at = clock_timestamp()
      where id = ${id}::uuid and state = 'QUEUED'`
    if (count !== 1) return null
    const hook = await tx.backupHook.findUniqueOrThrow({ where: { id } })
    const message = `Hook ${hook.phase.toLowerCase()} the backup: ${hookTitle(hookInput.parse(hook.hook))} is called${hook.attempt > 1 ? `, attempt ${hook.attempt}` : ''}.`
    await appendEvents(tx, backupId, [{ kind: 'LOG', runId: null, level: 'INFO', message }])
    return hook
  })
}
