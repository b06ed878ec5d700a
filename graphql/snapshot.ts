import { browseSnapshot, type EntryPage } from '#lib/backups/browse.ts'
import { type FileVersion, findFile } from '#lib/backups/find-file.ts'
import type { Entry } from '#lib/restic/list-folder.ts'
import { builder } from './builder.ts'
import { given } from './given.ts'
import { backupRun } from './run.ts'

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

const snapshot = builder.objectRef<{ runId: string }>('Snapshot').implement({
  description: 'What a run saved.',
  fields: (t) => ({
    entries: t.field({
      type: entryPage,
      description: 'What lies in a folder of it. Needs the scope backup:restore and the role ADMIN.',
      errors: {},
      args: {
        path: t.arg.string({ description: 'Absolute; left out: the root.' }),
        first: t.arg.int({ description: 'At most 500; 100 when left out.' }),
        after: t.arg.string(),
      },
      resolve: ({ runId }, args, { runtime, actor }) => browseSnapshot(runtime, actor, { runId, ...given(args) }),
    }),
  }),
})

builder.queryField('snapshot', (t) =>
  t.field({
    type: snapshot,
    description: 'To look into. Whether there is one, its entries say.',
    args: { id: t.arg.id({ required: true, description: 'Of the run that saved it.' }) },
    resolve: (_root, { id }) => ({ runId: id }),
  }),
)

const fileVersion = builder.objectRef<FileVersion>('FileVersion').implement({
  description: 'One content of one path, as far as size and time of change tell.',
  fields: (t) => ({
    path: t.exposeString('path'),
    type: t.field({
      type: entryType,
      resolve: ({ type }) => (type === 'file' || type === 'dir' ? type : 'other'),
    }),
    bytes: t.field({ type: 'BigInt', nullable: true, resolve: ({ bytes }) => (bytes === null ? null : BigInt(bytes)) }),
    modifiedAt: t.expose('modifiedAt', { type: 'DateTime' }),
    runs: t.expose('runs', { type: [backupRun], description: 'Whose snapshots hold it, the newest first.' }),
  }),
})

const fileVersions = builder.objectRef<{ versions: FileVersion[] }>('FileVersions').implement({
  fields: (t) => ({
    versions: t.expose('versions', { type: [fileVersion], description: 'By path, and of each the newest first.' }),
  }),
})

builder.queryField('findFile', (t) =>
  t.field({
    type: fileVersions,
    description:
      'Where a name is in all that is saved of a source. * and ? stand for other characters. Needs the scope backup:restore and the role ADMIN.',
    errors: {},
    args: { sourceId: t.arg.id({ required: true }), name: t.arg.string({ required: true }) },
    resolve: async (_root, args, { runtime, actor, signal }) => ({
      versions: await findFile(runtime, actor, args, signal),
    }),
  }),
)
