import { z } from 'zod'
import { cancelRestore } from '#lib/restores/cancel.ts'
import { evidenceKey, problemOfEvidence, resultOf } from '#lib/restores/evidence.ts'
import { followRestore } from '#lib/restores/follow.ts'
import { triggerVerification } from '#lib/restores/trigger-verification.ts'
import type { Finding } from '#lib/sources/scratch-place.ts'
import type { Prisma, Restore } from '#prisma/client/client.ts'
import { builder } from './builder.ts'
import { runState } from './enums.ts'
import { newestOf } from './newest.ts'
import { backupRun, runError } from './run.ts'
import { source } from './source.ts'
import { waitsFor } from './waits-for.ts'

const PAGE_LIMIT = 200

const verificationResult = builder.enumType('VerificationResult', {
  values: {
    VERIFIED: { description: 'It was restored, and all that was looked at is right.' },
    MISMATCH: { description: 'It was restored, and something is not what it should be.' },
    FAILED: { description: 'It could not be restored.' },
  } as const,
})

const finding = builder.objectRef<Finding>('Finding').implement({
  fields: (t) => ({
    what: t.exposeString('what', { description: 'What was looked at.' }),
    problem: t.exposeString('problem', {
      nullable: true,
      description: 'What is wrong with it. Null: nothing.',
    }),
  }),
})

