import { type Adopted, adoptRepository } from '#lib/backups/adopt.ts'
import { builder } from './builder.ts'

const adoptRepositorySuccess = builder.objectRef<Adopted>('AdoptRepositorySuccess').implement({
  description: 'What was found in the repository, and what was added to the history.',
  fields: (t) => ({
    snapshots: t.exposeInt('snapshots', { description: 'All that are there.' }),
    known: t.exposeInt('known', { description: 'Of these, those that were in the history already.' }),
    foreign: t.exposeInt('foreign', { description: 'Of these, those that bear none of our tags.' }),
    runs: t.exposeInt('runs', { description: 'Added, one for each snapshot that was not known.' }),
    backups: t.exposeInt('backups', { description: 'Added.' }),
    sources: t.exposeInt('sources', {
      description: 'Added, disabled: no snapshot holds their settings. See Source.settingsMissing.',
    }),
    environments: t.exposeInt('environments', { description: 'Added.' }),
  }),
})

builder.mutationField('adoptRepository', (t) =>
  t.field({
    type: adoptRepositorySuccess,
    description:
      'Shows the snapshots of a connected repository as history: ours under their old ids and names, those of others by host and folders. A second call adds nothing.',
    errors: {},
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, { runtime, actor, signal }) => adoptRepository(runtime, actor, id, signal),
  }),
)
