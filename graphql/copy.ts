import { copyMissing, setCopyTarget } from '#lib/maintenance/copy-target.ts'
import { withoutCopy } from '#lib/maintenance/missing-copies.ts'
import type { Repository } from '#prisma/client/client.ts'
import { builder } from './builder.ts'
import { repository } from './repository.ts'
import { repositoryTask } from './repository-task.ts'
import { backupRun } from './run.ts'

const MOST_RUNS = 100
const place = { id: true, copyToId: true } as const

builder.prismaObjectFields(repository, (t) => ({
  copyTo: t.relation('copyTo', {
    nullable: true,
    description: 'Where a second copy of each of its snapshots goes.',
  }),
  copyOf: t.relation('copyOf', {
    description: 'The repositories whose copies come here.',
    query: { orderBy: { name: 'asc' } },
  }),
  missingCopies: t.int({
    description: 'How many of its snapshots have no copy where copies go; those on their way count as missing too.',
    select: place,
    resolve: async (row, _args, { runtime: { prisma } }) =>
      prisma.backupRun.count({ where: await withoutCopy(prisma, row) }),
  }),
  runsWithoutCopy: t.prismaField({
    type: [backupRun],
    description: 'The runs that made them, newest first. Their `copies` say what became of each.',
    args: { first: t.arg.int({ defaultValue: 20 }) },
    select: place,
    resolve: async (query, row, { first }, { runtime: { prisma } }) =>
      prisma.backupRun.findMany({
        ...query,
        where: await withoutCopy(prisma, row),
        orderBy: [{ finishedAt: 'desc' }, { id: 'desc' }],
        take: Math.min(Math.max(first ?? 20, 0), MOST_RUNS),
      }),
  }),
}))

builder.prismaObjectField(backupRun, 'copies', (t) =>
  t.relation('copies', {
    description: 'Of its snapshot in other repositories: `repository` is the one that it is copied to.',
    query: { orderBy: { queuedAt: 'asc' } },
  }),
)

builder.prismaObjectField(repositoryTask, 'run', (t) =>
  t.relation('run', { nullable: true, description: 'Of a COPY: the run whose snapshot is copied.' }),
)

const setCopyTargetInput = builder.inputType('SetCopyTargetInput', {
  fields: (t) => ({
    repositoryId: t.id({ required: true }),
    targetId: t.id({ description: 'Null or left out: no copies any more.' }),
  }),
})

const setCopyTargetSuccess = builder
  .objectRef<{ repository: Repository; sharesPieces: boolean | null }>('SetCopyTargetSuccess')
  .implement({
    fields: (t) => ({
      repository: t.expose('repository', { type: repository }),
      sharesPieces: t.exposeBoolean('sharesPieces', {
        nullable: true,
        description:
          'Whether both cut data at the same places. If not, a copy shares nothing with what was saved there otherwise. Null: that could not be seen within ten seconds.',
      }),
    }),
  })

const copyMissingSuccess = builder
  .objectRef<{ queued: number; left: number; repository: Repository }>('CopyMissingSuccess')
  .implement({
    fields: (t) => ({
      queued: t.exposeInt('queued', { description: 'Copies that were queued.' }),
      left: t.exposeInt('left', { description: 'Missing ones that were too many for now: ask again later.' }),
      repository: t.expose('repository', { type: repository }),
    }),
  })

builder.mutationFields((t) => ({
  setCopyTarget: t.field({
    type: setCopyTargetSuccess,
    description:
      'From now on, each snapshot of a repository is copied to another one. copyMissing copies those that are there already.',
    errors: {},
    args: { input: t.arg({ type: setCopyTargetInput, required: true }) },
    resolve: (_root, { input: { repositoryId, targetId } }, { runtime, actor }) =>
      setCopyTarget(runtime, actor, { repositoryId, targetId: targetId ?? null }),
  }),
  copyMissing: t.field({
    type: copyMissingSuccess,
    description: 'Queues the copies that a repository lacks, newest first, also those that failed or were cancelled.',
    errors: {},
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, { runtime, actor }) => copyMissing(runtime, actor, id),
  }),
}))
