import { browseSnapshot, type EntryPage } from '#lib/backups/browse.ts'
import type { Entry } from '#lib/restic/list-folder.ts'
import { builder } from './builder.ts'
import { given } from './given.ts'

const entryType = builder.enumType('SnapshotEntryType', {
  values: { FILE: { value: 'file' }, FOLDER: { value: 'dir' }, OTHER: { value: 'other' } } as const,
})

const entry = builder.objectRef<Entry>('SnapshotEntry').implement({
  fields: (t) => ({
    name: t.exposeString('name', { description: 'With U+FFFD for each byte that is not UTF-8.' }),
    path: t.exposeString('path'),
    type: t.expose('type', { type: entryType }),
    bytes: t.field({ type: 'BigInt', nullable: true, resolve: ({ bytes }) => (bytes === null ? null : BigInt(bytes)) }),
    modifiedAt: t.expose('modifiedAt', { type: 'DateTime' }),
  }),
})

const entryPage = builder.objectRef<EntryPage>('SnapshotEntryPage').implement({
  fields: (t) => ({
    path: t.exposeString('path'),
    entries: t.expose('entries', { type: [entry] }),
    next: t.exposeString('next', { nullable: true, description: 'The cursor for what follows; null: that was all.' }),
  }),
})

builder.queryField('snapshotEntries', (t) =>
  t.field({
    type: entryPage,
    description: 'What lies in a folder of a run’s snapshot. Needs the scope backup:restore and the role ADMIN.',
    errors: {},
    args: {
      runId: t.arg.id({ required: true }),
      path: t.arg.string({ description: 'Absolute; left out: the root.' }),
      first: t.arg.int({ description: 'At most 500; 100 when left out.' }),
      after: t.arg.string(),
    },
    resolve: (_root, args, { runtime, actor }) => browseSnapshot(runtime, actor, given(args)),
  }),
)
