import { z } from 'zod'
import { titleOfKind } from '#lib/repositories/registry.ts'
import { builder } from './builder.ts'

export const repository = builder.prismaObject('Repository', {
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    kind: t.exposeString('kind'),
    kindTitle: t.string({
      description: 'What people call the kind: “S3 bucket”.',
      select: { kind: true },
      resolve: ({ kind }) => titleOfKind(kind),
    }),
    location: t.exposeString('location', { description: 'As restic writes it.' }),
    isDefault: t.exposeBoolean('isDefault'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
})

builder.queryFields((t) => ({
  repositories: t.prismaField({
    type: ['Repository'],
    resolve: (query, _root, _args, { runtime }) =>
      runtime.prisma.repository.findMany({ ...query, orderBy: [{ isDefault: 'desc' }, { name: 'asc' }] }),
  }),
  repository: t.prismaField({
    type: 'Repository',
    nullable: true,
    args: { id: t.arg.id({ required: true }) },
    resolve: (query, _root, { id }, { runtime }) =>
      z.uuid().safeParse(id).success ? runtime.prisma.repository.findUnique({ ...query, where: { id } }) : null,
  }),
}))
