import { applyConfiguration, type ConfigurationDiff, diffConfiguration } from '#lib/configuration/apply.ts'
import type { Change, FieldChange, Left } from '#lib/configuration/diff.ts'
import { exportConfiguration } from '#lib/configuration/export.ts'
import { references } from '#lib/configuration/references.ts'
import { builder } from './builder.ts'
import { given } from './given.ts'

const fieldChange = builder.objectRef<FieldChange>('ConfigurationFieldChange').implement({
  fields: (t) => ({
    path: t.exposeString('path', { description: 'Dotted: “settings.host”.' }),
    from: t.string({ nullable: true, description: 'As JSON. Null: not there.', resolve: ({ from }) => json(from) }),
    to: t.string({ nullable: true, description: 'As JSON. Null: not there.', resolve: ({ to }) => json(to) }),
  }),
})
const json = (value: unknown): string | undefined => (value === undefined ? undefined : JSON.stringify(value))

const action = builder.enumType('ConfigurationAction', {
  values: { CREATE: { value: 'create' }, UPDATE: { value: 'update' }, DELETE: { value: 'delete' } } as const,
})
const kind = 'environment, repository, source, plan or settings.'
const name = 'Of a source: “environment/name”.'

const change = builder.objectRef<Change>('ConfigurationChange').implement({
  fields: (t) => ({
    action: t.expose('action', { type: action }),
    kind: t.exposeString('kind', { description: kind }),
    name: t.exposeString('name', { description: name }),
    fields: t.expose('fields', { type: [fieldChange] }),
  }),
})

const left = builder.objectRef<Left>('ConfigurationLeft').implement({
  fields: (t) => ({
    kind: t.exposeString('kind', { description: kind }),
    name: t.exposeString('name', { description: name }),
    reason: t.exposeString('reason'),
  }),
})

const incomplete = builder.objectRef<ConfigurationDiff['incomplete'][number]>('ConfigurationIncomplete').implement({
  fields: (t) => ({
    name: t.exposeString('name', { description: name }),
    missing: t.exposeStringList('missing', { description: 'Secrets that nobody knows here. Empty: the file says so.' }),
  }),
})

const diff = builder.objectRef<ConfigurationDiff>('ConfigurationDiff').implement({
  fields: (t) => ({
    changes: t.expose('changes', { type: [change], description: 'In the order in which they are made.' }),
    left: t.expose('left', { type: [left], description: 'What is there, is not in the file, and stays.' }),
    incomplete: t.expose('incomplete', {
      type: [incomplete],
      description: 'Sources that are, or stay, disabled until somebody enters the rest of their settings.',
    }),
    fingerprint: t.exposeString('fingerprint', { description: 'Of these changes, for applyConfiguration.' }),
  }),
})

const reference = builder.objectRef<{ fromEnv?: string; fromFile?: string }>('ConfigurationReference').implement({
  description: 'Where the file says that a secret comes from. One of the two is set.',
  fields: (t) => ({
    fromEnv: t.exposeString('fromEnv', { nullable: true }),
    fromFile: t.exposeString('fromFile', { nullable: true }),
  }),
})

const secretInput = builder.inputType('ConfigurationSecretInput', {
  description: 'A secret that the file refers to, by fromEnv or fromFile. Sealed, and never answered.',
  fields: (t) => ({ fromEnv: t.string(), fromFile: t.string(), value: t.string({ required: true }) }),
})

const prune = 'Delete what is there and not in a section that the file has. False when left out.'
const diffInput = builder.inputType('ConfigurationDiffInput', {
  fields: (t) => ({
    yaml: t.string({ required: true }),
    secrets: t.field({ type: [secretInput] }),
    prune: t.boolean({ description: prune }),
  }),
})
const applyInput = builder.inputType('ApplyConfigurationInput', {
  fields: (t) => ({
    yaml: t.string({ required: true }),
    secrets: t.field({ type: [secretInput] }),
    prune: t.boolean({ description: prune }),
    expected: t.string({ required: true, description: 'The fingerprint of the changes that were shown.' }),
    confirmEnvironment: t.stringList({ description: 'The names of protected environments, for what needs them.' }),
    untested: t.boolean({ description: 'Do not look at sources before they are made or changed.' }),
  }),
})

type Secret = typeof secretInput.$inferInput
/** As the library takes them: the reference on its own. */
const withSecrets = (input: { secrets?: Secret[] | null | undefined }) => ({
  ...given(input),
  secrets: (input.secrets ?? []).map(({ value, ...one }) => ({ reference: given(one), value })),
})

builder.queryFields((t) => ({
  configuration: t.field({
    type: builder
      .objectRef<{ yaml: string }>('Configuration')
      .implement({ fields: (f) => ({ yaml: f.exposeString('yaml') }) }),
    description: 'All that can be configured as one YAML file, without secrets.',
    authScopes: { can: 'settings:write' },
    resolve: (_root, _args, { runtime, actor }) => exportConfiguration(runtime, actor),
  }),
  configurationReferences: t.field({
    type: [reference],
    description: 'The secrets that a file refers to.',
    args: { yaml: t.arg.string({ required: true }) },
    authScopes: { can: 'settings:write' },
    resolve: (_root, { yaml }) => references(yaml),
  }),
  configurationDiff: t.field({
    type: diff,
    description: 'What a file would change. Changes nothing; looks at the places of new repositories.',
    errors: {},
    args: { input: t.arg({ type: diffInput, required: true }) },
    resolve: (_root, { input }, { runtime, actor }) => diffConfiguration(runtime, actor, withSecrets(input)),
  }),
}))

const applySuccess = builder.objectRef<ConfigurationDiff>('ApplyConfigurationSuccess').implement({
  fields: (t) => ({ applied: t.field({ type: diff, resolve: (parent) => parent }) }),
})
builder.mutationField('applyConfiguration', (t) =>
  t.field({
    type: applySuccess,
    description: 'Makes the configuration what a file says. Applied again, it changes nothing.',
    errors: {},
    args: { input: t.arg({ type: applyInput, required: true }) },
    resolve: (_root, { input }, { runtime, actor, signal }) =>
      applyConfiguration(runtime, actor, withSecrets(input), signal),
  }),
)
