import type { Prisma } from '#prisma/client/client.ts'
import { builder } from './builder.ts'
import { repository } from './repository.ts'

const PAGE_DEFAULT = 25
const PAGE_LIMIT = 100

const saved = { snapshotId: { not: null } } satisfies Prisma.BackupRunWhereInput

builder.prismaObjectFields(repository, (t) => ({
  snapshots: t.relatedConnection('runs', {
    cursor: 'id',
    description:
      'The runs that were saved there, newest first; of our own records, so also while it cannot be reached.',
    totalCount: true,
    defaultSize: PAGE_DEFAULT,
    maxSize: PAGE_LIMIT,
    // The list of edges counts ten times by itself.
    complexity: ({ first, last }) => ({
      field: 1,
      multiplier: Math.min(Math.max(first ?? last ?? PAGE_DEFAULT, 1), PAGE_LIMIT) / 10,
    }),
    query: { where: saved, orderBy: [{ finishedAt: 'desc' }, { id: 'desc' }] },
  }),
  newestSnapshot: t.prismaField({
    type: 'BackupRun',
    nullable: true,
    description: 'The run that was saved there last.',
    resolve: (query, { id }, _args, { runtime }) =>
      runtime.prisma.backupRun.findFirst({
        ...query,
        where: { ...saved, repositoryId: id },
        orderBy: [{ finishedAt: 'desc' }, { id: 'desc' }],
      }),
  }),
}))
