import { builder } from './builder.ts'

export const environment = builder.prismaObject('Environment', {
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    colour: t.exposeString('colour'),
    protected: t.exposeBoolean('protected'),
    sources: t.relation('sources', { query: { orderBy: [{ type: 'asc' }, { name: 'asc' }] } }),
  }),
})

builder.queryField('environments', (t) =>
  t.prismaField({
    type: ['Environment'],
    resolve: (query, _root, _args, { runtime }) =>
      runtime.prisma.environment.findMany({ ...query, orderBy: [{ position: 'asc' }, { name: 'asc' }] }),
  }),
)
