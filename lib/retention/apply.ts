import type { Clock } from '#lib/clock/now.ts'
import type { Database, Transaction } from '#lib/database/database.ts'
import type { Log } from '#lib/log/log.ts'
import type { Queue } from '#lib/queue/queue.ts'
import type { BackupRun } from '#prisma/client/client.ts'
import { judge, type KeptRun, type RetentionDeps, readRules, runsToJudge } from './history.ts'
import { type LogDeps, removeOldLogs } from './logs.ts'
import { COMPARED, findSuspect } from './suspicion.ts'

export interface ApplyDeps extends RetentionDeps {
  prisma: Database
  queue: Queue
  clock: Clock
  log: Log
}

/**
 * Marks the runs that no rule keeps as expired: the next prune of their repository removes their snapshots, and until then
 * each can be taken back. Of a source whose newest backup looks wrong nothing expires until somebody has looked.
 */
export async function applyRetention(deps: ApplyDeps): Promise<void> {
  for (const { id } of await deps.prisma.source.findMany({ select: { id: true } }))
    await deps.prisma.$transaction((tx) => applyTo(deps, tx, id))
}

async function applyTo(deps: ApplyDeps, tx: Transaction, sourceId: string): Promise<void> {
  await tx.$executeRaw`select 1 from sources where id = ${sourceId}::uuid for update`
  const now = deps.clock.now()
  const rules = await readRules(tx, deps)
  for (const group of await runsToJudge(tx, sourceId)) {
    if (await isHeld(deps, tx, group)) continue
    const kept = judge(group, rules, now)
    const expired = group.filter((run) => kept.get(run.id)?.length === 0).map((run) => run.id)
    if (expired.length === 0) continue
    // Asked again of the row: somebody may have pinned it meanwhile.
    const isUnpinned = { OR: [{ pinnedAt: null }, { pinnedUntil: { lte: now } }] }
    await tx.backupRun.updateMany({ where: { id: { in: expired }, ...isUnpinned }, data: { expiredAt: now } })
    deps.log.info({ sourceId, runs: expired }, 'retention let snapshots go; the next prune removes them')
  }
}

/**
 * Looks at the newest runs, at each once, and holds the retention of their source's part when one looks wrong: not only at
 * the very newest, since the run after one with encrypted data finds that data in the repository and looks as usual.
 */
async function isHeld(deps: ApplyDeps, tx: Transaction, [first]: readonly KeptRun[]): Promise<boolean> {
  if (first === undefined) return false
  const { sourceId, part, storagePath } = first
  if ((await tx.retentionHold.count({ where: { sourceId, part, releasedAt: null } })) > 0) return true
  // Those that expired or are gone, too: what is usual is not forgotten with them.
  const runs = await tx.backupRun.findMany({
    where: { sourceId, part, storagePath, state: { in: ['SUCCEEDED', 'PARTIAL'] }, finishedAt: { not: null } },
    select: { id: true, bytesDone: true, addedBytes: true, rowCount: true, hold: { select: { id: true } } },
    orderBy: [{ finishedAt: 'desc' }, { id: 'desc' }],
    take: 2 * COMPARED,
  })
  // Each of their holds is released: somebody has looked.
  const suspect = findSuspect(runs.map((run) => ({ id: run.id, size: sizeOf(run), isApproved: run.hold !== null })))
  if (suspect === null) return false
  const { id: runId, reason } = suspect
  const { id } = await tx.retentionHold.create({ data: { sourceId, part, runId, reason } })
  await deps.queue.send(tx, 'notify.retention-held', { holdId: id })
  deps.log.warn({ sourceId, part, runId, reason }, 'a backup looks wrong: retention of its source stands still')
  return true
}

const sizeOf = ({ bytesDone, addedBytes, rowCount }: Pick<BackupRun, 'bytesDone' | 'addedBytes' | 'rowCount'>) => ({
  bytes: Number(bytesDone ?? 0),
  addedBytes: Number(addedBytes ?? 0),
  rows: rowCount === null ? null : Number(rowCount),
})

/** Every hour, once for all processes. */
export async function startRetention(deps: ApplyDeps & LogDeps): Promise<void> {
  await deps.queue.work('retention.apply', { concurrency: 1 }, async () => {
    await applyRetention(deps)
    await removeOldLogs(deps)
  })
  await deps.queue.repeat('retention.apply', {}, '17 * * * *')
}
