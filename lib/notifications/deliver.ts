import { type Actor, requireScope } from '#lib/auth/actor.ts'
import type { Clock } from '#lib/clock/now.ts'
import type { Config } from '#lib/config/config.ts'
import type { Database } from '#lib/database/database.ts'
import { CodedError, toCodedError } from '#lib/errors/coded-error.ts'
import type { Log } from '#lib/log/log.ts'
import type { JobPayload } from '#lib/queue/catalogue.ts'
import type { Queue } from '#lib/queue/queue.ts'
import { repositoryNotice } from '#lib/queue/repository-notice.ts'
import { notificationRecipients } from '#lib/settings/notification-settings.ts'
import type { Delivery, Prisma } from '#prisma/client/client.ts'
import { renderBackupMail } from './backup-mail.ts'
import type { Mailer, Message } from './mailer.ts'
import { renderRepositoryMail } from './repository-mail.ts'

export interface NotificationDeps {
  prisma: Database
  queue: Queue
  clock: Clock
  log: Log
  mailer: Mailer | null
  config: Pick<Config, 'NOTIFICATION_ENABLED'>
  publicUrl: string
}

/** Takes the jobs of this folder off the queue. */
export async function startNotifications(deps: NotificationDeps): Promise<void> {
  await deps.queue.work('notify.backup-ended', { concurrency: 1 }, ({ backupId }) => plan(deps, backupId))
  await deps.queue.work('notify.repository', { concurrency: 1 }, (told) => planOfRepository(deps, told))
  await deps.queue.work('notify.deliver', { concurrency: 2 }, ({ deliveryId }, { lastAttempt }) =>
    deliver(deps, deliveryId, lastAttempt),
  )
}

async function plan(deps: NotificationDeps, backupId: string): Promise<void> {
  const backup = await deps.prisma.backup.findUniqueOrThrow({ where: { id: backupId } })
  const { subject } = renderBackupMail({ ...backup, runs: [] }, deps.publicUrl)
  await planDeliveries(deps, { backupId, subject })
}

async function planOfRepository(
  deps: NotificationDeps,
  { repositoryId, event, notice }: JobPayload<'notify.repository'>,
): Promise<void> {
  const repository = await deps.prisma.repository.findUnique({ where: { id: repositoryId } })
  if (repository === null) return // it was removed meanwhile
  const { subject } = renderRepositoryMail(repository, notice, deps.publicUrl)
  await planDeliveries(deps, { repositoryId, event, notice, subject })
}

/** One delivery and its job for each recipient, once, however often this is tried. Without a mail server there is nothing to plan. */
async function planDeliveries(
  { prisma, queue, mailer, config }: NotificationDeps,
  about: Pick<Prisma.DeliveryCreateManyInput, 'backupId' | 'repositoryId' | 'event' | 'notice' | 'subject'>,
): Promise<void> {
  if (!mailer || !config.NOTIFICATION_ENABLED) return
  const recipients = await notificationRecipients(prisma)
  await prisma.$transaction(async (tx) => {
    const planned = await tx.delivery.createManyAndReturn({
      data: recipients.map((recipient) => ({ ...about, channel: 'EMAIL', recipient })),
      skipDuplicates: true,
    })
    for (const { id } of planned) await queue.send(tx, 'notify.deliver', { deliveryId: id })
  })
}

async function deliver(deps: NotificationDeps, deliveryId: string, lastAttempt: boolean): Promise<void> {
  const delivery = await deps.prisma.delivery.findUnique({
    where: { id: deliveryId },
    include: {
      backup: { include: { runs: { include: { source: true }, orderBy: { queuedAt: 'asc' } } } },
      repository: true,
    },
  })
  if (delivery?.state !== 'PENDING') return
  const { backup, repository, notice } = delivery
  if (backup) await attempt(deps, delivery, renderBackupMail(backup, deps.publicUrl), lastAttempt)
  else if (repository) {
    const message = renderRepositoryMail(repository, repositoryNotice.parse(notice), deps.publicUrl)
    await attempt(deps, delivery, message, lastAttempt)
  }
}

/** Sends and writes what became of it. Rejects, so that the queue tries again, unless it is final. */
async function attempt(
  deps: NotificationDeps,
  delivery: Delivery,
  message: Omit<Message, 'to'>,
  lastAttempt: boolean,
): Promise<Delivery> {
  const where = { id: delivery.id }
  try {
    if (!deps.mailer) throw new CodedError('MAIL_NOT_CONFIGURED', {})
    await deps.mailer.send({ ...message, to: delivery.recipient })
  } catch (thrown) {
    const error = toCodedError(thrown)
    const final = lastAttempt || error.retry === 'never'
    const failed = await deps.prisma.delivery.update({
      where,
      data: {
        attempts: { increment: 1 },
        error: `${error.message} ${error.remedy}`,
        state: final ? 'FAILED' : 'PENDING',
      },
    })
    deps.log.warn({ err: error, deliveryId: delivery.id, final }, 'mail not delivered')
    if (!final) throw error
    return failed
  }
  return deps.prisma.delivery.update({
    where,
    data: { attempts: { increment: 1 }, error: null, state: 'SENT', sentAt: deps.clock.now() },
  })
}

/** Sends a test message to every recipient now and answers what became of each. Throws MAIL_NOT_CONFIGURED, MAIL_NO_RECIPIENTS. */
export async function sendTestMail(deps: NotificationDeps, actor: Actor | null): Promise<Delivery[]> {
  requireScope(actor, 'settings:write', 'send a test message')
  if (!deps.mailer) throw new CodedError('MAIL_NOT_CONFIGURED', {})
  const recipients = await notificationRecipients(deps.prisma)
  if (recipients.length === 0) throw new CodedError('MAIL_NO_RECIPIENTS', {})
  const subject = 'Test message of System Backup Trigger'
  const body = `This message shows that notifications reach you. The console is at ${deps.publicUrl}.`
  const message = {
    subject,
    text: `${body}\n`,
    html: `<!doctype html><html lang="en"><body><p>${body}</p></body></html>`,
  }
  return Promise.all(
    recipients.map(async (recipient) => {
      const delivery = await deps.prisma.delivery.create({ data: { channel: 'EMAIL', recipient, subject } })
      return attempt(deps, delivery, message, true)
    }),
  )
}
