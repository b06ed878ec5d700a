import { z } from 'zod'
import { missingCopiesOfPlan } from '#lib/maintenance/copy-target.ts'
import { createPlan, deletePlan, pausePlan, resumePlan, updatePlan } from '#lib/plans/change.ts'
import { planDefaults } from '#lib/plans/defaults.ts'
import { previewSchedule } from '#lib/plans/preview-schedule.ts'
import { inWords, nextTimes } from '#lib/plans/schedule.ts'
import { ruleInput } from '#lib/retention/rule.ts'
import { runPlan, sourcesOf } from '#lib/schedules/run-plan.ts'
import type { Backup, Plan, Repository } from '#prisma/client/client.ts'
import { PlanEventKind } from '#prisma/client/enums.ts'
import { builder } from './builder.ts'
import { given } from './given.ts'
import { repository } from './repository.ts'
import { source } from './source.ts'

const TIMES_LIMIT = 50
const howMany = (asked: number | null | undefined) => Math.min(Math.max(asked ?? 5, 0), TIMES_LIMIT)

const planEventKind = builder.enumType(PlanEventKind, {
  name: 'PlanEventKind',
  description:
    'STARTED: a backup began. MISSED: nothing ran at the time. DEFERRED: something keeps it from starting, which is waited for. PAUSED: it passed by. REFUSED: it could not be started.',
})

builder.prismaObject('PlanEvent', {
  description: 'What became of a time at which a plan was due.',
  fields: (t) => ({
    id: t.exposeID('id'),
    at: t.expose('at', { type: 'DateTime' }),
    dueAt: t.expose('dueAt', { type: 'DateTime' }),
    kind: t.expose('kind', { type: planEventKind }),
    message: t.exposeString('message'),
    backup: t.relation('backup', { nullable: true }),
  }),
})

const missingCopies = builder
  .objectRef<{ repository: Repository; copyTo: Repository; missing: number }>('MissingCopies')
  .implement({
    fields: (t) => ({
      repository: t.expose('repository', { type: repository }),
      copyTo: t.expose('copyTo', { type: repository }),
      missing: t.exposeInt('missing'),
    }),
  })

const plan = builder.prismaObject('Plan', {
  description: 'A saved selection of sources with a schedule.',
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    description: t.exposeString('description'),
    selection: t.expose('selection', {
      type: 'JSON',
      description:
        '{sourceIds}, or {environments, types, tags}: all sources, new ones included, that fit each list that is not empty.',
    }),
    sources: t.field({
      type: [source],
      description: 'The enabled ones that it takes now.',
      select: { selection: true },
      resolve: (row, _args, { runtime }) => sourcesOf(runtime.prisma, row),
    }),
    schedule: t.exposeString('schedule', {
      nullable: true,
      description: 'hourly, daily, weekly, monthly or a cron expression. Null: by hand only.',
    }),
    scheduleInWords: t.string({
      nullable: true,
      select: { schedule: true },
      resolve: ({ schedule }) => (schedule === null ? null : inWords(schedule)),
    }),
    timeZone: t.exposeString('timeZone'),
    windowFrom: t.exposeString('windowFrom', { nullable: true, description: 'It starts only from here, …' }),
    windowTo: t.exposeString('windowTo', { nullable: true, description: '… until here, in its zone.' }),
    jitterSeconds: t.exposeInt('jitterSeconds', { description: 'It starts up to this much later.' }),
    catchUp: t.exposeBoolean('catchUp', { description: 'Whether a missed time is made up for, once.' }),
    compressionLevel: t.exposeInt('compressionLevel', { nullable: true }),
    retries: t.exposeInt('retries', { description: 'How often a run that failed is tried again, if that may help.' }),
    retryPauseSeconds: t.exposeInt('retryPauseSeconds', {
      description: 'Before the first retry; it doubles each time.',
    }),
    timeLimitSeconds: t.exposeInt('timeLimitSeconds', {
      nullable: true,
      description: 'A run that takes longer fails.',
    }),
    retention: t.field({
      type: 'JSON',
      description: 'What is kept: {days, last, hourly, daily, weekly, monthly, yearly}, defaults filled in.',
      select: { retention: true },
      resolve: ({ retention }) => ruleInput.parse(retention),
    }),
    isPaused: t.boolean({ select: { pausedAt: true }, resolve: ({ pausedAt }) => pausedAt !== null }),
    pausedUntil: t.expose('pausedUntil', { type: 'DateTime', nullable: true }),
    pauseReason: t.exposeString('pauseReason'),
    pausedBy: t.exposeString('pausedBy', { nullable: true }),
    dueAt: t.expose('dueAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Its next time. In the past while something keeps it from starting.',
    }),
    nextTimes: t.field({
      type: ['DateTime'],
      args: { first: t.arg.int({ defaultValue: 5 }) },
      select: { schedule: true, timeZone: true },
      resolve: ({ schedule, timeZone }, { first }, { runtime }) =>
        schedule === null ? [] : nextTimes(schedule, timeZone, runtime.clock.now(), howMany(first)),
    }),
    missingCopies: t.field({
      type: [missingCopies],
      description: 'Where its snapshots should have a second copy and have none.',
      select: { id: true },
      resolve: ({ id }, _args, { runtime }) => missingCopiesOfPlan(runtime.prisma, id),
    }),
    lastBackup: t.prismaField({
      type: 'Backup',
      nullable: true,
      resolve: (query, { id }, _args, { runtime }) =>
        runtime.prisma.backup.findFirst({ ...query, where: { planId: id }, orderBy: { createdAt: 'desc' } }),
    }),
    events: t.relation('events', {
      description: 'Newest first.',
      args: { first: t.arg.int({ defaultValue: 5 }) },
      query: ({ first }) => ({ take: howMany(first), orderBy: [{ at: 'desc' }, { id: 'desc' }] }),
    }),
  }),
})

