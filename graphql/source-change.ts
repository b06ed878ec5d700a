import { deleteSource, setSourceEnabled, updateSource } from '#lib/environments/change.ts'
import { createSource } from '#lib/environments/create.ts'
import type { SourceProbe } from '#lib/sources/driver.ts'
import type { Source } from '#prisma/client/client.ts'
import { builder } from './builder.ts'
import { given } from './given.ts'
import { source } from './source.ts'

const untested = 'Keep it without looking at it first.'

const createSourceInput = builder.inputType('CreateSourceInput', {
  fields: (t) => ({
    environment: t.string({ required: true, description: 'Its name.' }),
    name: t.string({ required: true }),
    kind: t.string({ required: true, description: 'One of sourceKinds.' }),
    settings: t.field({
      type: 'JSON',
      required: true,
      description: 'What the kind’s form asks for. Secrets are sealed and never answered.',
    }),
    enabled: t.boolean(),
    repositoryId: t.id({
      description: 'Where it is saved. Left out: in the repository of its environment, else in the default one.',
    }),
    tags: t.stringList(),
    untested: t.boolean({ description: untested }),
  }),
})

const updateSourceInput = builder.inputType('UpdateSourceInput', {
  fields: (t) => ({
    id: t.id({ required: true }),
    name: t.string(),
    settings: t.field({
      type: 'JSON',
      description:
        'In place of all the old ones, but for secrets: one that is left out or empty stays, null takes it away.',
    }),
    repositoryId: t.id({
      description:
        'Where it is saved from now on. Null: in the repository of its environment, else in the default one.',
    }),
    tags: t.stringList({ description: 'In place of all the old ones.' }),
    maxAgeHours: t.int({ description: 'How old its newest good backup may become. Null: as its plans say.' }),
    assertions: t.field({
      type: ['JSON'],
      description: 'What must be true of what a verification restores, in place of all the old ones: see Source.',
    }),
    maskingSql: t.string({
      description:
        'SQL that is run in a database that is restored from it in another environment, before anybody sees that. Null or empty: none.',
    }),
    untested: t.boolean({ description: untested }),
  }),
})

/** A success that holds the source, and what was found when it was looked at. */
const lookedAt = (name: string) =>
  builder.objectRef<{ source: Source; probe: SourceProbe | null }>(name).implement({
    fields: (t) => ({
      source: t.expose('source', { type: source }),
      found: t.string({
        nullable: true,
        description: 'What the driver found when it looked: "PostgreSQL 16.4, 3 tables". Null: it did not look.',
        resolve: ({ probe }) => probe?.summary,
      }),
      warnings: t.stringList({ resolve: ({ probe }) => probe?.warnings ?? [] }),
    }),
  })
const holder = (name: string) =>
  builder
    .objectRef<{ source: Source }>(name)
    .implement({ fields: (t) => ({ source: t.expose('source', { type: source }) }) })

const createSourceSuccess = lookedAt('CreateSourceSuccess')
const updateSourceSuccess = lookedAt('UpdateSourceSuccess')
const enableSourceSuccess = holder('EnableSourceSuccess')
const disableSourceSuccess = holder('DisableSourceSuccess')
const deleteSourceSuccess = holder('DeleteSourceSuccess')

builder.mutationFields((t) => ({
  createSource: t.field({
    type: createSourceSuccess,
    errors: {},
    args: { input: t.arg({ type: createSourceInput, required: true }) },
    resolve: (_root, { input }, { runtime, actor, signal }) => createSource(runtime, actor, given(input), signal),
  }),
  updateSource: t.field({
    type: updateSourceSuccess,
    errors: {},
    args: { input: t.arg({ type: updateSourceInput, required: true }) },
    resolve: (_root, { input }, { runtime, actor, signal }) =>
      updateSource(
        runtime,
        actor,
        { ...given(input), ...(input.repositoryId === null && { repositoryId: null }) },
        signal,
      ),
  }),
  enableSource: t.field({
    type: enableSourceSuccess,
    errors: {},
    args: { id: t.arg.id({ required: true }) },
    resolve: async (_root, { id }, { runtime, actor }) => ({
      source: await setSourceEnabled(runtime, actor, id, true),
    }),
  }),
  disableSource: t.field({
    type: disableSourceSuccess,
    description: 'Leaves it out of every backup until it is enabled again.',
    errors: {},
    args: { id: t.arg.id({ required: true }) },
    resolve: async (_root, { id }, { runtime, actor }) => ({
      source: await setSourceEnabled(runtime, actor, id, false),
    }),
  }),
  deleteSource: t.field({
    type: deleteSourceSuccess,
    description: 'Forgets its settings’ secrets and frees its name. Its history and its snapshots stay.',
    errors: {},
    args: {
      id: t.arg.id({ required: true }),
      confirmEnvironment: t.arg.string({ description: 'The name of its environment, when that is protected.' }),
    },
    resolve: async (_root, { id, confirmEnvironment }, { runtime, actor }) => ({
      source: await deleteSource(runtime, actor, id, confirmEnvironment),
    }),
  }),
}))
