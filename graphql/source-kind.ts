import { settingsForm } from '#lib/forms/form.ts'
import type { SourceDriver } from '#lib/sources/driver.ts'
import { allDrivers } from '#lib/sources/registry.ts'
import { builder } from './builder.ts'
import { sourceType } from './enums.ts'

type Discovery = NonNullable<SourceDriver['discovery']>

const sourceDiscovery = builder.objectRef<Discovery>('SourceDiscovery').implement({
  description: 'What discoverSource needs, and where a choice among what it finds goes.',
  fields: (t) => ({
    form: t.field({ type: 'JSON', resolve: (discovery) => settingsForm(discovery) }),
    field: t.exposeString('field', { description: 'The setting that one choice fills.' }),
    listField: t.string({
      nullable: true,
      description: 'The setting that several choices fill, as a list. Null: a source holds one.',
      resolve: (discovery) => discovery.listField,
    }),
  }),
})

const sourceKind = builder.objectRef<SourceDriver>('SourceKind').implement({
  description: 'A kind of source that can be added.',
  fields: (t) => ({
    kind: t.exposeString('kind'),
    title: t.exposeString('title'),
    type: t.expose('type', { type: sourceType }),
    form: t.field({
      type: 'JSON',
      description:
        'The settings as JSON Schema (draft 2020-12). Besides its own keywords: secret, advanced, multiline, enumTitles.',
      resolve: (driver) => settingsForm(driver),
    }),
    secretFields: t.stringList({
      description: 'The dotted names of the settings that are never answered.',
      resolve: (driver) => [...driver.secretFields],
    }),
    discovery: t.field({ type: sourceDiscovery, nullable: true, resolve: (driver) => driver.discovery }),
    previewable: t.boolean({
      description: 'Whether previewSource can say what its patterns catch.',
      resolve: (driver) => driver.preview !== undefined,
    }),
  }),
})

builder.queryField('sourceKinds', (t) => t.field({ type: [sourceKind], resolve: () => [...allDrivers()] }))
