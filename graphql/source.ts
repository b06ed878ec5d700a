import type { Prisma } from '#prisma/client/client.ts'
import { builder } from './builder.ts'
import { sourceType } from './enums.ts'

const newest = (where: Prisma.BackupRunWhereInput) =>
  ({ where, orderBy: { queuedAt: 'desc' }, take: 1 }) satisfies Prisma.BackupRunFindManyArgs

builder.prismaObject('Source', {
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    type: t.expose('type', { type: sourceType }),
    kind: t.exposeString('kind'),
    enabled: t.exposeBoolean('enabled'),
    environment: t.relation('environment'),
    repository: t.relation('repository', { nullable: true, description: 'Null: the default repository.' }),
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