builder.prismaObject('VerificationEvidence', {
  description: 'How a verification ended, signed and chained to the one before it.',
  fields: (t) => ({
    sequence: t.exposeInt('sequence', { description: 'Its place in the chain, from 1.' }),
    document: t.exposeString('document', { description: 'The JSON that was signed, byte for byte.' }),
    hash: t.exposeString('hash', { description: 'SHA-256 of the document. The next one’s document holds it.' }),
    signature: t.exposeString('signature', { description: 'Ed25519 over the document, base64. See evidenceKey.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
})

export const verification = builder.prismaObject('Restore', {
  variant: 'Verification',
  description: 'A run’s snapshot that is restored into a scratch place and looked at there, or was.',
  fields: (t) => ({
    id: t.exposeID('id'),
    run: t.relation('run'),
    state: t.expose('state', { type: runState }),
    result: t.field({
      type: verificationResult,
      nullable: true,
      description: 'Null before it has ended, and when it was cancelled or interrupted.',
      select: { state: true, errorCode: true },
      resolve: resultOf,
    }),
    waitsFor: t.string({
      nullable: true,
      description: 'While it is queued: “prune of production-s3”.',
      select: { id: true, state: true },
      resolve: (one, _args, { runtime }) => waitsFor(runtime, one),
    }),
    findings: t.field({
      type: [finding],
      description: 'What was looked at. Empty before it has ended, and where nothing could be restored.',
      select: { findings: true },
      resolve: ({ findings }) => (findings ?? []) as unknown as Finding[],
    }),
    restoreSeconds: t.exposeFloat('restoreSeconds', {
      nullable: true,
      description: 'Until all was restored and loaded, before it was checked: how long a restore takes.',
    }),
    filesTotal: t.expose('filesTotal', { type: 'BigInt', nullable: true }),
    bytesTotal: t.expose('bytesTotal', { type: 'BigInt', nullable: true }),
    filesDone: t.expose('filesDone', { type: 'BigInt', nullable: true }),
    bytesDone: t.expose('bytesDone', { type: 'BigInt', nullable: true }),
    requestedBy: t.exposeString('requestedBy', { description: 'An e-mail address, or “plan nightly”.' }),
    error: t.field({
      type: runError,
      nullable: true,
      select: { errorCode: true, errorMessage: true, errorRemedy: true },
      resolve: (one) =>
        one.errorCode === null
          ? null
          : { code: one.errorCode, message: one.errorMessage ?? '', remedy: one.errorRemedy ?? '' },
    }),
    evidence: t.prismaField({
      type: 'VerificationEvidence',
      nullable: true,
      description: 'Null as long as there is no result.',
      select: { id: true },
      resolve: (query, { id }, _args, { runtime }) =>
        runtime.prisma.verificationEvidence.findUnique({ ...query, where: { restoreId: id } }),
    }),
    queuedAt: t.expose('queuedAt', { type: 'DateTime' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true }),
  }),
})

const newest = (where: Prisma.RestoreWhereInput, take: number) =>
  ({
    where: { ...where, purpose: 'VERIFICATION' },
    orderBy: [{ queuedAt: 'desc' }, { id: 'desc' }],
    take,
  }) satisfies Prisma.RestoreFindManyArgs

builder.prismaObjectField(source, 'lastVerification', (t) =>
  t.prismaField({
    type: verification,
    nullable: true,
    description: 'The newest verification of a backup of it that came to a result.',
    select: { id: true },
    resolve: async (query, { id: sourceId }, _args, context) => {
      const id = await newestOf(context, 'verification', sourceId)
      return id === null ? null : context.runtime.prisma.restore.findUnique({ ...query, where: { id } })
    },
  }),
)
builder.prismaObjectField(source, 'lastVerified', (t) =>
  t.field({
    type: 'DateTime',
    nullable: true,
    description: 'When a backup of it was last found to be restorable and right.',
    select: { id: true },
    resolve: async ({ id: sourceId }, _args, context) => {
      const id = await newestOf(context, 'goodVerification', sourceId)
      const found = id === null ? null : await context.runtime.prisma.restore.findUnique({ where: { id } })
      return found?.finishedAt ?? null
    },
  }),
)
builder.prismaObjectField(backupRun, 'lastVerification', (t) =>
  t.field({
    type: verification,
    nullable: true,
    description: 'The newest verification of its snapshot, whatever became of it.',
    select: (_args, _context, nestedSelection) => ({ restores: nestedSelection(newest({}, 1)) }),
    resolve: ({ restores }) => restores[0] ?? null,
  }),
)

builder.queryFields((t) => ({
  verification: t.prismaField({
    type: verification,
    nullable: true,
    args: { id: t.arg.id({ required: true }) },
    resolve: (query, _root, { id }, { runtime }) =>
      z.uuid().safeParse(id).success
        ? runtime.prisma.restore.findFirst({ ...query, where: { id, purpose: 'VERIFICATION' } })
        : null,
  }),
  verifications: t.prismaField({
    type: [verification],
    description: 'Newest first.',
    args: { first: t.arg.int({ defaultValue: 20 }), runId: t.arg.id(), sourceId: t.arg.id() },
    resolve: (query, _root, { first, runId, sourceId }, { runtime }) => {
      const ids = [runId, sourceId].filter((id) => id != null)
      if (ids.some((id) => !z.uuid().safeParse(id).success)) return []
      const where = { ...(runId != null && { runId }), ...(sourceId != null && { run: { sourceId } }) }
      const take = Math.min(Math.max(first ?? 20, 0), PAGE_LIMIT)
      return runtime.prisma.restore.findMany({ ...query, ...newest(where, take) })
    },
  }),
  evidenceKey: t.string({
    description: 'The public key, PEM, that all evidence of this installation is signed for.',
    resolve: (_root, _args, { runtime }) => evidenceKey(runtime.secretKey),
  }),
  evidenceProblem: t.string({
    nullable: true,
    description: 'The first thing that is wrong with the chain of all evidence. Null: nothing.',
    resolve: async (_root, _args, { runtime }) => {
      const all = await runtime.prisma.verificationEvidence.findMany({ orderBy: { sequence: 'asc' } })
      return problemOfEvidence(all, evidenceKey(runtime.secretKey))
    },
  }),
}))

const triggerVerificationInput = builder.inputType('TriggerVerificationInput', {
  fields: (t) => ({ runId: t.id({ required: true, description: 'Whose snapshot is verified.' }) }),
})

const holder = (name: string) =>
  builder.objectRef<{ verification: Restore }>(name).implement({
    fields: (t) => ({ verification: t.expose('verification', { type: verification }) }),
  })
const triggerVerificationSuccess = holder('TriggerVerificationSuccess')
const cancelVerificationSuccess = holder('CancelVerificationSuccess')

builder.mutationFields((t) => ({
  triggerVerification: t.field({
    type: triggerVerificationSuccess,
    description:
      'Asks that a run’s snapshot is restored into a scratch place and looked at, as soon as it is its turn.',
    errors: {},
    args: { input: t.arg({ type: triggerVerificationInput, required: true }) },
    resolve: async (_root, { input }, { runtime, actor }) => ({
      verification: await triggerVerification(runtime, actor, input),
    }),
  }),
  cancelVerification: t.field({
    type: cancelVerificationSuccess,
    errors: {},
    args: { id: t.arg.id({ required: true }) },
    resolve: async (_root, { id }, { runtime, actor }) => ({ verification: await cancelRestore(runtime, actor, id) }),
  }),
}))

builder.subscriptionField('verificationStatus', (t) =>
  t.field({
    type: verification,
    description: 'A verification as it is now, then whenever it has changed; completes when it has ended.',
    args: { verificationId: t.arg.id({ required: true }) },
    subscribe: (_root, { verificationId }, { runtime }) => followRestore(runtime, verificationId),
    resolve: (row) => row,
  }),
)
