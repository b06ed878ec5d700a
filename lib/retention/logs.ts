import { z } from 'zod'
import type { Clock } from '#lib/clock/now.ts'
import type { Config } from '#lib/config/config.ts'
import type { Database } from '#lib/database/database.ts'
import type { EventKind } from '#prisma/client/enums.ts'

export interface LogDeps {
  prisma: Database
  clock: Clock
  config: Pick<Config, 'LOG_RETENTION_DAYS'>
}

const DAY_MS = 86_400_000
/** Progress is of no use once a backup has ended; a day later nobody follows it any more. */
const PROGRESS_DAYS = 1
const BACKUPS_AT_ONCE = 500

/**
 * Removes the progress of backups that are a day old, and log lines, those of restores among them, once they are older than
 * LOG_RETENTION_DAYS. Changes of state
 * and the errors of runs stay with the history. How far it came is kept, so that a long history is not read again.
 */
export async function removeOldLogs(deps: LogDeps): Promise<void> {
  await removeUntil(deps, 'PROGRESS', PROGRESS_DAYS)
  const days = deps.config.LOG_RETENTION_DAYS
  if (days === 0) return
  await removeUntil(deps, 'LOG', days)
  const until = new Date(deps.clock.now().getTime() - days * DAY_MS)
  await deps.prisma.restoreEvent.deleteMany({
    where: { kind: 'LOG', restore: { finishedAt: { lt: until }, lastSeq: { gt: 0 } } },
  })
}

async function removeUntil({ prisma, clock }: LogDeps, kind: EventKind, days: number): Promise<void> {
  const key = `retention.events-removed.${kind}`
  const row = await prisma.setting.findUnique({ where: { key } })
  let from = new Date(z.iso.datetime().safeParse(row?.value).data ?? 0)
  const oldest = await prisma.backup.findFirst({ where: { finishedAt: null }, orderBy: { createdAt: 'asc' } })
  const until = new Date(Math.min(clock.now().getTime() - days * DAY_MS, oldest?.createdAt.getTime() ?? Infinity))
  for (;;) {
    const backups = await prisma.backup.findMany({
      where: { createdAt: { gte: from, lt: until } },
      select: { id: true, createdAt: true },
      orderBy: { createdAt: 'asc' },
      take: BACKUPS_AT_ONCE,
    })
    await prisma.backupEvent.deleteMany({ where: { kind, backupId: { in: backups.map(({ id }) => id) } } })
    const last = backups.at(-1)
    // Those of one moment may lie on both sides of the end of this part: the next one begins with that moment again.
    const isStuck = last !== undefined && last.createdAt.getTime() === from.getTime()
    const next =
      backups.length < BACKUPS_AT_ONCE ? until : new Date((last?.createdAt.getTime() ?? 0) + (isStuck ? 1 : 0))
    if (next <= from) return
    from = next
    const value = from.toISOString()
    await prisma.setting.upsert({ where: { key }, create: { key, value }, update: { value } })
    if (from >= until) return
  }
}
