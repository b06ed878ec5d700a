import type { Database } from '#lib/database/database.ts'
import { isBehindEarlier } from '#lib/repositories/waiting-hooks.ts'
import { isServed, liveWorkers } from '#lib/repositories/workers.ts'

interface Facts {
  phase: 'BEFORE' | 'AFTER'
  environment: string
  notBefore: Date | null
  isPaused: boolean
  isActive: boolean
  isSecond: boolean
  isBehind: boolean
}

/** What a queued hook waits for: “the end of the backup”. Null when it is not queued. */
export async function hookWaitsFor(prisma: Database, id: string): Promise<string | null> {
  const [facts] = await prisma.$queryRaw<Facts[]>`
    select h.phase, e.name as environment, h.not_before as "notBefore",
      coalesce(h.not_before > clock_timestamp(), false) as "isPaused",
      b.state in ('QUEUED', 'RUNNING') as "isActive", ${isBehindEarlier} as "isBehind",
      exists (select 1 from backup_hooks o where o.backup_id = h.backup_id and o.state in ('QUEUED', 'RUNNING')
        and (o.phase, o.position) < (h.phase, h.position)) as "isSecond"
    from backup_hooks h join backups b on b.id = h.backup_id join environments e on e.id = h.environment_id
    where h.id = ${id}::uuid and h.state = 'QUEUED'`
  if (facts === undefined) return null
  if (facts.phase === 'AFTER' && facts.isActive) return 'the end of the backup'
  if (facts.isSecond) return 'the hooks before it'
  if (facts.phase === 'BEFORE' && facts.isBehind) return 'the hooks of an earlier backup'
  if (facts.isPaused) return `its next attempt at ${facts.notBefore?.toISOString()}`
  if (!isServed(await liveWorkers(prisma), facts.environment)) return `a worker: none serves ${facts.environment}`
  return 'a free place on a worker'
}
