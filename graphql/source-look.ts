import { discoverSource, previewSource, type SourceTest, testSource } from '#lib/environments/try.ts'
import type { Discovered, SourcePreview } from '#lib/sources/driver.ts'
import { builder } from './builder.ts'
import { given } from './given.ts'

const candidateInput = builder.inputType('SourceCandidateInput', {
  description: 'A source that exists, by its id, with other settings where they are given; or one that could be added.',
  fields: (t) => ({
    id: t.id({ description: 'Then without environment and kind. Secrets that are left out are the stored ones.' }),
    environment: t.string({ description: 'Its name.' }),
    kind: t.string({ description: 'One of sourceKinds.' }),
    settings: t.field({ type: 'JSON' }),
  }),
})

const sourceTool = builder.objectRef<{ name: string; version: string }>('SourceTool').implement({
  fields: (t) => ({ name: t.exposeString('name'), version: t.exposeString('version') }),
})

const testSourceSuccess = builder.objectRef<SourceTest>('TestSourceSuccess').implement({
  description: 'It can be backed up now.',
  fields: (t) => ({
    summary: t.exposeString('summary', { description: 'What answered: "PostgreSQL 16.4, 3 tables".' }),
    tool: t.expose('tool', { type: sourceTool, nullable: true, description: 'The program that makes the copy.' }),
    bytes: t.expose('bytes', { type: 'BigInt', nullable: true, description: 'About what a backup reads.' }),
    warnings: t.exposeStringList('warnings', { description: 'What a backup leaves out or cannot promise.' }),
    parts: t.exposeStringList('parts', {
      nullable: true,
      description: 'What is saved by a run each. Null: one run saves it all.',
    }),
    expectedSeconds: t.exposeFloat('expectedSeconds', {
      nullable: true,
      description: 'How long a backup takes: the median of past ones. Null when there is none.',
    }),
  }),
})

const discovered = builder.objectRef<Discovered>('DiscoveredItem').implement({
  fields: (t) => ({
    name: t.exposeString('name'),
    bytes: t.expose('bytes', { type: 'BigInt', nullable: true }),
  }),
})
const discoverSourceSuccess = builder
  .objectRef<{ found: Discovered[] }>('DiscoverSourceSuccess')
  .implement({ fields: (t) => ({ found: t.expose('found', { type: [discovered] }) }) })

const taken = builder.objectRef<SourcePreview['taken']>('PreviewTaken').implement({
  fields: (t) => ({
    files: t.expose('files', { type: 'BigInt' }),
    bytes: t.expose('bytes', { type: 'BigInt' }),
    examples: t.exposeStringList('examples'),
  }),
})
const leftOutExample = builder.objectRef<{ path: string; because: string }>('PreviewLeftOutExample').implement({
  fields: (t) => ({ path: t.exposeString('path'), because: t.exposeString('because') }),
})
const leftOut = builder.objectRef<SourcePreview['leftOut']>('PreviewLeftOut').implement({
  fields: (t) => ({
    files: t.expose('files', { type: 'BigInt' }),
    bytes: t.expose('bytes', { type: 'BigInt' }),
    examples: t.expose('examples', { type: [leftOutExample] }),
  }),
})
const previewSourceSuccess = builder.objectRef<SourcePreview>('PreviewSourceSuccess').implement({
  fields: (t) => ({
    taken: t.expose('taken', { type: taken }),
    leftOut: t.expose('leftOut', { type: leftOut }),
    complete: t.exposeBoolean('complete', { description: 'False when the time for looking was over before the end.' }),
  }),
})

builder.mutationFields((t) => {
  const args = { input: t.arg({ type: candidateInput, required: true }) }
  return {
    testSource: t.field({
      type: testSourceSuccess,
      description: 'Looks at a source as a backup would. A Problem says why it cannot be backed up.',
      errors: {},
      args,
      resolve: (_root, { input }, { runtime, actor, signal }) => testSource(runtime, actor, given(input), signal),
    }),
    discoverSource: t.field({
      type: discoverSourceSuccess,
      description: 'The databases or buckets of a server.',
      errors: {},
      args,
      resolve: async (_root, { input }, { runtime, actor, signal }) => ({
        found: await discoverSource(runtime, actor, given(input), signal),
      }),
    }),
    previewSource: t.field({
      type: previewSourceSuccess,
      description: 'What the patterns of a source catch.',
      errors: {},
      args,
      resolve: (_root, { input }, { runtime, actor, signal }) => previewSource(runtime, actor, given(input), signal),
    }),
  }
})
