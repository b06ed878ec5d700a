import { pinRun, releaseHold, unpinRun } from '#lib/retention/pin.ts'
import { type Judged, previewRetention } from '#lib/retention/preview.ts'
import type { BackupRun, RetentionHold } from '#prisma/client/client.ts'
import { builder } from './builder.ts'
import { given } from './given.ts'
import { backupRun } from './run.ts'
import { source } from './source.ts'

const pin = builder.objectRef<{ reason: string; until: Date | null; by: string | null }>('Pin').implement({
  description: 'Keeps a snapshot whatever the rules say.',
  fields: (t) => ({
    reason: t.exposeString('reason'),
    until: t.expose('until', { type: 'DateTime', nullable: true, description: 'Null: until it is unpinned.' }),
    by: t.exposeString('by', { nullable: true }),
  }),
})

builder.prismaObjectFields(backupRun, (t) => ({
  pin: t.field({
    type: pin,
    nullable: true,
    select: { pinnedAt: true, pinnedUntil: true, pinReason: true, pinnedBy: true },
    resolve: ({ pinnedAt, pinnedUntil, pinReason, pinnedBy }, _args, { runtime }) =>
      pinnedAt === null || (pinnedUntil !== null && pinnedUntil <= runtime.clock.now())
        ? null
        : { reason: pinReason, until: pinnedUntil, by: pinnedBy },
  }),
  expiredAt: t.expose('expiredAt', {
    type: 'DateTime',
    nullable: true,
    description:
      'Since when no rule keeps its snapshot. The next prune of its repository removes it; until then pinRun takes it back.',
  }),
  removedAt: t.expose('removedAt', {
    type: 'DateTime',
    nullable: true,
    description: 'Since when its snapshot is gone.',
  }),
}))

const hold = builder.prismaObject('RetentionHold', {
  description: 'Nothing of the source is removed, because its newest backup looks wrong, until somebody has looked.',
  fields: (t) => ({
    id: t.exposeID('id'),
    reason: t.exposeString('reason'),
    run: t.relation('run', { description: 'The one that looks wrong.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    releasedAt: t.expose('releasedAt', { type: 'DateTime', nullable: true }),
    releasedBy: t.exposeString('releasedBy', { nullable: true }),
  }),
})

builder.prismaObjectField(source, 'retentionHolds', (t) =>
  t.relation('retentionHolds', { query: { where: { releasedAt: null }, orderBy: { createdAt: 'asc' } } }),
)

const judged = builder.objectRef<Judged>('JudgedRun').implement({
  fields: (t) => ({
    run: t.prismaField({
      type: 'BackupRun',
      resolve: (query, { run: { id } }, _args, { runtime }) =>
        runtime.prisma.backupRun.findUniqueOrThrow({ ...query, where: { id } }),
    }),
    reasons: t.stringList({ description: 'Why it stays. None: it would go.', resolve: ({ reasons }) => reasons }),
  }),
})

const preview = builder.objectRef<{ runs: Judged[] }>('RetentionPreview').implement({
  fields: (t) => ({
    staying: t.int({ resolve: ({ runs }) => runs.filter(({ reasons }) => reasons.length > 0).length }),
    going: t.int({ resolve: ({ runs }) => runs.filter(({ reasons }) => reasons.length === 0).length }),
    goingBytes: t.field({
      type: 'BigInt',
      description: 'What those that would go had added, as stored: about what the next prune frees.',
      resolve: ({ runs }) =>
        runs.reduce((sum, { run: one, reasons }) => (reasons.length > 0 ? sum : sum + (one.storedBytes ?? 0n)), 0n),
    }),
    runs: t.field({
      type: [judged],
      args: { first: t.arg.int({ defaultValue: 50 }) },
      resolve: ({ runs }, { first }) => runs.slice(0, Math.min(Math.max(first ?? 50, 0), 200)),
    }),
  }),
})

builder.queryField('retentionPreview', (t) =>
  t.field({
    type: preview,
    description:
      'Which snapshots of a plan stay and by which rule, and which would go: by its own rule, or by one to try out.',
    errors: {},
    args: { planId: t.arg.id({ required: true }), retention: t.arg({ type: 'JSON' }) },
    resolve: async (_root, { planId, retention }, { runtime }) => ({
      runs: await previewRetention(runtime, runtime.clock.now(), planId, retention ?? undefined),
    }),
  }),
)

const pinRunInput = builder.inputType('PinRunInput', {
  fields: (t) => ({
    runId: t.id({ required: true }),
    reason: t.string({ required: true }),
    until: t.field({ type: 'DateTime', description: 'Left out: until it is unpinned.' }),
  }),
})

const holder = (name: string) =>
  builder.objectRef<{ run: BackupRun }>(name).implement({
    fields: (t) => ({
      run: t.prismaField({
        type: 'BackupRun',
        resolve: (query, { run: { id } }, _args, { runtime }) =>
          runtime.prisma.backupRun.findUniqueOrThrow({ ...query, where: { id } }),
      }),
    }),
  })
const pinRunSuccess = holder('PinRunSuccess')
const unpinRunSuccess = holder('UnpinRunSuccess')
const releaseRetentionSuccess = builder
  .objectRef<{ hold: RetentionHold }>('ReleaseRetentionSuccess')
  .implement({ fields: (t) => ({ hold: t.expose('hold', { type: hold }) }) })

builder.mutationFields((t) => ({
  pinRun: t.field({
    type: pinRunSuccess,
    description: 'Keeps a run’s snapshot whatever the rules say; one that had expired is taken back.',
    errors: {},
    args: { input: t.arg({ type: pinRunInput, required: true }) },
    resolve: async (_root, { input }, { runtime, actor }) => ({ run: await pinRun(runtime, actor, given(input)) }),
  }),
  unpinRun: t.field({
    type: unpinRunSuccess,
    errors: {},
    args: { runId: t.arg.id({ required: true }) },
    resolve: async (_root, { runId }, { runtime, actor }) => ({ run: await unpinRun(runtime, actor, runId) }),
  }),
  releaseRetention: t.field({
    type: releaseRetentionSuccess,
    description: 'Somebody has looked at the backup that looked wrong: retention goes on.',
    errors: {},
    args: { holdId: t.arg.id({ required: true }) },
    resolve: async (_root, { holdId }, { runtime, actor }) => ({ hold: await releaseHold(runtime, actor, holdId) }),
  }),
}))
