import { createEnvironment } from '#lib/environments/create.ts'
import type { Environment } from '#prisma/client/client.ts'
import { builder } from './builder.ts'
import { given } from './given.ts'

const environment = builder.prismaObject('Environment', {
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    colour: t.exposeString('colour'),
    protected: t.exposeBoolean('protected'),
    sources: t.relation('sources', {
      query: { where: { deletedAt: null }, orderBy: [{ type: 'asc' }, { name: 'asc' }] },
    }),
  }),
})

builder.queryField('environments', (t) =>
  t.prismaField({
    type: ['Environment'],
    resolve: (query, _root, _args, { runtime }) =>
      runtime.prisma.environment.findMany({ ...query, orderBy: [{ position: 'asc' }, { name: 'asc' }] }),
  }),
)

const createEnvironmentInput = builder.inputType('CreateEnvironmentInput', {
  fields: (t) => ({
    name: t.string({ required: true }),
    colour: t.string({ description: 'slate, red, orange, amber, green, teal, blue, violet or pink.' }),
    protected: t.boolean(),
  }),
})

const createEnvironmentSuccess = builder
  .objectRef<{ environment: Environment }>('CreateEnvironmentSuccess')
  .implement({ fields: (t) => ({ environment: t.expose('environment', { type: environment }) }) })

builder.mutationField('createEnvironment', (t) =>
  t.field({
    type: createEnvironmentSuccess,
    errors: {},
    args: { input: t.arg({ type: createEnvironmentInput, required: true }) },
    resolve: async (_root, { input }, { runtime, actor }) => ({
      environment: await createEnvironment(runtime, actor, given(input)),
    }),
  }),
)
