import { z } from 'zod'
import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import type { Clock } from '#lib/clock/now.ts'
import type { Database, Transaction } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { parseInput } from '#lib/errors/parse-input.ts'
import type { BackupRun, RetentionHold } from '#prisma/client/client.ts'

interface Deps {
  prisma: Database
  clock: Clock
}

const pinInput = z.strictObject({
  runId: z.string(),
  reason: z.string().trim().min(1, 'says why, for the others').max(500, 'may have at most 500 characters'),
  until: z.date().nullish(),
})

/**
 * Keeps a run's snapshot whatever the rules say, until an end or until it is unpinned; one that had expired is taken back.
 * Throws FORBIDDEN, INPUT_INVALID, RUN_UNKNOWN, SNAPSHOT_GONE.
 */
export async function pinRun({ prisma, clock }: Deps, actor: Actor | null, raw: unknown): Promise<BackupRun> {
  requireScope(actor, 'settings:write', 'pin a snapshot')
  const { runId, reason, until = null } = parseInput(pinInput, raw)
  const now = clock.now()
  if (until !== null && until <= now)
    throw new CodedError('INPUT_INVALID', { issues: [{ path: 'until', problem: 'must be in the future' }] })
  return prisma.$transaction(async (tx) => {
    const run = await lockRun(tx, runId)
    if (run.snapshotId === null || run.removedAt !== null) throw new CodedError('SNAPSHOT_GONE', { id: runId })
    const details = { reason, until: until?.toISOString() ?? null, wasExpired: run.expiredAt !== null }
    await record(tx, { actor, action: 'run.pin', target: { type: 'run', id: runId }, details })
    const data = { pinnedAt: now, pinnedUntil: until, pinReason: reason, pinnedBy: actor.email, expiredAt: null }
    return tx.backupRun.update({ where: { id: runId }, data })
  })
}

/** The rules count again. Throws FORBIDDEN, RUN_UNKNOWN. */
export async function unpinRun({ prisma }: Deps, actor: Actor | null, runId: string): Promise<BackupRun> {
  requireScope(actor, 'settings:write', 'unpin a snapshot')
  return prisma.$transaction(async (tx) => {
    await lockRun(tx, runId)
    await record(tx, { actor, action: 'run.unpin', target: { type: 'run', id: runId } })
    const data = { pinnedAt: null, pinnedUntil: null, pinReason: '', pinnedBy: null }
    return tx.backupRun.update({ where: { id: runId }, data })
  })
}

/** Somebody has looked at the backup that looked wrong: retention goes on. Throws FORBIDDEN, HOLD_UNKNOWN. */
export async function releaseHold({ prisma, clock }: Deps, actor: Actor | null, id: string): Promise<RetentionHold> {
  requireScope(actor, 'settings:write', 'let retention go on')
  return prisma.$transaction(async (tx) => {
    const hold = z.uuid().safeParse(id).success ? await tx.retentionHold.findUnique({ where: { id } }) : null
    if (!hold) throw new CodedError('HOLD_UNKNOWN', { id })
    if (hold.releasedAt !== null) return hold
    const details = { runId: hold.runId, reason: hold.reason }
    await record(tx, { actor, action: 'retention.release', target: { type: 'source', id: hold.sourceId }, details })
    return tx.retentionHold.update({ where: { id }, data: { releasedAt: clock.now(), releasedBy: actor.email } })
  })
}

async function lockRun(tx: Transaction, id: string): Promise<BackupRun> {
  const rows = z.uuid().safeParse(id).success
    ? await tx.$queryRaw<unknown[]>`select 1 from backup_runs where id = ${id}::uuid for update`
    : []
  if (rows.length === 0) throw new CodedError('RUN_UNKNOWN', { id })
  return tx.backupRun.findUniqueOrThrow({ where: { id } })
}
