import type { Transaction } from '#lib/database/database.ts'
import { announce } from '#lib/events/feed.ts'
import type { EventKind, LogLevel, RunState } from '#prisma/client/enums.ts'

export interface Progress {
  bytesDone: number | null
  bytesTotal: number | null
  filesDone: number | null
  filesTotal: number | null
  bytesPerSecond: number | null
  secondsLeft: number | null
}

export interface NewEvent {
  kind: EventKind
  runId: string | null
  state?: RunState
  progress?: Progress
  level?: LogLevel
  message?: string
}

/**
 * Adds events to a backup, in order, with the next sequence numbers, and announces them. The backup's row is locked until
 * the transaction ends, so numbers have no gaps and become visible in order: a reader who saw number n has seen all before it.
 */
export async function appendEvents(tx: Transaction, backupId: string, events: NewEvent[]): Promise<void> {
  if (events.length === 0) return
  const { lastSeq } = await tx.backup.update({
    where: { id: backupId },
    data: { lastSeq: { increment: events.length } },
    select: { lastSeq: true },
  })
  const first = lastSeq - events.length + 1
  await tx.backupEvent.createMany({
    data: events.map((event, index) => ({
      ...event,
      progress: event.progress ? { ...event.progress } : undefined,
      backupId,
      seq: first + index,
    })),
  })
  await announce(tx, backupId)
}
