import type { Database } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { Feed } from '#lib/events/feed.ts'
import type { BackupEvent } from '#prisma/client/client.ts'
import { isEnded } from './states.ts'

const PAGE = 500

/**
 * The events of a backup after sequence number `after`, oldest first: those that are there, then those to come. Completes
 * when the backup has ended and everything was given. Whoever comes back with the last number they saw misses nothing.
 */
export function follow(
  deps: { prisma: Database; feed: Feed },
  backupId: string,
  after: number,
): AsyncGenerator<BackupEvent, void> {
  const waiter = { dirty: true, closed: false, wake: () => {} }
  const look = () => {
    waiter.dirty = true
    waiter.wake()
  }
  const events = read(deps, backupId, after, waiter, look)
  const finish = events.return.bind(events)
  // A generator that waits cannot be returned from; wake it first.
  events.return = (value) => {
    waiter.closed = true
    waiter.wake()
    return finish(value)
  }
  return events
}

interface Waiter {
  dirty: boolean
  closed: boolean
  wake: () => void
}

async function* read(
  deps: { prisma: Database; feed: Feed },
  backupId: string,
  after: number,
  waiter: Waiter,
  look: () => void,
): AsyncGenerator<BackupEvent, void> {
  let seen = after
  const unwatch = deps.feed.watch(backupId, look)
  try {
    while (!waiter.closed) {
      waiter.dirty = false
      // Read before the events: if it had ended by then, the events read next are the last.
      const backup = await deps.prisma.backup.findUnique({ where: { id: backupId }, select: { state: true } })
      if (!backup) throw new CodedError('BACKUP_UNKNOWN', { id: backupId })
      const events = await deps.prisma.backupEvent.findMany({
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
      if (!waiter.dirty && !waiter.closed)
        await new Promise<void>((resolve) => {
          waiter.wake = resolve
        })
    }
  } finally {
    unwatch()
  }
}
