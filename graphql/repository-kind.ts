import { settingsForm } from '#lib/forms/form.ts'
import type { RepositoryKind } from '#lib/repositories/kind.ts'
import { allRepositoryKinds } from '#lib/repositories/registry.ts'
import { builder } from './builder.ts'

const repositoryKind = builder.objectRef<RepositoryKind>('RepositoryKind').implement({
  description: 'A kind of place that backups can go to.',
  fields: (t) => ({
    kind: t.exposeString('kind'),
    title: t.exposeString('title'),
    form: t.field({
      type: 'JSON',
      description:
        'The settings as JSON Schema (draft 2020-12). Besides its own keywords: secret, advanced, multiline, enumTitles.',
      resolve: (kind) => settingsForm(kind),
    }),
    secretFields: t.stringList({
      description: 'The names of the settings that are never answered.',
      resolve: (kind) => [...kind.secretFields],
    }),
  }),
})

builder.queryField('repositoryKinds', (t) =>
  t.field({ type: [repositoryKind], resolve: () => [...allRepositoryKinds()] }),
)
