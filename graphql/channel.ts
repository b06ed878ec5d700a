import type { InputFieldBuilder } from '@pothos/core'
import { settingsForm } from '#lib/forms/form.ts'
import { createChannel, deleteChannel, updateChannel } from '#lib/notifications/channels/change.ts'
import type { ChannelKind } from '#lib/notifications/channels/kind.ts'
import { channelSecrets } from '#lib/notifications/channels/open.ts'
import { allChannelKinds } from '#lib/notifications/channels/registry.ts'
import { testChannel } from '#lib/notifications/test-message.ts'
import type { Channel } from '#prisma/client/client.ts'
import { DigestPeriod } from '#prisma/client/enums.ts'
import { builder } from './builder.ts'
import { severity } from './enums.ts'
import { given } from './given.ts'
import { deliveriesSuccess } from './notification.ts'

const digestPeriod = builder.enumType(DigestPeriod, { name: 'DigestPeriod' })

const channelKind = builder.objectRef<ChannelKind>('ChannelKind').implement({
  description: 'A way to tell people.',
  fields: (t) => ({
    kind: t.exposeString('kind'),
    title: t.exposeString('title'),
    form: t.field({
      type: 'JSON',
      description:
        'The settings as JSON Schema (draft 2020-12). Besides its own keywords: secret, advanced, multiline, enumTitles.',
      resolve: (kind) => settingsForm(kind),
    }),
    secretFields: t.stringList({
      description: 'The names of the settings that are never answered.',
      resolve: (kind) => [...kind.secretFields],
    }),
  }),
})

const channel = builder.prismaObject('Channel', {
  description:
    'Where notifications go besides the recipients of the installation and of plans. Lists that are empty mean all.',
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    kind: t.exposeString('kind', { description: 'One of channelKinds.' }),
    settings: t.field({
      type: 'JSON',
      description: 'Without the secret ones.',
      authScopes: { can: 'settings:write' },
      select: { settings: true },
      resolve: ({ settings }) => settings,
    }),
    secretsSet: t.stringList({
      description: 'The secret settings that are stored, by their dotted names. Their values are never answered.',
      authScopes: { can: 'settings:write' },
      select: { id: true, sealedSecrets: true },
      resolve: (row, _args, { runtime }) => Object.keys(channelSecrets(runtime.secretKey, row)),
    }),
    enabled: t.exposeBoolean('enabled'),
    events: t.exposeStringList('events'),
    severity: t.expose('severity', { type: severity, description: 'The least that it carries.' }),
    environmentIds: t.exposeStringList('environmentIds'),
    planIds: t.exposeStringList('planIds'),
    quietFrom: t.exposeString('quietFrom', {
      nullable: true,
      description: 'From then to quietTo, in its zone, only errors are sent; the rest waits.',
    }),
    quietTo: t.exposeString('quietTo', { nullable: true }),
    timeZone: t.exposeString('timeZone'),
    digest: t.expose('digest', { type: digestPeriod, nullable: true, description: 'A summary of all sources.' }),
    digestAt: t.exposeString('digestAt'),
    digestOnly: t.exposeBoolean('digestOnly', { description: 'It carries nothing but that summary.' }),
    escalateTo: t.relation('escalateTo', {
      nullable: true,
      description: 'Where an error goes that nobody acknowledged in time.',
    }),
    escalateAfterMinutes: t.exposeInt('escalateAfterMinutes', { nullable: true }),
  }),
})

builder.queryFields((t) => ({
  channelKinds: t.field({ type: [channelKind], resolve: () => [...allChannelKinds()] }),
  channels: t.prismaField({
    type: ['Channel'],
    resolve: (query, _root, _args, { runtime }) =>
      runtime.prisma.channel.findMany({ ...query, orderBy: { name: 'asc' } }),
  }),
  channel: t.prismaField({
    type: 'Channel',
    nullable: true,
    args: { id: t.arg.id({ required: true }) },
    resolve: (query, _root, { id }, { runtime }) =>
      /^[0-9a-f-]{36}$/.test(id) ? runtime.prisma.channel.findUnique({ ...query, where: { id } }) : null,
  }),
}))

const rules = (t: InputFieldBuilder<typeof builder.$inferSchemaTypes, 'InputObject'>) => ({
  enabled: t.boolean(),
  events: t.stringList({ description: 'Of notificationEvents; empty: all.' }),
  severity: t.field({ type: severity }),
  environmentIds: t.stringList({ description: 'Empty: all.' }),
  planIds: t.stringList({ description: 'Empty: all, and what belongs to no plan.' }),
  quietFrom: t.string(),
  quietTo: t.string(),
  timeZone: t.string(),
  digest: t.field({ type: digestPeriod }),
  digestAt: t.string(),
  digestOnly: t.boolean(),
  escalateToId: t.string(),
  escalateAfterMinutes: t.int(),
})

const createChannelInput = builder.inputType('CreateChannelInput', {
  fields: (t) => ({
    name: t.string({ required: true }),
    kind: t.string({ required: true, description: 'One of channelKinds.' }),
    settings: t.field({
      type: 'JSON',
      required: true,
      description: 'What the kind’s form asks for. Secrets are sealed and never answered.',
    }),
    ...rules(t),
  }),
})
const updateChannelInput = builder.inputType('UpdateChannelInput', {
  fields: (t) => ({
    id: t.id({ required: true }),
    name: t.string(),
    settings: t.field({
      type: 'JSON',
      description: 'All of them. A secret that is left out or empty stays, null takes it away.',
    }),
    ...rules(t),
  }),
})

const holder = (name: string) =>
  builder
    .objectRef<{ channel: Channel }>(name)
    .implement({ fields: (t) => ({ channel: t.expose('channel', { type: channel }) }) })
const createChannelSuccess = holder('CreateChannelSuccess')
const updateChannelSuccess = holder('UpdateChannelSuccess')
const deleteChannelSuccess = builder
  .objectRef<{ id: string }>('DeleteChannelSuccess')
  .implement({ fields: (t) => ({ id: t.exposeID('id') }) })
const testChannelSuccess = deliveriesSuccess('TestChannelSuccess')

builder.mutationFields((t) => ({
  createChannel: t.field({
    type: createChannelSuccess,
    errors: {},
    args: { input: t.arg({ type: createChannelInput, required: true }) },
    resolve: async (_root, { input }, { runtime, actor }) => ({
      channel: await createChannel(runtime, actor, given(input)),
    }),
  }),
  updateChannel: t.field({
    type: updateChannelSuccess,
    errors: {},
    args: { input: t.arg({ type: updateChannelInput, required: true }) },
    resolve: async (_root, { input }, { runtime, actor }) => ({ channel: await updateChannel(runtime, actor, input) }),
  }),
  deleteChannel: t.field({
    type: deleteChannelSuccess,
    errors: {},
    args: { id: t.arg.id({ required: true }) },
    resolve: async (_root, { id }, { runtime, actor }) => ({ id: (await deleteChannel(runtime, actor, id)).id }),
  }),
  testChannel: t.field({
    type: testChannelSuccess,
    description: 'Sends a test message through it now, whatever it carries, and answers what became of it.',
    errors: {},
    args: { id: t.arg.id({ required: true }) },
    resolve: async (_root, { id }, { runtime, actor }) => ({ deliveries: await testChannel(runtime, actor, id) }),
  }),
}))
