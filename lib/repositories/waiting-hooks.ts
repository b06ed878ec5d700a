import type { Database, Transaction } from '#lib/database/database.ts'
import { hookInput, hookTitle } from '#lib/hooks/hook.ts'
import { Prisma } from '#prisma/client/client.ts'

/** What the runs of a backup wait for: what its plan calls before it. */
export interface WaitingHook {
  title: string
  /** Whose workers call it. */
  environment: string
  notBefore: Date | null
  /** It waits itself: for the hooks after an earlier backup of the plan. */
  isBehind: boolean
}

/** SQL: whether the hooks of earlier backups of the same plan as the backup `b` are not over. */
export const isBehindEarlier = Prisma.sql`exists (
  select 1 from backup_hooks o join backups ob on ob.id = o.backup_id
  where ob.plan_id = b.plan_id and (ob.created_at, ob.id) < (b.created_at, b.id) and o.state in ('QUEUED', 'RUNNING'))`

/** By the backup: the first of its hooks that its runs wait for. */
export async function waitingHooks(db: Database | Transaction): Promise<ReadonlyMap<string, WaitingHook>> {
  const rows = await db.$queryRaw<
    { id: string; hook: unknown; environment: string; notBefore: Date | null; isBehind: boolean }[]
  >`
    select distinct on (b.id) b.id, h.hook, e.name as environment, h.not_before as "notBefore",
      h.state = 'QUEUED' and ${isBehindEarlier} as "isBehind"
    from backup_hooks h join backups b on b.id = h.backup_id join environments e on e.id = h.environment_id
    where h.phase = 'BEFORE' and h.state in ('QUEUED', 'RUNNING')
    order by b.id, h.position`
  return new Map(rows.map(({ id, hook, ...row }) => [id, { ...row, title: hookTitle(hookInput.parse(hook)) }]))
}
