import { sendTestMail } from '#lib/notifications/deliver.ts'
import { notificationRecipients, setNotificationRecipients } from '#lib/settings/notification-settings.ts'
import { withOptions } from '#lib/settings/options.ts'
import type { Delivery } from '#prisma/client/client.ts'
import { builder } from './builder.ts'
import { deliveryState } from './enums.ts'

const delivery = builder.prismaObject('Delivery', {
  fields: (t) => ({
    id: t.exposeID('id'),
    channel: t.exposeString('channel'),
    recipient: t.exposeString('recipient'),
    subject: t.exposeString('subject'),
    repository: t.relation('repository', { nullable: true, description: 'That it tells of, when it tells of one.' }),
    state: t.expose('state', { type: deliveryState }),
    attempts: t.exposeInt('attempts'),
    error: t.exposeString('error', { nullable: true }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    sentAt: t.expose('sentAt', { type: 'DateTime', nullable: true }),
  }),
})

const settings = builder.objectRef<{ recipients: string[] }>('NotificationSettings').implement({
  fields: (t) => ({
    mailConfigured: t.boolean({ resolve: (_parent, _args, { runtime }) => runtime.mailer !== null }),
    mailFrom: t.string({ nullable: true, resolve: (_parent, _args, { runtime }) => runtime.mailer?.from }),
    enabled: t.boolean({
      resolve: async (_parent, _args, { runtime: { prisma, config } }) =>
        (await withOptions(prisma, config)).NOTIFICATION_ENABLED,
    }),
    recipients: t.exposeStringList('recipients'),
  }),
})

builder.queryFields((t) => ({
  notificationSettings: t.field({
    type: settings,
    resolve: async (_root, _args, { runtime }) => ({ recipients: await notificationRecipients(runtime.prisma) }),
  }),
  deliveries: t.prismaField({
    type: ['Delivery'],
    args: { last: t.arg.int({ defaultValue: 50 }) },
    resolve: (query, _root, { last }, { runtime }) =>
      runtime.prisma.delivery.findMany({
        ...query,
        orderBy: { createdAt: 'desc' },
        take: Math.min(Math.max(last ?? 50, 1), 500),
      }),
  }),
}))

const sendTestMailSuccess = builder.objectRef<{ deliveries: Delivery[] }>('SendTestMailSuccess').implement({
  fields: (t) => ({ deliveries: t.expose('deliveries', { type: [delivery] }) }),
})
const setRecipientsSuccess = builder.objectRef<{ recipients: string[] }>('SetRecipientsSuccess').implement({
  fields: (t) => ({ settings: t.field({ type: settings, resolve: (parent) => parent }) }),
})

builder.mutationFields((t) => ({
  sendTestMail: t.field({
    type: sendTestMailSuccess,
    errors: {},
    resolve: async (_root, _args, { runtime, actor }) => ({ deliveries: await sendTestMail(runtime, actor) }),
  }),
  setNotificationRecipients: t.field({
    type: setRecipientsSuccess,
    errors: { union: { name: 'SetRecipientsResult' } },
    args: { recipients: t.arg.stringList({ required: true }) },
    resolve: async (_root, { recipients }, { runtime, actor }) => ({
      recipients: await setNotificationRecipients(runtime.prisma, actor, recipients),
    }),
  }),
}))
