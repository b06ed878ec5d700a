import type { Clock } from '#lib/clock/now.ts'
import type { Config } from '#lib/config/config.ts'
import type { Database, Transaction } from '#lib/database/database.ts'
import type { Log } from '#lib/log/log.ts'
import type { Queue } from '#lib/queue/queue.ts'
import type { SecretKey } from '#lib/secrets/seal.ts'
import { notificationRecipients } from '#lib/settings/notification-settings.ts'
import { withOptions } from '#lib/settings/options.ts'
import type { Channel, Plan } from '#prisma/client/client.ts'
import { openChannel } from './channels/open.ts'
import { type EventName, events } from './events.ts'
import type { Mailer } from './mailer.ts'
import { carries, waitsUntil } from './route.ts'
import type { Told } from './told.ts'

export interface NotificationDeps {
  prisma: Database
  queue: Queue
  clock: Clock
  log: Log
  secretKey: SecretKey
  mailer: Mailer | null
  config: Pick<Config, 'NOTIFICATION_ENABLED' | 'WEBHOOK_PRIVATE_NETWORKS'>
  publicUrl: string
}

/** Something that people are to be told of. */
export interface ToNote {
  /** Names what happened: it is told once, however often it is noted. */
  key: string
  event: EventName
  told: Told
  /** Names of those that it is about. */
  environments?: readonly string[]
  plan?: Plan | null
  backupId?: string
  repositoryId?: string
  /** What the trigger or the plan says of notifications; null: as the options say. */
  isTold?: boolean | null
  /** Only through these channels, and to no other recipient. */
  only?: readonly Channel[]
  /** Through any but these. */
  except?: (channel: { id: string | null; kind: string }) => boolean
}

interface Planned {
  channelId: string | null
  channel: string
  recipient: string
  notBefore: Date | null
}

/**
 * Writes a notification with one delivery and its job for each recipient, in one transaction, once. It is written also where nobody is to
 * be told, so that it can be read in the console; nothing is when notifications are switched off.
 */
export async function note(deps: NotificationDeps, noted: ToNote): Promise<void> {
  const { prisma, queue, config } = deps
  const { key, event, told, environments = [], plan = null, backupId, repositoryId, isTold = null } = noted
  if (!(isTold ?? (await withOptions(prisma, config)).NOTIFICATION_ENABLED)) return
  const { severity } = events[event]
  const planned = await plannedOf(deps, noted)
  await prisma.$transaction(async (tx) => {
    const data = { key, event, severity, subject: told.title, content: told, environments: [...environments] }
    const about = { planId: plan?.id ?? null, backupId: backupId ?? null, repositoryId: repositoryId ?? null }
    const [notification] = await tx.notification.createManyAndReturn({
      data: [{ ...data, ...about }],
      skipDuplicates: true,
    })
    if (notification === undefined) return
    await deliverTo(tx, queue, notification.id, planned)
  })
}

/** Adds deliveries to a notification that is there. */
export async function deliverTo(
  tx: Transaction,
  queue: Queue,
  notificationId: string,
  planned: readonly Planned[],
): Promise<void> {
  const made = await tx.delivery.createManyAndReturn({
    data: planned.map((one) => ({ ...one, notificationId })),
    skipDuplicates: true,
  })
  for (const { id, notBefore } of made)
    if (notBefore === null) await queue.send(tx, 'notify.deliver', { deliveryId: id })
}

async function plannedOf(deps: NotificationDeps, noted: ToNote): Promise<Planned[]> {
  const { event, environments = [], plan = null, only, except = () => false } = noted
  if (only) return only.flatMap((channel) => recipientsOf(deps, channel, 'ERROR'))
  const { severity } = events[event]
  const found = await deps.prisma.environment.findMany({ where: { name: { in: [...environments] } } })
  const happening = { event, severity, environmentIds: found.map(({ id }) => id), planId: plan?.id ?? null }
  const channels = await deps.prisma.channel.findMany({ orderBy: { createdAt: 'asc' } })
  return [
    ...(except({ id: null, kind: 'email' }) ? [] : await mailed(deps, noted)),
    ...channels
      .filter((channel) => carries(channel, happening) && !except(channel))
      .flatMap((channel) => recipientsOf(deps, channel, severity)),
  ]
}

/** To the recipients of the plan where it has its own, else to those of the installation; to none without a mail server. */
async function mailed({ prisma, mailer }: NotificationDeps, { event, plan }: ToNote): Promise<Planned[]> {
  if (mailer === null) return []
  const isGood = event === 'BACKUP_SUCCEEDED'
  const isEither = event === 'BACKUP_RECOVERED'
  if (plan && !isEither && !(isGood ? plan.notifyOnSuccess : plan.notifyOnFailure)) return []
  if (plan && isEither && !plan.notifyOnSuccess && !plan.notifyOnFailure) return []
  const addresses =
    plan && plan.notifyRecipients.length > 0 ? plan.notifyRecipients : await notificationRecipients(prisma)
  return addresses.map((recipient) => ({ channelId: null, channel: 'email', recipient, notBefore: null }))
}

/** One for each recipient of a channel. One whose settings cannot be opened gets one that will say so when it is sent. */
export function recipientsOf(
  { secretKey, clock, log }: Pick<NotificationDeps, 'secretKey' | 'clock' | 'log'>,
  channel: Channel,
  severity: (typeof events)[EventName]['severity'],
): Planned[] {
  const notBefore = waitsUntil(channel, severity, clock.now())
  const to = (recipient: string) => ({ channelId: channel.id, channel: channel.kind, recipient, notBefore })
  try {
    const { kind, settings } = openChannel(secretKey, channel)
    return (kind.recipients(settings) ?? [channel.name]).map(to)
  } catch (error) {
    log.error({ err: error, channelId: channel.id }, 'the settings of a channel cannot be used')
    return [to(channel.name)]
  }
}
