import { createRepository, testRepository } from '#lib/repositories/create.ts'
import { makeDefault } from '#lib/repositories/default.ts'
import { recoveryKit } from '#lib/repositories/recovery-kit.ts'
import { removeRepository } from '#lib/repositories/remove.ts'
import type { PlaceState } from '#lib/repositories/test-place.ts'
import type { Repository } from '#prisma/client/client.ts'
import { builder } from './builder.ts'
import { given } from './given.ts'
import { repository } from './repository.ts'

const password = 'Of the repository itself, not of a server.'

const testRepositoryInput = builder.inputType('TestRepositoryInput', {
  fields: (t) => ({
    kind: t.string({ required: true, description: 'One of repositoryKinds.' }),
    settings: t.field({ type: 'JSON', required: true, description: 'What the kind’s form asks for.' }),
    password: t.string({ description: password }),
  }),
})

const createRepositoryInput = builder.inputType('CreateRepositoryInput', {
  fields: (t) => ({
    name: t.string({ required: true }),
    kind: t.string({ required: true, description: 'One of repositoryKinds.' }),
    settings: t.field({
      type: 'JSON',
      required: true,
      description: 'What the kind’s form asks for. Secrets are sealed and never answered.',
    }),
    password: t.string({ description: `${password} A new repository gets a random one when it is left out.` }),
    existing: t.boolean({ description: 'Connect one that exists, with its password, instead of making one.' }),
    copyOf: t.id({
      description:
        'A repository whose copies are to go there: a new one then cuts data at the same places, so that copies deduplicate. setCopyTarget sends them.',
    }),
  }),
})

const placeState = builder.enumType('RepositoryPlaceState', {
  values: {
    OPENS: { value: 'opens', description: 'There is a repository, and the password opens it.' },
    EXISTS: { value: 'exists', description: 'There is a repository; no password was given.' },
    ABSENT: { value: 'absent', description: 'There is none; it can be made.' },
  } as const satisfies Record<string, { value: PlaceState; description: string }>,
})

const testRepositorySuccess = builder
  .objectRef<{ location: string; state: PlaceState }>('TestRepositorySuccess')
  .implement({
    description: 'The place answers and lets us in.',
    fields: (t) => ({
      location: t.exposeString('location', { description: 'As restic writes it.' }),
      state: t.expose('state', { type: placeState }),
    }),
  })

const holder = (name: string) =>
  builder
    .objectRef<{ repository: Repository }>(name)
    .implement({ fields: (t) => ({ repository: t.expose('repository', { type: repository }) }) })
const createRepositorySuccess = holder('CreateRepositorySuccess')
const makeRepositoryDefaultSuccess = holder('MakeRepositoryDefaultSuccess')

const removeRepositorySuccess = builder
  .objectRef<{ id: string }>('RemoveRepositorySuccess')
  .implement({ fields: (t) => ({ id: t.exposeID('id') }) })

const recoveryKitSuccess = builder.objectRef<{ filename: string; text: string }>('RecoveryKitSuccess').implement({
  fields: (t) => ({
    filename: t.exposeString('filename'),
    text: t.exposeString('text', {
      description: 'Address, password and commands. Whoever has it can read every backup.',
    }),
  }),
})

builder.mutationFields((t) => ({
  testRepository: t.field({
    type: testRepositorySuccess,
    description: 'Looks at a place, within ten seconds. A Problem says what is wrong with it.',
    errors: {},
    args: { input: t.arg({ type: testRepositoryInput, required: true }) },
    resolve: (_root, { input }, { runtime, actor, signal }) => testRepository(runtime, actor, given(input), signal),
  }),
  createRepository: t.field({
    type: createRepositorySuccess,
    errors: {},
    args: { input: t.arg({ type: createRepositoryInput, required: true }) },
    resolve: async (_root, { input }, { runtime, actor }) => ({
      repository: await createRepository(runtime, actor, given(input)),
    }),
  }),
  makeRepositoryDefault: t.field({
    type: makeRepositoryDefaultSuccess,
    description: 'Sources without a repository of their own are saved there from now on.',
    errors: {},
    args: { id: t.arg.id({ required: true }) },
    resolve: async (_root, { id }, { runtime, actor }) => ({ repository: await makeDefault(runtime, actor, id) }),
  }),
  removeRepository: t.field({
    type: removeRepositorySuccess,
    description: 'Forgets one that no source and no run refers to. What is in it stays there.',
    errors: {},
    args: { id: t.arg.id({ required: true }) },
    resolve: async (_root, { id }, { runtime, actor }) => {
      await removeRepository(runtime, actor, id)
      return { id }
    },
  }),
  recoveryKit: t.field({
    type: recoveryKitSuccess,
    description: 'All that is needed to restore without this program. Each call is noted in the audit log.',
    errors: {},
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, { runtime, actor }) => recoveryKit(runtime, actor, id),
  }),
}))
