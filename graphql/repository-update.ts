import { settingsForm } from '#lib/forms/form.ts'
import { secretsOf } from '#lib/repositories/access.ts'
import { optionsOf, repositoryOptions } from '#lib/repositories/options.ts'
import { updateRepository } from '#lib/repositories/update.ts'
import type { Repository } from '#prisma/client/client.ts'
import { builder } from './builder.ts'
import { given } from './given.ts'
import { repository } from './repository.ts'

builder.prismaObjectFields(repository, (t) => ({
  options: t.field({
    type: 'JSON',
    description: 'Limits, window and upkeep, as repositoryOptionsForm asks for them; defaults filled in.',
    select: { name: true, options: true },
    resolve: (row) => optionsOf(row),
  }),
  settings: t.field({
    type: 'JSON',
    description: 'What the kind’s form asked for, without the secrets. For those who may change it.',
    authScopes: { can: 'settings:write' },
    select: { settings: true },
    resolve: ({ settings }) => settings,
  }),
  secretsSet: t.stringList({
    description: 'The secret settings that are stored, by their dotted names. Their values are never answered.',
    authScopes: { can: 'settings:write' },
    select: { id: true, sealedSecrets: true },
    resolve: (row, _args, { runtime }) => Object.keys(secretsOf(runtime.secretKey, row)),
  }),
}))

builder.queryField('repositoryOptionsForm', (t) =>
  t.field({
    type: 'JSON',
    description: 'What can be chosen for every repository besides its place, as JSON Schema like RepositoryKind.form.',
    resolve: () => settingsForm({ settings: repositoryOptions }),
  }),
)

const updateRepositoryInput = builder.inputType('UpdateRepositoryInput', {
  fields: (t) => ({
    id: t.id({ required: true }),
    name: t.string(),
    settings: t.field({
      type: 'JSON',
      description:
        'In place of all the old ones, but for secrets: one that is left out or empty stays, null takes it away.',
    }),
    options: t.field({ type: 'JSON', description: 'In place of all the old ones; what is left out has its default.' }),
  }),
})

const updateRepositorySuccess = builder
  .objectRef<{ repository: Repository }>('UpdateRepositorySuccess')
  .implement({ fields: (t) => ({ repository: t.expose('repository', { type: repository }) }) })

builder.mutationField('updateRepository', (t) =>
  t.field({
    type: updateRepositorySuccess,
    description:
      'Changed settings are looked at first: the same repository has to open there with the stored password.',
    errors: {},
    args: { input: t.arg({ type: updateRepositoryInput, required: true }) },
    resolve: async (_root, { input }, { runtime, actor, signal }) => ({
      repository: await updateRepository(runtime, actor, given(input), signal),
    }),
  }),
)
