import { CodedError, toCodedError } from '#lib/errors/coded-error.ts'
import { networks } from '#lib/hooks/addresses.ts'
import type { Channel, Delivery, Notification } from '#prisma/client/client.ts'
import { acknowledgeLink } from './acknowledge-link.ts'
import type { ChannelKind } from './channels/kind.ts'
import { email } from './channels/kinds/email.ts'
import { openChannel } from './channels/open.ts'
import { noteFailing } from './failing.ts'
import { claimGroup, isTooMany, tellGroup, waitForOthers } from './group.ts'
import type { NotificationDeps } from './note.ts'
import { type Told, told } from './told.ts'

const SEND_SECONDS = 30

type ToDeliver = Delivery & { notification: Notification; channelUsed: Channel | null }

/**
 * Sends one stored delivery, with those that it stands for, and writes what became of it. Rejects, so that the queue tries again,
 * unless it is final. A receiver may get it twice when this process dies between its answer and our note of it.
 */
export async function deliver(deps: NotificationDeps, deliveryId: string, lastAttempt: boolean): Promise<void> {
  const { prisma, clock } = deps
  const delivery = await prisma.delivery.findUnique({
    where: { id: deliveryId },
    include: { notification: true, channelUsed: true },
  })
  if (delivery?.state !== 'PENDING') return
  if (delivery.notBefore === null && (await isTooMany(prisma, delivery, clock.now())))
    return waitForOthers(prisma, delivery, clock.now())
  const group = await claimGroup(prisma, delivery, clock.now())
  if (group.length > 0) await attempt(deps, delivery, group, lastAttempt)
}

/** Sends a delivery and writes what became of it and of all of its group. Rejects unless that is final. */
export async function attempt(
  deps: NotificationDeps,
  delivery: ToDeliver,
  group: readonly { id: string; subject: string }[],
  lastAttempt: boolean,
): Promise<'SENT' | 'FAILED'> {
  const where = { id: { in: group.map(({ id }) => id) }, state: 'PENDING' as const }
  try {
    await send(deps, delivery, group)
  } catch (thrown) {
    const error = toCodedError(thrown)
    const final = lastAttempt || error.retry === 'never'
    const data = { attempts: { increment: 1 }, error: `${error.message} ${error.remedy}` }
    await deps.prisma.delivery.updateMany({ where, data: { ...data, state: final ? 'FAILED' : 'PENDING' } })
    deps.log.warn({ err: error, deliveryId: delivery.id, channel: delivery.channel, final }, 'message not delivered')
    if (!final) throw error
    await noteFailing(deps, delivery, error)
    return 'FAILED'
  }
  await deps.prisma.delivery.updateMany({
    where,
    data: { attempts: { increment: 1 }, error: null, state: 'SENT', sentAt: deps.clock.now() },
  })
  return 'SENT'
}

async function send(
  deps: NotificationDeps,
  delivery: ToDeliver,
  group: readonly { id: string; subject: string }[],
): Promise<void> {
  const { secretKey, clock, mailer, config, publicUrl } = deps
  const { id, recipient, notification } = delivery
  const { event, severity, environments, createdAt: at } = notification
  const { kind, settings } = wayOf(delivery)
  const content =
    group.length > 1
      ? tellGroup(
          event,
          group.map(({ subject }) => subject),
          publicUrl,
        )
      : await asSent(deps, delivery)
  const signal = AbortSignal.timeout(SEND_SECONDS * 1000)
  const message = { id, recipient, event, severity, environments, at, sentAt: clock.now(), told: content }
  const allowed = networks(...config.WEBHOOK_PRIVATE_NETWORKS)
  try {
    await kind.send(settings, message, { mailer, allowed, signal })
  } catch (cause) {
    if (!signal.aborted) throw cause
    const reason = `no answer within ${SEND_SECONDS} s`
    throw new CodedError('CHANNEL_UNREACHABLE', { host: kind.title, reason }, { cause })
  }

  function wayOf({ channelUsed, channelId }: ToDeliver): { kind: ChannelKind; settings: unknown } {
    if (channelUsed !== null) return openChannel(secretKey, channelUsed)
    if (channelId === null && delivery.channel === email.kind) return { kind: email as ChannelKind, settings: {} }
    throw new CodedError('CHANNEL_UNKNOWN', { id: channelId ?? delivery.channel })
  }
}

/** What a message says: what is told, and for an error where who gets it can say that they take care of it. */
async function asSent(deps: NotificationDeps, { id, notification }: ToDeliver): Promise<Told> {
  const said = told.parse(notification.content)
  if (notification.severity !== 'ERROR') return said
  return { ...said, actions: [{ text: 'Say that you take care of it', link: await acknowledgeLink(deps, id) }] }
}
