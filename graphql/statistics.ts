import {
  type DayTotals,
  type Growth,
  type Outcomes,
  type RecurringProblem,
  readEnds,
  readGrowth,
  readOutcomes,
  readProblems,
  readUnusual,
  sinceOf,
  type UnusualFigure,
} from '#lib/statistics/read.ts'
import { builder } from './builder.ts'

const outcomes = builder.objectRef<Outcomes>('SourceOutcomes').implement({
  description: 'How the runs of a source ended on one day.',
  fields: (t) => ({
    sourceId: t.exposeID('sourceId'),
    day: t.expose('day', { type: 'DateTime' }),
    succeeded: t.exposeInt('succeeded'),
    partial: t.exposeInt('partial'),
    failed: t.exposeInt('failed', { description: 'Interrupted ones among them.' }),
  }),
})

const dayTotals = builder.objectRef<DayTotals>('DayTotals').implement({
  description: 'All runs that ended on one day.',
  fields: (t) => ({
    day: t.expose('day', { type: 'DateTime' }),
    succeeded: t.exposeInt('succeeded'),
    partial: t.exposeInt('partial'),
    failed: t.exposeInt('failed'),
    readBytes: t.expose('readBytes', { type: 'BigInt' }),
    storedBytes: t.expose('storedBytes', { type: 'BigInt' }),
    medianSeconds: t.exposeFloat('medianSeconds', { nullable: true, description: 'Of the good ones.' }),
  }),
})

const problem = builder.objectRef<RecurringProblem>('RecurringProblem').implement({
  description: 'The same error of the same source, however often it came.',
  fields: (t) => ({
    source: t.prismaField({
      type: 'Source',
      resolve: (query, { sourceId }, _args, { runtime }) =>
        runtime.prisma.source.findUniqueOrThrow({ ...query, where: { id: sourceId } }),
    }),
    code: t.exposeString('code'),
    count: t.exposeInt('count'),
    firstAt: t.expose('firstAt', { type: 'DateTime' }),
    lastAt: t.expose('lastAt', { type: 'DateTime' }),
    backupId: t.exposeID('backupId', { description: 'The newest one with it.' }),
    message: t.exposeString('message'),
    remedy: t.exposeString('remedy'),
  }),
})

const figure = builder.enumType('UnusualFigureKind', {
  values: ['SECONDS', 'READ_BYTES', 'STORED_BYTES', 'STORED_SHARE', 'BYTES_PER_SECOND', 'FAILURES'] as const,
})
const unusual = builder.objectRef<UnusualFigure>('UnusualFigure').implement({
  description:
    'A figure of the newest good run of a source that differs from what its earlier ones had, or how often it failed this week.',
  fields: (t) => ({
    source: t.prismaField({
      type: 'Source',
      resolve: (query, { sourceId }, _args, { runtime }) =>
        runtime.prisma.source.findUniqueOrThrow({ ...query, where: { id: sourceId } }),
    }),
    backupId: t.exposeID('backupId'),
    at: t.expose('at', { type: 'DateTime' }),
    figure: t.expose('figure', { type: figure }),
    value: t.exposeFloat('value'),
    median: t.exposeFloat('median'),
    low: t.exposeFloat('low'),
    high: t.exposeFloat('high'),
  }),
})

const growth = builder.objectRef<Growth>('RepositoryGrowth').implement({
  fields: (t) => ({
    repository: t.prismaField({
      type: 'Repository',
      resolve: (query, { repositoryId }, _args, { runtime }) =>
        runtime.prisma.repository.findUniqueOrThrow({ ...query, where: { id: repositoryId } }),
    }),
    storedBytes: t.expose('storedBytes', { type: 'BigInt' }),
    freeBytes: t.expose('freeBytes', { type: 'BigInt', nullable: true }),
    bytesPerDay: t.exposeFloat('bytesPerDay', { nullable: true }),
    fullInDays: t.exposeFloat('fullInDays', { nullable: true, description: 'If it goes on so.' }),
  }),
})

const statistics = builder.objectRef<{ since: Date; ends: () => ReturnType<typeof readEnds> }>('Statistics').implement({
  description:
    'What became of backups over some days. Days are those of UTC; only the last attempt at each part counts.',
  fields: (t) => ({
    since: t.expose('since', { type: 'DateTime' }),
    outcomes: t.field({
      type: [outcomes],
      complexity: 20,
      resolve: async ({ ends }) => (await ends()).outcomes,
    }),
    days: t.field({
      type: [dayTotals],
      complexity: 20,
      resolve: async ({ ends }) => (await ends()).days,
    }),
    problems: t.field({
      type: [problem],
      complexity: 20,
      resolve: ({ since }, _args, { runtime }) => readProblems(runtime, since),
    }),
    unusual: t.field({
      type: [unusual],
      complexity: 20,
      resolve: (_parent, _args, { runtime }) => readUnusual(runtime),
    }),
    growth: t.field({
      type: [growth],
      complexity: 20,
      resolve: ({ since }, _args, { runtime }) => readGrowth(runtime, since),
    }),
  }),
})

const recentDays = builder.objectRef<{ since: Date }>('RecentDays').implement({
  description: 'How the runs of each source ended, day by day.',
  fields: (t) => ({
    since: t.expose('since', { type: 'DateTime' }),
    outcomes: t.field({
      type: [outcomes],
      complexity: 20,
      resolve: ({ since }, _args, { runtime }) => readOutcomes(runtime, since),
    }),
  }),
})

builder.queryField('recentDays', (t) =>
  t.field({
    type: recentDays,
    args: { days: t.arg.int({ defaultValue: 30, description: 'Today among them; at most 366.' }) },
    resolve: (_root, { days }, { runtime }) => ({ since: sinceOf(days ?? 30, runtime.clock.now()) }),
  }),
)

builder.queryField('statistics', (t) =>
  t.field({
    type: statistics,
    args: { days: t.arg.int({ defaultValue: 30, description: 'Today among them; at most 366.' }) },
    resolve: (_root, { days }, { runtime }) => {
      const since = sinceOf(days ?? 30, runtime.clock.now())
      let ends: ReturnType<typeof readEnds> | undefined
      return {
        since,
        // Two fields come from it, of which a query may want one, both or none.
        ends: () => {
          ends ??= readEnds(runtime, since)
          return ends
        },
      }
    },
  }),
)
