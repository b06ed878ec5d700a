import { acknowledge, resend } from '#lib/notifications/acknowledge.ts'
import { chosenEvents, events, eventTitle } from '#lib/notifications/events.ts'
import { sendTestMail } from '#lib/notifications/test-message.ts'
import { type Told, told } from '#lib/notifications/told.ts'
import { notificationRecipients, setNotificationRecipients } from '#lib/settings/notification-settings.ts'
import { withOptions } from '#lib/settings/options.ts'
import type { Delivery, Notification } from '#prisma/client/client.ts'
import { builder } from './builder.ts'
import { deliveryState, severity } from './enums.ts'

const MOST_AT_ONCE = 200

export const delivery = builder.prismaObject('Delivery', {
  fields: (t) => ({
    id: t.exposeID('id'),
    channel: t.exposeString('channel', { description: 'The kind of the channel.' }),
    recipient: t.exposeString('recipient', { description: 'An address, a number, or the name of the channel.' }),
    notification: t.relation('notification'),
    state: t.expose('state', { type: deliveryState }),
    attempts: t.exposeInt('attempts'),
    error: t.exposeString('error', { nullable: true }),
    notBefore: t.expose('notBefore', {
      type: 'DateTime',
      nullable: true,
      description: 'It waits: for the end of quiet hours, or for others of its kind.',
    }),
    isGrouped: t.boolean({
      description: 'Whether one message stood for it and for others.',
      select: { id: true, groupedIn: true },
      resolve: ({ id, groupedIn }) => groupedIn !== null && groupedIn !== id,
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    sentAt: t.expose('sentAt', { type: 'DateTime', nullable: true }),
  }),
})

const toldProblem = builder.objectRef<NonNullable<Told['problem']>>('ToldProblem').implement({
  fields: (t) => ({
    code: t.exposeString('code', { nullable: true }),
    message: t.exposeString('message'),
    remedy: t.exposeString('remedy'),
  }),
})
const toldFact = builder.objectRef<Told['facts'][number]>('ToldFact').implement({
  fields: (t) => ({
    name: t.string({ resolve: ([name]) => name }),
    value: t.string({ resolve: ([, value]) => value }),
  }),
})
const toldCause = builder.objectRef<Told['parts'][number]['causes'][number]>('ToldCause').implement({
  fields: (t) => ({
    cause: t.exposeString('cause'),
    remedy: t.exposeString('remedy'),
    evidence: t.exposeString('evidence'),
  }),
})
const toldPart = builder.objectRef<Told['parts'][number]>('ToldPart').implement({
  fields: (t) => ({
    name: t.exposeString('name'),
    state: t.exposeString('state'),
    tone: t.exposeString('tone'),
    figures: t.exposeString('figures'),
    problem: t.expose('problem', { type: toldProblem, nullable: true }),
    causes: t.expose('causes', { type: [toldCause], description: 'What its log shows.' }),
  }),
})
const toldType = builder.objectRef<Told>('Told').implement({
  description: 'What a notification says, whatever carries it.',
  fields: (t) => ({
    title: t.exposeString('title'),
    tone: t.exposeString('tone', { description: 'good, warn, bad or plain.' }),
    facts: t.expose('facts', { type: [toldFact] }),
    parts: t.expose('parts', { type: [toldPart] }),
    lines: t.exposeStringList('lines'),
    problem: t.expose('problem', { type: toldProblem, nullable: true }),
    link: t.exposeString('link'),
    linkText: t.exposeString('linkText'),
  }),
})

export const notification = builder.prismaObject('Notification', {
  fields: (t) => ({
    id: t.exposeID('id'),
    event: t.exposeString('event', { description: 'One of notificationEvents, DIGEST or TEST.' }),
    eventTitle: t.string({ select: { event: true }, resolve: ({ event }) => eventTitle(event) }),
    severity: t.expose('severity', { type: severity }),
    subject: t.exposeString('subject'),
    content: t.field({ type: toldType, select: { content: true }, resolve: ({ content }) => told.parse(content) }),
    environments: t.exposeStringList('environments'),
    backup: t.relation('backup', { nullable: true }),
    repository: t.relation('repository', { nullable: true, description: 'That it tells of, when it tells of one.' }),
    deliveries: t.relation('deliveries', { query: { orderBy: { createdAt: 'asc' } } }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    acknowledgedAt: t.expose('acknowledgedAt', { type: 'DateTime', nullable: true }),
    acknowledgedBy: t.exposeString('acknowledgedBy', { nullable: true }),
  }),
})

const notificationEvent = builder.objectRef<(typeof chosenEvents)[number]>('NotificationEvent').implement({
  description: 'What people can be told of.',
  fields: (t) => ({
    name: t.string({ resolve: (name) => name }),
    title: t.string({ resolve: (name) => events[name].title }),
    severity: t.field({ type: severity, resolve: (name) => events[name].severity }),
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
  notificationEvents: t.field({ type: [notificationEvent], resolve: () => [...chosenEvents] }),
  notification: t.prismaField({
    type: 'Notification',
    nullable: true,
    args: { id: t.arg.id({ required: true }) },
    resolve: (query, _root, { id }, { runtime }) =>
      /^[0-9a-f-]{36}$/.test(id) ? runtime.prisma.notification.findUnique({ ...query, where: { id } }) : null,
  }),
  notifications: t.prismaField({
    type: ['Notification'],
    description: 'The newest ones.',
    args: {
      last: t.arg.int({ defaultValue: 50 }),
      failed: t.arg.boolean({ description: 'Only those that did not reach everybody.' }),
    },
    resolve: (query, _root, { last, failed }, { runtime }) =>
      runtime.prisma.notification.findMany({
        ...query,
        where: failed ? { deliveries: { some: { state: 'FAILED' } } } : {},
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        take: Math.min(Math.max(last ?? 50, 1), MOST_AT_ONCE),
      }),
  }),
}))

export const deliveriesSuccess = (name: string) =>
  builder
    .objectRef<{ deliveries: Delivery[] }>(name)
    .implement({ fields: (t) => ({ deliveries: t.expose('deliveries', { type: [delivery] }) }) })
const sendTestMailSuccess = deliveriesSuccess('SendTestMailSuccess')
const setRecipientsSuccess = builder.objectRef<{ recipients: string[] }>('SetRecipientsSuccess').implement({
  fields: (t) => ({ settings: t.field({ type: settings, resolve: (parent) => parent }) }),
})
const acknowledgeSuccess = builder
  .objectRef<{ notification: Notification }>('AcknowledgeNotificationSuccess')
  .implement({ fields: (t) => ({ notification: t.expose('notification', { type: notification }) }) })
const resendSuccess = builder
  .objectRef<{ delivery: Delivery }>('ResendDeliverySuccess')
  .implement({ fields: (t) => ({ delivery: t.expose('delivery', { type: delivery }) }) })

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
  acknowledgeNotification: t.field({
    type: acknowledgeSuccess,
    description: 'Says that somebody takes care of it: it is not escalated any more.',
    errors: {},
    args: { id: t.arg.id({ required: true }) },
    resolve: async (_root, { id }, { runtime, actor }) => ({ notification: await acknowledge(runtime, actor, id) }),
  }),
  resendDelivery: t.field({
    type: resendSuccess,
    description: 'Sends once more what was sent or has failed.',
    errors: {},
    args: { id: t.arg.id({ required: true }) },
    resolve: async (_root, { id }, { runtime, actor }) => ({ delivery: await resend(runtime, actor, id) }),
  }),
}))
