import { z } from 'zod'
import { hasScope } from '#lib/auth/actor.ts'
import { approveRestore } from '#lib/restores/approve.ts'
import { cancelRestore } from '#lib/restores/cancel.ts'
import { followRestore } from '#lib/restores/follow.ts'
import { placeText } from '#lib/restores/place-text.ts'
import type { Changes } from '#lib/restores/restore-over.ts'
import { triggerRestore } from '#lib/restores/trigger.ts'
import type { Restore } from '#prisma/client/client.ts'
import { builder } from './builder.ts'
import { runState } from './enums.ts'
import { given } from './given.ts'
import { restoreChanges, restoreOverwrite } from './restore-changes.ts'
import { triggerRestoreInput } from './restore-input.ts'
import { runError } from './run.ts'
import { waitsFor } from './waits-for.ts'

const PAGE_LIMIT = 100

export const restore = builder.prismaObject('Restore', {
  description:
    'A run’s snapshot that is brought, or was brought, into a folder, to where its files were, into a new database or a new file.',
  fields: (t) => ({
    id: t.exposeID('id'),
    run: t.relation('run'),
    folder: t.string({
      nullable: true,
      description: 'On the worker; without symlinks once it has begun. Null when it goes elsewhere.',
      select: { folder: true, purpose: true },
      resolve: ({ folder, purpose }) => (purpose === 'FOLDER' ? folder || null : null),
    }),
    into: t.string({
      description: 'Where it goes, for people: a folder, where the files were, “the database “shop_copy””, a file.',
      select: { purpose: true, folder: true, placeName: true, targets: true },
      resolve: placeText,
    }),
    paths: t.exposeStringList('paths', { description: 'What of the snapshot was asked for. Empty: everything.' }),
    original: t.boolean({
      description: 'Whether it goes to where the files were.',
      select: { targets: true },
      resolve: ({ targets }) => targets.length > 0,
    }),
    overwrite: t.expose('overwrite', {
      type: restoreOverwrite,
      nullable: true,
      description: 'Null: nothing may be there.',
    }),
    dryRun: t.exposeBoolean('dryRun', { description: 'Nothing is written: see changes.' }),
    changes: t.field({
      type: restoreChanges,
      nullable: true,
      description:
        'Where files or rows may have been there, once it has ended. Null for who may not restore: it holds names.',
      select: { changes: true },
      resolve: ({ changes }, _args, { actor }) =>
        hasScope(actor, 'backup:restore') ? (changes as Changes | null) : null,
    }),
    person: t.string({
      nullable: true,
      description: 'Only whose rows. Null: all, or for who may not restore.',
      select: { person: true },
      resolve: ({ person }, _args, { actor }) => (hasScope(actor, 'backup:restore') ? person : null),
    }),
    leaveOut: t.exposeStringList('leaveOut', { description: 'What of that was not asked for.' }),
    keptAs: t.exposeString('keptAs', {
      nullable: true,
      description:
        'What the database that it replaced is called since; of a server, the file of the worker with what it held.',
    }),
    batchId: t.exposeID('batchId', {
      nullable: true,
      description: 'The batch that brings a whole backup back. Null: it was asked for alone.',
    }),
    needsApproval: t.exposeBoolean('needsApproval', {
      description:
        'Whether it goes from another environment into a protected one, which another administrator approves.',
    }),
    approvedBy: t.exposeString('approvedBy', { nullable: true, description: 'Who approved it. Null: nobody has yet.' }),
    mayApprove: t.boolean({
      description: 'Whether it waits for an approval that who asks may give.',
      select: { state: true, needsApproval: true, approvedBy: true, requestedBy: true },
      resolve: ({ state, needsApproval, approvedBy, requestedBy }, _args, { actor }) =>
        state === 'QUEUED' &&
        needsApproval &&
        approvedBy === null &&
        actor !== null &&
        hasScope(actor, 'backup:restore') &&
        actor.email !== requestedBy,
    }),
    placeSource: t.relation('placeSource', {
      nullable: true,
      description: 'On whose server the new database is. Null when it goes into a folder.',
    }),
    state: t.expose('state', { type: runState }),
    waitsFor: t.string({
      nullable: true,
      description: 'While it is queued: “prune of production-s3”.',
      select: { id: true, state: true },
      resolve: (one, _args, { runtime }) => waitsFor(runtime, one),
    }),
    filesTotal: t.expose('filesTotal', {
      type: 'BigInt',
      nullable: true,
      description: 'Files and symlinks that the snapshot lists. Null until it was read.',
    }),
    bytesTotal: t.expose('bytesTotal', { type: 'BigInt', nullable: true }),
    filesDone: t.expose('filesDone', {
      type: 'BigInt',
      nullable: true,
      description: 'What restic reports; once it SUCCEEDED, what was counted in the folder.',
    }),
    bytesDone: t.expose('bytesDone', { type: 'BigInt', nullable: true }),
    attempt: t.exposeInt('attempt', { description: 'One that ended before anything was written is tried again.' }),
    requestedBy: t.exposeString('requestedBy'),
    error: t.field({
      type: runError,
      nullable: true,
      select: { errorCode: true, errorMessage: true, errorRemedy: true },
      resolve: (one) =>
        one.errorCode === null
          ? null
          : { code: one.errorCode, message: one.errorMessage ?? '', remedy: one.errorRemedy ?? '' },
    }),
    queuedAt: t.expose('queuedAt', { type: 'DateTime' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true }),
  }),
})

