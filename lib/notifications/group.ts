import type { Database } from '#lib/database/database.ts'
import type { Delivery, Notification } from '#prisma/client/client.ts'
import { eventTitle } from './events.ts'
import { type Told, tell } from './told.ts'

/*
 * Many messages of one kind to one recipient become few: after the first ones the rest waits a little, and what has waited goes out as
 * one. What waited for the end of quiet hours goes out in the same way.
 */

const SINGLE_AT_MOST = 5
const WITHIN_MS = 10 * 60_000
const WAIT_MS = 5 * 60_000
const NAMES_SHOWN = 50

type Grouped = Delivery & { notification: Pick<Notification, 'event' | 'subject'> }

const alike = ({ channelId, channel, recipient, notification: { event } }: Grouped) => ({
  channelId,
  channel,
  recipient,
  notification: { event },
})

/** Whether its recipient has had so many of its kind lately that it waits for others. */
export async function isTooMany(prisma: Database, delivery: Grouped, now: Date): Promise<boolean> {
  const sentAt = { gt: new Date(now.getTime() - WITHIN_MS) }
  const sent = await prisma.delivery.count({ where: { ...alike(delivery), state: 'SENT', sentAt } })
  return sent >= SINGLE_AT_MOST
}

export async function waitForOthers(prisma: Database, { id }: Grouped, now: Date): Promise<void> {
  const notBefore = new Date(now.getTime() + WAIT_MS)
  await prisma.delivery.updateMany({ where: { id, state: 'PENDING' }, data: { notBefore } })
}

/** All that one message stands for, it included; none: another one stands for it. The same at each attempt. */
export async function claimGroup(
  prisma: Database,
  delivery: Grouped,
  now: Date,
): Promise<{ id: string; subject: string }[]> {
  const { id, notBefore, notification } = delivery
  if (notBefore === null) return [{ id, subject: notification.subject }]
  return prisma.$transaction(async (tx) => {
    const mine = { ...alike(delivery), state: 'PENDING' as const, notBefore: { lte: now }, groupedIn: null }
    // One recipient’s messages are grouped by one process at a time.
    await tx.$executeRaw`select pg_advisory_xact_lock(hashtext(${`deliveries ${delivery.channel} ${delivery.recipient}`}))`
    const { groupedIn } = await tx.delivery.findUniqueOrThrow({ where: { id } })
    if (groupedIn === null) await tx.delivery.updateMany({ where: mine, data: { groupedIn: id } })
    const group = await tx.delivery.findMany({
      where: { groupedIn: id, state: 'PENDING' },
      include: { notification: { select: { subject: true } } },
      orderBy: { createdAt: 'asc' },
    })
    return group.map((one) => ({ id: one.id, subject: one.notification.subject }))
  })
}

/** One message for many of a kind. Pure. */
export function tellGroup(event: string, subjects: readonly string[], publicUrl: string): Told {
  const rest = subjects.length - NAMES_SHOWN
  return tell({
    title: `${subjects.length} messages: ${eventTitle(event)}`,
    tone: 'warn',
    facts: [],
    lines: [...subjects.slice(0, NAMES_SHOWN), ...(rest > 0 ? [`and ${rest} more`] : [])],
    link: `${publicUrl}/notifications`,
    linkText: 'Open the notifications in the console',
  })
}
