import type { Transaction } from '#lib/database/database.ts'
import type { RestoreDeps } from './deps.ts'
import { queueVerification } from './trigger-verification.ts'

/** What could not be restored, or was interrupted, is tried again after a day, however seldom it is due. */
const AGAIN_AFTER_DAYS = 1

interface Due {
  runId: string
  plan: string
}

/**
 * Queues the verifications that plans say are due, once, however many processes do this at once: of each source and part the newest
 * good backup of the plan whose snapshot is there, when no backup of it came to a result within the plan's days. A plan that is
 * paused verifies nothing.
 */
export async function queueDueVerifications(deps: Pick<RestoreDeps, 'prisma' | 'queue' | 'log'>): Promise<void> {
  await deps.prisma.$transaction(async (tx) => {
    await tx.$executeRaw`select pg_advisory_xact_lock(hashtext('backup-trigger schedule of verifications'))`
    for (const { runId, plan } of await readDue(tx)) {
      const made = await queueVerification(tx, deps.queue, runId, { email: `plan ${plan}`, userId: null })
      deps.log.info({ restoreId: made.id, runId, plan }, 'a verification is due')
    }
  })
}

function readDue(tx: Transaction): Promise<Due[]> {
  return tx.$queryRaw<Due[]>`
    with newest as (
      select distinct on (r.source_id, r.part) r.id, r.source_id, r.part, p.name as plan, p.verify_every_days as days
      from backup_runs r
      join backups b on b.id = r.backup_id
      join plans p on p.id = b.plan_id
      join sources s on s.id = r.source_id
      where r.state in ('SUCCEEDED', 'PARTIAL') and r.snapshot_id is not null and r.removed_at is null and r.expired_at is null
        and r.storage_path is null and s.deleted_at is null and s.enabled
        and p.verify_every_days > 0 and p.paused_at is null
      order by r.source_id, r.part, r.finished_at desc, r.id desc)
    select n.id as "runId", n.plan
    from newest n
    left join lateral (
      select v.state, v.error_code, v.queued_at, v.finished_at
      from restores v join backup_runs r on r.id = v.run_id
      where v.purpose = 'VERIFICATION' and r.source_id = n.source_id and r.part = n.part and v.state <> 'CANCELLED'
      order by v.queued_at desc limit 1) last on true
    where not exists (
        select 1 from restores active
        where active.run_id = n.id and active.purpose = 'VERIFICATION' and active.state in ('QUEUED', 'RUNNING'))
      and (last.state is null
      or (last.state not in ('QUEUED', 'RUNNING') and clock_timestamp() >= case
        when last.state = 'SUCCEEDED' or last.error_code = 'VERIFICATION_MISMATCH'
        then last.queued_at + make_interval(days => n.days)
        else last.finished_at + make_interval(days => least(n.days, ${AGAIN_AFTER_DAYS}::int)) end))`
}
