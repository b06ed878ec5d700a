import type { Transaction } from '#lib/database/database.ts'
import { announce } from '#lib/events/feed.ts'
import type { LogLevel, RunState } from '#prisma/client/enums.ts'

/** A change of state, with what is to be said of it, or a line of the log. */
export type NewRestoreEvent =
  | { kind: 'STATE'; state: RunState; message?: string | null }
  | { kind: 'LOG'; level: LogLevel; message: string }

/** The first event of one, as it is made. */
export const queued = { lastSeq: 1, events: { create: { seq: 1, kind: 'STATE', state: 'QUEUED' } } } as const

/**
 * Adds events to a restore or a verification, in order, with the next sequence numbers, and announces them. Its row is locked until the
 * transaction ends, so that numbers have no gaps and become visible in order.
 */
export async function appendRestoreEvents(
  tx: Transaction,
  restoreId: string,
  events: readonly NewRestoreEvent[],
): Promise<void> {
  if (events.length > 0) {
    const { lastSeq } = await tx.restore.update({
      where: { id: restoreId },
      data: { lastSeq: { increment: events.length } },
      select: { lastSeq: true },
    })
    const first = lastSeq - events.length + 1
    await tx.restoreEvent.createMany({ data: events.map((event, i) => ({ ...event, restoreId, seq: first + i })) })
  }
  await announce(tx, restoreId)
}
