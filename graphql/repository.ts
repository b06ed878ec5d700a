import { builder } from './builder.ts'

export const repository = builder.prismaObject('Repository', {
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    kind: t.exposeString('kind'),
    location: t.exposeString('location', { description: 'As restic writes it.' }),
    isDefault: t.exposeBoolean('isDefault'),
  }),
})

builder.queryField('repositories', (t) =>
  t.prismaField({
    type: ['Repository'],
    resolve: (query, _root, _args, { runtime }) =>
      runtime.prisma.repository.findMany({ ...query, orderBy: [{ isDefault: 'desc' }, { name: 'asc' }] }),
  }),
)
