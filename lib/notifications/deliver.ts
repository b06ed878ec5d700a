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
import { withOptions } from '#lib/settings/options.ts'
import type { Delivery, Plan, Prisma } from '#prisma/client/client.ts'
import { renderBackupMail } from './backup-mail.ts'
import { renderHoldMail } from './hold-mail.ts'
import { renderHookMail } from './hook-mail.ts'
import { renderLateMail } from './late-mail.ts'
import type { Mailer, Message } from './mailer.ts'
import { renderPlanMail } from './plan-mail.ts'
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
  await deps.queue.work('notify.plan-event', { concurrency: 1 }, ({ planEventId }) => planOfPlan(deps, planEventId))
  await deps.queue.work('notify.source-late', { concurrency: 1 }, (told) => planOfLate(deps, told))
  await deps.queue.work('notify.retention-held', { concurrency: 1 }, ({ holdId }) => planOfHold(deps, holdId))
  await deps.queue.work('notify.hook-failed', { concurrency: 1 }, ({ hookId }) => planOfHook(deps, hookId))
  await deps.queue.work('notify.deliver', { concurrency: 2 }, ({ deliveryId }, { lastAttempt }) =>
    deliver(deps, deliveryId, lastAttempt),
  )
}

async function plan(deps: NotificationDeps, backupId: string): Promise<void> {
  const backup = await deps.prisma.backup.findUniqueOrThrow({ where: { id: backupId }, include: { plan: true } })
  const { subject } = renderBackupMail({ ...backup, runs: [] }, deps.publicUrl)
  const isGood = backup.state === 'SUCCEEDED'
  await planDeliveries(deps, { backupId, subject }, { plan: backup.plan, isGood, isTold: backup.notificationEnabled })
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

async function planOfPlan(deps: NotificationDeps, planEventId: string): Promise<void> {
  const event = await deps.prisma.planEvent.findUnique({ where: { id: planEventId }, include: { plan: true } })
  if (event === null) return // the plan was deleted meanwhile
  const { subject } = renderPlanMail(event, deps.publicUrl)
  const { plan } = event
  await planDeliveries(deps, { planEventId, subject }, { plan, isGood: false, isTold: plan.notificationEnabled })
}

async function planOfLate(
  deps: NotificationDeps,
  { sourceId, since }: JobPayload<'notify.source-late'>,
): Promise<void> {
  const source = await deps.prisma.source.findUnique({ where: { id: sourceId }, include: { environment: true } })
  if (source === null) return
  const late = new Date(since)
  const { subject } = renderLateMail(source, late, deps.publicUrl)
  await planDeliveries(deps, { lateSourceId: sourceId, lateSince: late, subject })
}

async function planOfHold(deps: NotificationDeps, holdId: string): Promise<void> {
  const hold = await deps.prisma.retentionHold.findUnique({ where: { id: holdId }, include: aboutHold })
  if (hold !== null) await planDeliveries(deps, { holdId, subject: renderHoldMail(hold, deps.publicUrl).subject })
}

async function planOfHook(deps: NotificationDeps, hookId: string): Promise<void> {
  const hook = await deps.prisma.backupHook.findUnique({
    where: { id: hookId },
    include: { backup: { include: { plan: true } } },
  })
  if (hook === null) return
  const { subject } = renderHookMail(hook, deps.publicUrl)
  const { plan, notificationEnabled: isTold } = hook.backup
  await planDeliveries(deps, { hookId, subject }, { plan, isGood: false, isTold })
}

interface About {
  plan: Plan | null
  isGood: boolean
  /** What the trigger or the plan says of notifications; null: as the options say. */
  isTold: boolean | null
}

/** One delivery and its job for each recipient, once, however often this is tried. Without a mail server there is nothing to plan. */
async function planDeliveries(
  { prisma, queue, mailer, config }: NotificationDeps,
  about: Pick<
    Prisma.DeliveryCreateManyInput,
    | 'backupId'
    | 'repositoryId'
    | 'event'
    | 'notice'
    | 'planEventId'
    | 'holdId'
    | 'hookId'
    | 'lateSourceId'
    | 'lateSince'
    | 'subject'
  >,
  of: About = { plan: null, isGood: false, isTold: null },
): Promise<void> {
  if (!mailer || !(of.isTold ?? (await withOptions(prisma, config)).NOTIFICATION_ENABLED)) return
  const recipients = await recipientsOf(prisma, of)
  await prisma.$transaction(async (tx) => {
    const planned = await tx.delivery.createManyAndReturn({
      data: recipients.map((recipient) => ({ ...about, channel: 'EMAIL', recipient })),
      skipDuplicates: true,
    })
    for (const { id } of planned) await queue.send(tx, 'notify.deliver', { deliveryId: id })
  })
}

/** Those of the plan, where it has its own; none of what it does not tell. */
async function recipientsOf(prisma: Database, { plan, isGood }: About) {
  if (plan && !(isGood ? plan.notifyOnSuccess : plan.notifyOnFailure)) return []
  return plan && plan.notifyRecipients.length > 0 ? plan.notifyRecipients : notificationRecipients(prisma)
}

const aboutHold = {
  source: { include: { environment: true } },
  run: { select: { backupId: true, finishedAt: true } },
} satisfies Prisma.RetentionHoldInclude
const what = {
  backup: { include: { runs: { include: { source: true }, orderBy: { queuedAt: 'asc' } } } },
  repository: true,
  planEvent: { include: { plan: true } },
  hold: { include: aboutHold },
  hook: { include: { backup: true } },
  lateSource: { include: { environment: true } },
} satisfies Prisma.DeliveryInclude
type AboutSomething = Prisma.DeliveryGetPayload<{ include: typeof what }>

async function deliver(deps: NotificationDeps, deliveryId: string, lastAttempt: boolean): Promise<void> {
  const delivery = await deps.prisma.delivery.findUnique({ where: { id: deliveryId }, include: what })
  if (delivery?.state !== 'PENDING') return
  const message = render(delivery, deps.publicUrl)
  if (message) await attempt(deps, delivery, message, lastAttempt)
}

function render(delivery: AboutSomething, publicUrl: string): Omit<Message, 'to'> | null {
  const { backup, repository, notice, planEvent, hold, hook, lateSource, lateSince } = delivery
  if (backup) return renderBackupMail(backup, publicUrl)
  if (repository) return renderRepositoryMail(repository, repositoryNotice.parse(notice), publicUrl)
  if (planEvent) return renderPlanMail(planEvent, publicUrl)
  if (lateSource && lateSince) return renderLateMail(lateSource, lateSince, publicUrl)
  if (hook) return renderHookMail(hook, publicUrl)
  return hold ? renderHoldMail(hold, publicUrl) : null
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
