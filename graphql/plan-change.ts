import type { InputFieldBuilder } from '@pothos/core'
import { createPlan, deletePlan, pausePlan, resumePlan, updatePlan } from '#lib/plans/change.ts'
import { runPlan } from '#lib/schedules/run-plan.ts'
import type { Backup, Plan } from '#prisma/client/client.ts'
import { builder } from './builder.ts'
import { logLevel } from './enums.ts'
import { given } from './given.ts'
import { plan } from './plan.ts'

const about = {
  selection: '{sourceIds}, or {environments, types, tags}; {} is all sources, new ones included.',
  schedule: 'hourly, daily, weekly, monthly or a cron expression of five fields. Null: by hand only.',
  catchUp: 'Make up for a missed time, once.',
  retention: '{days, last, hourly, daily, weekly, monthly, yearly}; what is left out: 30 days, and none of the others.',
  repository: 'Where its sources are saved. Null: where each is otherwise.',
  copies: 'Where its snapshots have their second copy. Null: where their repository says.',
  upload: 'Of each run. Where its repository has a limit too, the stricter one holds.',
  runs: 'How many runs of one of its backups go on at once, at most.',
  recipients: 'Who is told how its backups end. Empty: the recipients of the installation.',
  failure: 'Also of what is incomplete, cancelled or missed, and of hooks that failed.',
  blackouts:
    'When it does not start, in its zone: {days: [1, 5], from: "08:00", to: "18:00"}. 1 is Monday; an end that is not after the beginning is on the next day.',
  hooks:
    'At most 10: {kind: "webhook", url, timeoutSeconds} or {kind: "command", command, values: [{name, value}], timeoutSeconds}.',
  tokens:
    'Each {url, token}: sent to that webhook as “Authorization: Bearer …”. Null takes one away; what is not named stays.',
}

/** What is said alike of a new plan and of one that is changed. */
const sharedFields = (t: InputFieldBuilder<typeof builder.$inferSchemaTypes, 'InputObject'>) => ({
  windowFrom: t.string(),
  windowTo: t.string(),
  jitterSeconds: t.int(),
  catchUp: t.boolean({ description: about.catchUp }),
  compressionLevel: t.int(),
  retries: t.int(),
  retryPauseSeconds: t.int(),
  timeLimitSeconds: t.int(),
  retention: t.field({ type: 'JSON', description: about.retention }),
  repositoryId: t.id({ description: about.repository }),
  copyRepositoryId: t.id({ description: about.copies }),
  uploadKibPerSecond: t.int({ description: about.upload }),
  runsAtOnce: t.int({ description: about.runs }),
  notifyRecipients: t.stringList({ description: about.recipients }),
  notifyOnSuccess: t.boolean(),
  notifyOnFailure: t.boolean({ description: about.failure }),
  notificationEnabled: t.boolean({ description: 'Whether people are told at all. Null: as the options say.' }),
  verifyEveryDays: t.int({
    description:
      'How often the newest good backup of each of its sources is verified, in days; 0: never by itself. When it is created: 7.',
  }),
  logVerbosity: t.field({ type: logLevel, description: 'From which level on its runs’ logs are kept. Null: all.' }),
  blackouts: t.field({ type: ['JSON'], description: about.blackouts }),
  hooksBefore: t.field({ type: ['JSON'], description: about.hooks }),
  hooksAfter: t.field({ type: ['JSON'], description: about.hooks }),
  webhookTokens: t.field({ type: ['JSON'], description: about.tokens }),
})

const createPlanInput = builder.inputType('CreatePlanInput', {
  fields: (t) => ({
    name: t.string({ required: true }),
    description: t.string(),
    selection: t.field({ type: 'JSON', description: `${about.selection} Left out: as DATA_SELECTION says.` }),
    schedule: t.string({ description: `${about.schedule} Left out: as TRIGGER_TYPE and BACKUP_SCHEDULE say.` }),
    timeZone: t.string({ description: 'UTC when left out.' }),
    ...sharedFields(t),
  }),
})