const schedulePreview = builder.objectRef<{ words: string; times: Date[] }>('SchedulePreview').implement({
  fields: (t) => ({
    words: t.exposeString('words', { description: '“every day at 03:30”' }),
    times: t.expose('times', { type: ['DateTime'] }),
  }),
})

builder.queryFields((t) => ({
  plans: t.prismaField({
    type: ['Plan'],
    resolve: (query, _root, _args, { runtime }) => runtime.prisma.plan.findMany({ ...query, orderBy: { name: 'asc' } }),
  }),
  plan: t.prismaField({
    type: 'Plan',
    nullable: true,
    args: { id: t.arg.id({ required: true }) },
    resolve: (query, _root, { id }, { runtime }) =>
      z.uuid().safeParse(id).success ? runtime.prisma.plan.findUnique({ ...query, where: { id } }) : null,
  }),
  planDefaults: t.field({
    type: 'JSON',
    description: 'What a new plan has where nothing else is said: {schedule, selection, retention}, of the options.',
    resolve: (_root, _args, { runtime }) => planDefaults(runtime.config),
  }),
  schedulePreview: t.field({
    type: schedulePreview,
    description: 'A schedule in words, with its next times.',
    errors: {},
    args: {
      schedule: t.arg.string({ required: true }),
      timeZone: t.arg.string({ required: true }),
      first: t.arg.int({ defaultValue: 5 }),
    },
    resolve: (_root, { schedule, timeZone, first }, { runtime }) =>
      previewSchedule({ schedule, timeZone }, runtime.clock.now(), howMany(first)),
  }),
}))

const about = {
  selection: '{sourceIds}, or {environments, types, tags}; {} is all sources, new ones included.',
  schedule: 'hourly, daily, weekly, monthly or a cron expression of five fields. Null: by hand only.',
  catchUp: 'Make up for a missed time, once.',
  retention: '{days, last, hourly, daily, weekly, monthly, yearly}; what is left out: 30 days, and none of the others.',
}

const createPlanInput = builder.inputType('CreatePlanInput', {
  fields: (t) => ({
    name: t.string({ required: true }),
    description: t.string(),
    selection: t.field({ type: 'JSON', description: `${about.selection} Left out: as DATA_SELECTION says.` }),
    schedule: t.string({ description: `${about.schedule} Left out: as TRIGGER_TYPE and BACKUP_SCHEDULE say.` }),
    timeZone: t.string({ description: 'UTC when left out.' }),
    windowFrom: t.string(),
    windowTo: t.string(),
    jitterSeconds: t.int(),
    catchUp: t.boolean({ description: about.catchUp }),
    compressionLevel: t.int(),
    retries: t.int(),
    retryPauseSeconds: t.int(),
    timeLimitSeconds: t.int(),
    retention: t.field({ type: 'JSON', description: about.retention }),
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
    windowFrom: t.string(),
    windowTo: t.string(),
    jitterSeconds: t.int(),
    catchUp: t.boolean({ description: about.catchUp }),
    compressionLevel: t.int(),
    retries: t.int(),
    retryPauseSeconds: t.int(),
    timeLimitSeconds: t.int(),
    retention: t.field({ type: 'JSON', description: about.retention }),
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
    description: 'Its backups stay in the history.',
    errors: {},
    args: { id: t.arg.id({ required: true }) },
    resolve: async (_root, { id }, { runtime, actor }) => {
      await deletePlan(runtime, actor, id)
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
