import { type BatchPlan, planBatch, type Step, triggerBatch } from '#lib/restores/batch.ts'
import type { Restore } from '#prisma/client/client.ts'
import { builder } from './builder.ts'
import { given } from './given.ts'
import { restore } from './restore.ts'
import { restoreLoginInput } from './restore-input.ts'
import { backupRun } from './run.ts'

const step = builder.objectRef<Step>('BackupRestoreStep').implement({
  fields: (t) => ({
    run: t.expose('run', { type: backupRun }),
    into: t.exposeString('into', { description: 'Where it would go, for people.' }),
  }),
})

const plan = builder.objectRef<BatchPlan>('BackupRestorePlan').implement({
  description: 'What triggerBackupRestore would do.',
  fields: (t) => ({
    steps: t.field({ type: [step], description: 'In their order.', resolve: ({ steps }) => steps }),
    missing: t.field({
      type: [backupRun],
      description: 'Runs of which nothing is there to be restored.',
      resolve: ({ missing }) => missing,
    }),
  }),
})

const triggerSuccess = builder.objectRef<{ restores: Restore[] }>('TriggerBackupRestoreSuccess').implement({
  fields: (t) => ({
    batchId: t.id({ resolve: ({ restores }) => restores[0]?.batchId ?? '' }),
    restores: t.field({ type: [restore], description: 'In their order.', resolve: ({ restores }) => restores }),
  }),
})

const planInput = builder.inputType('BackupRestorePlanInput', {
  fields: (t) => ({
    backupId: t.id({ required: true }),
    folder: t.string({
      required: true,
      description:
        'Absolute, on the workers and inside their STORAGE_ROOTS. What goes nowhere else goes below it, each run into a folder of its own.',
    }),
    suffix: t.string({
      description:
        'Databases go into new ones, called like the old ones with this behind. Left out: what their dump tools wrote, into the folder.',
    }),
    original: t.boolean({ description: 'Files go to where they were, and only those that are missing.' }),
  }),
})

const triggerInput = builder.inputType('TriggerBackupRestoreInput', {
  fields: (t) => ({
    plan: t.field({ type: planInput, required: true }),
    login: t.field({
      type: restoreLoginInput,
      description: 'For the new databases, instead of each source’s account.',
    }),
    confirmEnvironments: t.stringList({ description: 'The names of the protected ones among its environments.' }),
    idempotencyKey: t.string({ description: 'The same key answers the same restores, however often it is sent.' }),
  }),
})

builder.queryField('backupRestorePlan', (t) =>
  t.field({
    type: plan,
    description: 'How everything that a backup saved would be brought back, in order.',
    errors: {},
    args: { input: t.arg({ type: planInput, required: true }) },
    resolve: (_root, { input }, { runtime, actor }) => planBatch(runtime, actor, given(input)),
  }),
)

builder.mutationField('triggerBackupRestore', (t) =>
  t.field({
    type: triggerSuccess,
    description:
      'Asks that everything a backup saved is brought back, one after the other. One that fails does not keep the others from it.',
    errors: {},
    args: { input: t.arg({ type: triggerInput, required: true }) },
    resolve: async (_root, { input: { plan, ...others } }, { runtime, actor }) => ({
      restores: await triggerBatch(runtime, actor, { ...given(plan), ...given(others) }),
    }),
  }),
)
