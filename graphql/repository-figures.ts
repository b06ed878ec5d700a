import { compressionRatio, deduplicationRatio, figuresOfDays } from '#lib/repositories/figures.ts'
import { builder } from './builder.ts'
import { repository } from './repository.ts'

const DAY_MS = 24 * 60 * 60_000

const figures = builder.prismaObject('RepositoryFigures', {
  description: 'How big a repository was at a time. Made by a task STATISTICS.',
  fields: (t) => ({
    at: t.expose('at', { type: 'DateTime' }),
    snapshots: t.exposeInt('snapshots'),
    restoreBytes: t.expose('restoreBytes', {
      type: 'BigInt',
      description: 'Of all snapshots as if each were restored.',
    }),
    uncompressedBytes: t.expose('uncompressedBytes', {
      type: 'BigInt',
      description: 'Of each piece of data that snapshots need, once, before compression.',
    }),
    storedBytes: t.expose('storedBytes', {
      type: 'BigInt',
      description: 'The same after compression. What waits for a prune is not in it.',
    }),
    freeBytes: t.expose('freeBytes', {
      type: 'BigInt',
      nullable: true,
      description: 'Of the place that it lies in. Null where that cannot be known.',
    }),
    totalBytes: t.expose('totalBytes', { type: 'BigInt', nullable: true }),
    deduplicationRatio: t.float({
      nullable: true,
      description: 'restoreBytes / uncompressedBytes: how many times the data would be there without deduplication.',
      select: { restoreBytes: true, uncompressedBytes: true, storedBytes: true },
      resolve: (row) => deduplicationRatio(row),
    }),
    compressionRatio: t.float({
      nullable: true,
      description: 'uncompressedBytes / storedBytes: how many times smaller compression makes it.',
      select: { restoreBytes: true, uncompressedBytes: true, storedBytes: true },
      resolve: (row) => compressionRatio(row),
    }),
  }),
})

builder.prismaObjectFields(repository, (t) => ({
  figures: t.field({
    type: [figures],
    description: 'Of the last days, oldest first: the newest of each day.',
    args: { days: t.arg.int({ defaultValue: 90 }) },
    complexity: { field: 1, multiplier: 30 },
    select: { id: true },
    resolve: ({ id }, { days }, { runtime }) => {
      const span = Math.min(Math.max(days ?? 90, 1), 3660)
      return figuresOfDays(runtime.prisma, id, new Date(runtime.clock.now().getTime() - span * DAY_MS))
    },
  }),
  latestFigures: t.prismaField({
    type: figures,
    nullable: true,
    select: { id: true },
    resolve: (query, { id }, _args, { runtime }) =>
      runtime.prisma.repositoryFigures.findFirst({
        ...query,
        where: { repositoryId: id },
        orderBy: { at: 'desc' },
      }),
  }),
}))