builder.queryFields((t) => ({
  restore: t.prismaField({
    type: 'Restore',
    nullable: true,
    args: { id: t.arg.id({ required: true }) },
    resolve: (query, _root, { id }, { runtime }) =>
      z.uuid().safeParse(id).success
        ? runtime.prisma.restore.findFirst({ ...query, where: { id, purpose: { not: 'VERIFICATION' } } })
        : null,
  }),
  restores: t.prismaField({
    type: ['Restore'],
    description: 'Newest first; those of a batch in their order.',
    args: { first: t.arg.int({ defaultValue: 20 }), runId: t.arg.id(), batchId: t.arg.id() },
    resolve: (query, _root, { first, runId, batchId }, { runtime }) => {
      if ([runId, batchId].some((id) => id != null && !z.uuid().safeParse(id).success)) return []
      return runtime.prisma.restore.findMany({
        ...query,
        take: Math.min(Math.max(first ?? 20, 0), PAGE_LIMIT),
        where: {
          purpose: { not: 'VERIFICATION' },
          ...(runId != null && { runId }),
          ...(batchId != null && { batchId }),
        },
        orderBy: batchId == null ? [{ queuedAt: 'desc' }, { id: 'desc' }] : [{ position: 'asc' }],
      })
    },
  }),
}))

const holder = (name: string) =>
  builder.objectRef<{ restore: Restore }>(name).implement({
    fields: (t) => ({ restore: t.expose('restore', { type: restore }) }),
  })
const triggerRestoreSuccess = holder('TriggerRestoreSuccess')
const approveRestoreSuccess = holder('ApproveRestoreSuccess')
const cancelRestoreSuccess = holder('CancelRestoreSuccess')

builder.mutationFields((t) => ({
  triggerRestore: t.field({
    type: triggerRestoreSuccess,
    description:
      'Asks that a run’s snapshot is brought into a folder, to where its files were, or into a new place, as soon as it is its turn.',
    errors: {},
    args: { input: t.arg({ type: triggerRestoreInput, required: true }) },
    resolve: async (_root, { input }, { runtime, actor }) => ({
      restore: await triggerRestore(runtime, actor, given(input)),
    }),
  }),
  approveRestore: t.field({
    type: approveRestoreSuccess,
    description:
      'Lets a restore from another environment into a protected one begin; by another administrator than who asked.',
    errors: {},
    args: {
      id: t.arg.id({ required: true }),
      confirmEnvironment: t.arg.string({ description: 'The name of the protected environment.' }),
    },
    resolve: async (_root, args, { runtime, actor }) => ({
      restore: await approveRestore(runtime, actor, given(args)),
    }),
  }),
  cancelRestore: t.field({
    type: cancelRestoreSuccess,
    errors: {},
    args: { id: t.arg.id({ required: true }) },
    resolve: async (_root, { id }, { runtime, actor }) => ({ restore: await cancelRestore(runtime, actor, id) }),
  }),
}))

builder.subscriptionField('restoreStatus', (t) =>
  t.field({
    type: restore,
    description: 'A restore as it is now, then whenever it has changed; completes when it has ended.',
    args: { restoreId: t.arg.id({ required: true }) },
    subscribe: (_root, { restoreId }, { runtime }) => followRestore(runtime, restoreId),
    resolve: (row) => row,
  }),
)
