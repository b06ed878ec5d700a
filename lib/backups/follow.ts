import type { Database } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { Feed } from '#lib/events/feed.ts'
import { looking } from '#lib/events/looking.ts'
import type { BackupEvent } from '#prisma/client/client.ts'
import { isEnded } from './states.ts'

const PAGE = 500

/**
 * The events of a backup after sequence number `after`, oldest first: those that are there, then those to come. Completes
 * when the backup has ended and everything was given. Whoever comes back with the last number they saw misses nothing.
 */
export function follow(
  { prisma, feed }: { prisma: Database; feed: Feed },
  backupId: string,
  after: number,
): AsyncGenerator<BackupEvent, void> {
  return looking(feed, backupId, async function* (waiting) {
    let seen = after
    while (!waiting.closed) {
      waiting.begin()
      // Read before the events: if it had ended by then, the events read next are the last.
      const backup = await prisma.backup.findUnique({ where: { id: backupId }, select: { state: true } })
      if (!backup) throw new CodedError('BACKUP_UNKNOWN', { id: backupId })
      const events = await prisma.backupEvent.findMany({
        where: { backupId, seq: { gt: seen } },
        orderBy: { seq: 'asc' },
        take: PAGE,
      })
      for (const event of events) {
        yield event
        seen = event.seq
      }
      if (events.length === PAGE) continue
      if (isEnded(backup.state)) return
      await waiting.wait()
    }
  })
}
