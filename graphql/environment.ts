import { blackoutsInput } from '#lib/clock/blackouts.ts'
import { createEnvironment } from '#lib/environments/create.ts'
import { deleteEnvironment, updateEnvironment } from '#lib/environments/update-environment.ts'
import { isServed, liveWorkers } from '#lib/repositories/workers.ts'
import type { Environment } from '#prisma/client/client.ts'
import { builder } from './builder.ts'
import { given } from './given.ts'

const environment = builder.prismaObject('Environment', {
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    colour: t.exposeString('colour'),
    protected: t.exposeBoolean('protected', {
      description: 'What cannot be undone in it needs its name, as confirmEnvironment.',
    }),
    timeZone: t.exposeString('timeZone', { description: 'In which its schedules are meant.' }),
    blackouts: t.field({
      type: ['JSON'],
      description:
        'Times of the week, in its zone, at which no plan starts with its sources: {days, from, to}, as of a plan.',
      select: { blackouts: true },
      resolve: ({ blackouts }) => blackoutsInput.parse(blackouts),
    }),
    repository: t.relation('repository', {
      nullable: true,
      description: 'Where its sources without a repository of their own are saved. Null: the default one.',
    }),
    hasWorker: t.boolean({
      description: 'Whether a worker that lives carries out its runs. Without one they wait.',
      select: { name: true },
      resolve: async ({ name }, _args, { runtime }) => isServed(await liveWorkers(runtime.prisma), name),
    }),
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
    timeZone: t.string({ description: 'An IANA name like Europe/Berlin; UTC when left out.' }),
    blackouts: t.field({ type: ['JSON'], description: 'When no plan starts with its sources: {days, from, to}.' }),
    repositoryId: t.id({ description: 'Where its sources are saved; the default repository when left out.' }),
  }),
})

const updateEnvironmentInput = builder.inputType('UpdateEnvironmentInput', {
  description: 'What is left out stays as it is.',
  fields: (t) => ({
    id: t.id({ required: true }),
    name: t.string(),
    colour: t.string(),
    protected: t.boolean(),
    timeZone: t.string(),
    blackouts: t.field({ type: ['JSON'], description: 'When no plan starts with its sources: {days, from, to}.' }),
    repositoryId: t.id({ description: 'Empty: the default repository.' }),
    position: t.int({ description: 'Its place among the environments, counted from 0.' }),
    confirmEnvironment: t.string({ description: 'Its name, to take its protection away.' }),
  }),
})

const holder = (name: string) =>
  builder
    .objectRef<{ environment: Environment }>(name)
    .implement({ fields: (t) => ({ environment: t.expose('environment', { type: environment }) }) })
const createEnvironmentSuccess = holder('CreateEnvironmentSuccess')
const updateEnvironmentSuccess = holder('UpdateEnvironmentSuccess')
const deleteEnvironmentSuccess = builder
  .objectRef<{ id: string }>('DeleteEnvironmentSuccess')
  .implement({ fields: (t) => ({ id: t.exposeID('id') }) })

builder.mutationFields((t) => ({
  createEnvironment: t.field({
    type: createEnvironmentSuccess,
    errors: {},
    args: { input: t.arg({ type: createEnvironmentInput, required: true }) },
    resolve: async (_root, { input }, { runtime, actor }) => ({
      environment: await createEnvironment(runtime, actor, given(input)),
    }),
  }),
  updateEnvironment: t.field({
    type: updateEnvironmentSuccess,
    errors: {},
    args: { input: t.arg({ type: updateEnvironmentInput, required: true }) },
    resolve: async (_root, { input }, { runtime, actor }) => {
      const { repositoryId, ...rest } = input
      const asked = { ...given(rest), ...(typeof repositoryId === 'string' && { repositoryId: repositoryId || null }) }
      return { environment: await updateEnvironment(runtime, actor, asked) }
    },
  }),
  deleteEnvironment: t.field({
    type: deleteEnvironmentSuccess,
    description: 'Only one that no source ever belonged to.',
    errors: {},
    args: {
      id: t.arg.id({ required: true }),
      confirmEnvironment: t.arg.string({ description: 'Its name, when it is protected.' }),
    },
    resolve: async (_root, { id, confirmEnvironment }, { runtime, actor }) => {
      await deleteEnvironment(runtime, actor, id, confirmEnvironment)
      return { id }
    },
  }),
}))