const updatePlanInput = builder.inputType('UpdatePlanInput', {
  description: 'What is left out stays; null takes away what may be absent.',
  fields: (t) => ({
    id: t.id({ required: true }),
    name: t.string(),
    description: t.string(),
    selection: t.field({ type: 'JSON', description: about.selection }),
    schedule: t.string({ description: about.schedule }),
    timeZone: t.string(),
    ...sharedFields(t),
    confirmEnvironment: t.stringList({
      description: 'The names of the protected environments that it takes sources of, to change what is kept.',
    }),
  }),
})

const pausePlanInput = builder.inputType('PausePlanInput', {
  fields: (t) => ({
    id: t.id({ required: true }),
    reason: t.string({ required: true }),
    until: t.field({ type: 'DateTime', description: 'Left out: until somebody resumes it.' }),
  }),
})

const holder = (name: string) =>
  builder.objectRef<{ plan: Plan }>(name).implement({ fields: (t) => ({ plan: t.expose('plan', { type: plan }) }) })
const createPlanSuccess = holder('CreatePlanSuccess')
const updatePlanSuccess = holder('UpdatePlanSuccess')
const pausePlanSuccess = holder('PausePlanSuccess')
const resumePlanSuccess = holder('ResumePlanSuccess')
const deletePlanSuccess = builder
  .objectRef<{ id: string }>('DeletePlanSuccess')
  .implement({ fields: (t) => ({ id: t.exposeID('id') }) })
const runPlanSuccess = builder.objectRef<{ backup: Backup }>('RunPlanSuccess').implement({
  fields: (t) => ({
    backup: t.prismaField({
      type: 'Backup',
      resolve: (query, { backup }, _args, { runtime }) =>
        runtime.prisma.backup.findUniqueOrThrow({ ...query, where: { id: backup.id } }),
    }),
  }),
})

builder.mutationFields((t) => ({
  createPlan: t.field({
    type: createPlanSuccess,
    errors: {},
    args: { input: t.arg({ type: createPlanInput, required: true }) },
    resolve: async (_root, { input }, { runtime, actor }) => {
      const byHand = input.schedule === null ? { schedule: null } : {}
      return { plan: await createPlan(runtime, actor, { ...given(input), ...byHand }) }
    },
  }),
  updatePlan: t.field({
    type: updatePlanSuccess,
    description: 'Another schedule counts from now on.',
    errors: {},
    args: { input: t.arg({ type: updatePlanInput, required: true }) },
    resolve: async (_root, { input }, { runtime, actor }) => ({ plan: await updatePlan(runtime, actor, input) }),
  }),
  deletePlan: t.field({
    type: deletePlanSuccess,
    description: 'Its backups stay in the history, and are kept as those without a plan are.',
    errors: {},
    args: {
      id: t.arg.id({ required: true }),
      confirmEnvironment: t.arg.stringList({
        description: 'The names of the protected environments that it takes, or took, sources of.',
      }),
    },
    resolve: async (_root, { id, confirmEnvironment }, { runtime, actor }) => {
      await deletePlan(runtime, actor, id, confirmEnvironment)
      return { id }
    },
  }),
  pausePlan: t.field({
    type: pausePlanSuccess,
    description: 'Its times pass by, each noted.',
    errors: {},
    args: { input: t.arg({ type: pausePlanInput, required: true }) },
    resolve: async (_root, { input }, { runtime, actor }) => ({ plan: await pausePlan(runtime, actor, given(input)) }),
  }),
  resumePlan: t.field({
    type: resumePlanSuccess,
    errors: {},
    args: { id: t.arg.id({ required: true }) },
    resolve: async (_root, { id }, { runtime, actor }) => ({ plan: await resumePlan(runtime, actor, id) }),
  }),
  runPlan: t.field({
    type: runPlanSuccess,
    description: 'Starts a backup of it now, paused or not.',
    errors: {},
    args: { id: t.arg.id({ required: true }) },
    resolve: async (_root, { id }, { runtime, actor, origin }) => ({
      backup: await runPlan(runtime, actor, origin, id),
    }),
  }),
}))
