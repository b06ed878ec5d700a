import { z } from 'zod'
import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { Delivery, Notification } from '#prisma/client/client.ts'
import type { NotificationDeps } from './note.ts'

const isId = (id: string) => z.uuid().safeParse(id).success

/** Says that somebody takes care of it: it is not escalated any more. The first one stays. Throws FORBIDDEN, NOTIFICATION_UNKNOWN. */
export async function acknowledge(
  { prisma, clock }: Pick<NotificationDeps, 'prisma' | 'clock'>,
  actor: Actor | null,
  id: string,
): Promise<Notification> {
  requireScope(actor, 'backup:trigger', 'acknowledge a notification')
  return prisma.$transaction(async (tx) => {
    const found = isId(id) ? await tx.notification.findUnique({ where: { id } }) : null
    if (found === null) throw new CodedError('NOTIFICATION_UNKNOWN', { id })
    const { count } = await tx.notification.updateMany({
      where: { id, acknowledgedAt: null },
      data: { acknowledgedAt: clock.now(), acknowledgedBy: actor.email },
    })
    const target = { type: 'notification', id }
    if (count === 1) await record(tx, { actor, action: 'notification.acknowledge', target })
    return tx.notification.findUniqueOrThrow({ where: { id } })
  })
}

/** Sends once more what was sent or has failed, with the same id. Throws FORBIDDEN, DELIVERY_UNKNOWN, DELIVERY_PENDING. */
export async function resend(
  { prisma, queue }: Pick<NotificationDeps, 'prisma' | 'queue'>,
  actor: Actor | null,
  id: string,
): Promise<Delivery> {
  requireScope(actor, 'settings:write', 'send a message again')
  return prisma.$transaction(async (tx) => {
    const found = isId(id) ? await tx.delivery.findUnique({ where: { id } }) : null
    if (found === null) throw new CodedError('DELIVERY_UNKNOWN', { id })
    const { count } = await tx.delivery.updateMany({
      where: { id, state: { not: 'PENDING' } },
      data: { state: 'PENDING', error: null, notBefore: null, groupedIn: null, sentAt: null },
    })
    if (count !== 1) throw new CodedError('DELIVERY_PENDING', { id })
    await record(tx, { actor, action: 'delivery.resend', target: { type: 'delivery', id } })
    await queue.send(tx, 'notify.deliver', { deliveryId: id })
    return tx.delivery.findUniqueOrThrow({ where: { id } })
  })
}
