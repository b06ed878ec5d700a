import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { notificationRecipients } from '#lib/settings/notification-settings.ts'
import type { Delivery } from '#prisma/client/client.ts'
import { findChannel } from './channels/change.ts'
import { attempt } from './deliver.ts'
import { events } from './events.ts'
import { type NotificationDeps, recipientsOf } from './note.ts'
import { tell } from './told.ts'

/**
 * Sends a test message to every recipient of the installation now and answers what became of each. Throws FORBIDDEN,
 * MAIL_NOT_CONFIGURED, MAIL_NO_RECIPIENTS.
 */
export async function sendTestMail(deps: NotificationDeps, actor: Actor | null): Promise<Delivery[]> {
  requireScope(actor, 'settings:write', 'send a test message')
  if (!deps.mailer) throw new CodedError('MAIL_NOT_CONFIGURED', {})
  const recipients = await notificationRecipients(deps.prisma)
  if (recipients.length === 0) throw new CodedError('MAIL_NO_RECIPIENTS', {})
  return sendTest(
    deps,
    recipients.map((recipient) => ({ channelId: null, channel: 'email', recipient, notBefore: null })),
  )
}

/** The same through a channel, whatever it carries. Throws FORBIDDEN, CHANNEL_UNKNOWN. */
export async function testChannel(deps: NotificationDeps, actor: Actor | null, id: string): Promise<Delivery[]> {
  requireScope(actor, 'settings:write', 'test a channel')
  const channel = await findChannel(deps.prisma, id)
  const target = { type: 'channel', id: channel.id }
  await deps.prisma.$transaction((tx) => record(tx, { actor, action: 'channel.test', target }))
  return sendTest(deps, recipientsOf(deps, channel, 'ERROR'))
}

async function sendTest(deps: NotificationDeps, planned: ReturnType<typeof recipientsOf>): Promise<Delivery[]> {
  const { prisma, publicUrl } = deps
  const told = tell({
    title: 'Test message of System Backup Trigger',
    tone: 'plain',
    facts: [],
    lines: ['This message shows that notifications reach you.'],
    link: publicUrl,
    linkText: 'Open the console',
  })
  const { severity } = events.TEST
  const { id: notificationId } = await prisma.notification.create({
    data: { key: `test ${crypto.randomUUID()}`, event: 'TEST', severity, subject: told.title, content: told },
  })
  return Promise.all(
    planned.map(async (one) => {
      const delivery = await prisma.delivery.create({
        data: { ...one, notificationId },
        include: { notification: true, channelUsed: true },
      })
      await attempt(deps, delivery, [{ id: delivery.id, subject: told.title }], true)
      return prisma.delivery.findUniqueOrThrow({ where: { id: delivery.id } })
    }),
  )
}
