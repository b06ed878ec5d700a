import { createSource } from '#lib/environments/create.ts'
import type { Prisma, Source } from '#prisma/client/client.ts'
import { builder } from './builder.ts'
import { sourceType } from './enums.ts'

const newest = (where: Prisma.BackupRunWhereInput) =>
  ({ where, orderBy: { queuedAt: 'desc' }, take: 1 }) satisfies Prisma.BackupRunFindManyArgs

const source = builder.prismaObject('Source', {
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    type: t.expose('type', { type: sourceType }),
    kind: t.exposeString('kind'),
    enabled: t.exposeBoolean('enabled'),
    environment: t.relation('environment'),
    repository: t.prismaField({
      type: 'Repository',
      nullable: true,
      description: 'Its own, else the default one.',
      select: { repositoryId: true },
      resolve: (query, { repositoryId }, _args, { runtime }) =>
        runtime.prisma.repository.findFirst({
          ...query,
          where: repositoryId === null ? { isDefault: true } : { id: repositoryId },
        }),
    }),
    lastGoodRun: t.prismaField({
      type: 'BackupRun',
      nullable: true,
      description: 'The newest run that saved something: SUCCEEDED or PARTIAL.',
      resolve: (query, source, _args, { runtime }) =>
        runtime.prisma.backupRun.findFirst({
          ...query,
          ...newest({ sourceId: source.id, state: { in: ['SUCCEEDED', 'PARTIAL'] } }),
        }),
    }),
    activeRun: t.prismaField({
      type: 'BackupRun',
      nullable: true,
      resolve: (query, source, _args, { runtime }) =>
        runtime.prisma.backupRun.findFirst({
          ...query,
          ...newest({ sourceId: source.id, state: { in: ['QUEUED', 'RUNNING'] } }),
        }),
    }),
    lastRun: t.prismaField({
      type: 'BackupRun',
      nullable: true,
      resolve: (query, source, _args, { runtime }) =>
        runtime.prisma.backupRun.findFirst({ ...query, ...newest({ sourceId: source.id }) }),
    }),
  }),
})

builder.queryField('sources', (t) =>
  t.prismaField({
    type: ['Source'],
    args: { environment: t.arg.string(), type: t.arg({ type: sourceType }) },
    resolve: (query, _root, args, { runtime }) =>
      runtime.prisma.source.findMany({
        ...query,
        where: {
          ...(args.environment && { environment: { name: args.environment } }),
          ...(args.type && { type: args.type }),
        },
        orderBy: [{ environment: { position: 'asc' } }, { type: 'asc' }, { name: 'asc' }],
      }),
  }),
)

const createSourceInput = builder.inputType('CreateSourceInput', {
  fields: (t) => ({
    environment: t.string({ required: true, description: 'Its name.' }),
    name: t.string({ required: true }),
    kind: t.string({ required: true, description: 'sqlite, postgres, user-data or files.' }),
    settings: t.field({
      type: 'JSON',
      required: true,
      description: 'What the driver of the kind asks for. Passwords are sealed and never answered.',
    }),
  }),
})

const createSourceSuccess = builder
  .objectRef<{ source: Source; probe: { summary: string } | null }>('CreateSourceSuccess')
  .implement({
    fields: (t) => ({
      source: t.expose('source', { type: source }),
      found: t.string({
        nullable: true,
        description: 'What the driver found when it looked: "PostgreSQL 16.4, 3 tables".',
        resolve: ({ probe }) => probe?.summary,
      }),
    }),
  })

builder.mutationField('createSource', (t) =>
  t.field({
    type: createSourceSuccess,
    errors: {},
    args: { input: t.arg({ type: createSourceInput, required: true }) },
    resolve: (_root, { input }, { runtime, actor }) => createSource(runtime, actor, input),
  }),
)
