import { z } from 'zod'
import { type Actor, hasScope } from '#lib/auth/actor.ts'
import { blackoutsInput } from '#lib/clock/blackouts.ts'
import { inWords, nextTimes } from '#lib/cron/schedule.ts'
import { hooksInput, withoutPath } from '#lib/hooks/hook.ts'
import { missingCopiesOfPlan } from '#lib/maintenance/missing-copies.ts'
import { planDefaults } from '#lib/plans/defaults.ts'
import { previewSchedule } from '#lib/plans/preview-schedule.ts'
import { sealedTokens } from '#lib/plans/webhook-tokens.ts'
import { ruleInput } from '#lib/retention/rule.ts'
import { sourcesOf } from '#lib/schedules/run-plan.ts'
import { withOptions } from '#lib/settings/options.ts'
import type { Repository } from '#prisma/client/client.ts'
import { PlanEventKind } from '#prisma/client/enums.ts'
import { builder } from './builder.ts'
import { logLevel } from './enums.ts'
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

const shownHooks = (stored: unknown, actor: Actor | null) => {
  const hooks = hooksInput.parse(stored)
  return hasScope(actor, 'settings:write') ? hooks : hooks.map(withoutPath)
}

export const plan = builder.prismaObject('Plan', {
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
    hooksBefore: t.field({
      type: ['JSON'],
      description:
        'Called before the first run of a backup, in order: {kind: "webhook", url, timeoutSeconds} or {kind: "command", command, values: [{name, value}], timeoutSeconds}. One that fails stops the backup. Who may not change plans sees no paths of addresses.',
      select: { hooksBefore: true },
      resolve: ({ hooksBefore }, _args, { actor }) => shownHooks(hooksBefore, actor),
    }),
    hooksAfter: t.field({
      type: ['JSON'],
      description: 'The same, called after the last run ended, whatever the outcome.',
      select: { hooksAfter: true },
      resolve: ({ hooksAfter }, _args, { actor }) => shownHooks(hooksAfter, actor),
    }),
    webhooksWithToken: t.field({
      type: ['String'],
      description:
        'The addresses of those webhooks that have a token, for those who may change plans. The tokens are never shown.',
      select: { sealedTokens: true },
      resolve: (row, _args, { actor }) =>
        hasScope(actor, 'settings:write') ? Object.keys(sealedTokens.parse(row.sealedTokens)) : [],
    }),
    repository: t.relation('repository', {
      nullable: true,
      description: 'Where its sources are saved. Null: where each is otherwise.',
    }),
    copyRepository: t.relation('copyRepository', {
      nullable: true,
      description: 'Where its snapshots have their second copy. Null: where their repository says.',
    }),
    uploadKibPerSecond: t.exposeInt('uploadKibPerSecond', {
      nullable: true,
      description: 'Of each run. Where its repository has a limit too, the stricter one holds.',
    }),
    runsAtOnce: t.exposeInt('runsAtOnce', {
      nullable: true,
      description: 'How many runs of one of its backups go on at once, at most.',
    }),
    notifyRecipients: t.exposeStringList('notifyRecipients', {
      description: 'Who is told how its backups end. Empty: the recipients of the installation.',
    }),
    notificationEnabled: t.exposeBoolean('notificationEnabled', {
      nullable: true,
      description: 'Whether people are told at all. Null: as the options say.',
    }),
    verifyEveryDays: t.exposeInt('verifyEveryDays', {
      description: 'How often the newest good backup of each of its sources is verified, in days; 0: never by itself.',
    }),
    logVerbosity: t.expose('logVerbosity', {
      type: logLevel,
      nullable: true,
      description: 'From which level on its runs’ logs are kept. Null: all.',
    }),
    notifyOnSuccess: t.exposeBoolean('notifyOnSuccess'),
    notifyOnFailure: t.exposeBoolean('notifyOnFailure', {
      description: 'Also of what is incomplete, cancelled or missed, and of hooks that failed.',
    }),
    blackouts: t.field({
      type: ['JSON'],
      description:
        'Times of the week, in its zone, at which it does not start: {days, from, to}. 1 is Monday; an end that is not after the beginning is on the next day.',
      select: { blackouts: true },
      resolve: ({ blackouts }) => blackoutsInput.parse(blackouts),
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
    resolve: async (_root, _args, { runtime }) => planDefaults(await withOptions(runtime.prisma, runtime.config)),
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
