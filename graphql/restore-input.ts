import { RestoreConflict } from '#prisma/client/enums.ts'
import { builder } from './builder.ts'
import { restoreOverwrite } from './restore-changes.ts'

export const restoreLoginInput = builder.inputType('RestoreLoginInput', {
  fields: (t) => ({ user: t.string({ required: true }), password: t.string() }),
})

const restorePlaceInput = builder.inputType('RestorePlaceInput', {
  fields: (t) => ({
    name: t.string({
      description:
        'Of the database, which must not be there yet; of a SQLite database the absolute path of a new file. Left out for Redis, which goes into an empty server.',
    }),
    sourceId: t.id({
      description: 'The source, of the same kind, whose server it is. Left out: the one that was backed up.',
    }),
    login: t.field({
      type: restoreLoginInput,
      description:
        'Another account than that source’s, which may only be allowed to read. Kept, sealed, until it has ended.',
    }),
    replace: t.boolean({
      description:
        'PostgreSQL and SQLite: the database of that name is replaced, in one step and when all was restored. It stays, as keptAs.',
    }),
    confirmReplace: t.string({ description: 'Its name once more, to replace it.' }),
    withoutOwners: t.boolean({
      description: 'Leaves out owners and rights, which belong to accounts of the server that was backed up.',
    }),
  }),
})

const restoreConflict = builder.enumType(RestoreConflict, {
  name: 'RestoreConflict',
  description:
    'What becomes of rows with the same primary key. REFUSE: nothing is restored into tables that hold something. SKIP: they stay. REPLACE: they become the saved ones.',
})

const restoreTablesInput = builder.inputType('RestoreTablesInput', {
  fields: (t) => ({
    sourceId: t.id({
      description: 'The source, of the same kind, whose tables they are. Left out: the one that was backed up.',
    }),
    login: t.field({ type: restoreLoginInput, description: 'Another account than that source’s.' }),
    conflict: t.field({ type: restoreConflict, description: 'Left out: REFUSE.' }),
    person: t.string({ description: 'Only the rows of the person with this id.' }),
    confirmReplace: t.string({ description: 'The name of that source, to replace rows.' }),
  }),
})

export const triggerRestoreInput = builder.inputType('TriggerRestoreInput', {
  fields: (t) => ({
    runId: t.id({ required: true, description: 'Whose snapshot is restored.' }),
    folder: t.string({
      description:
        'Absolute, on the worker and inside its STORAGE_ROOTS; empty or absent, but for overwrite. Either this, or original, or a place.',
    }),
    original: t.boolean({ description: 'To where the files were, inside the worker’s STORAGE_ROOTS.' }),
    paths: t.stringList({
      description: 'What of the snapshot is brought back, absolute. Left out: everything.',
    }),
    leaveOut: t.stringList({
      description: 'What of that is not: names, wherever they are and with wildcards (*.tmp), or absolute paths.',
    }),
    overwrite: t.field({ type: restoreOverwrite, description: 'Left out: nothing may be there.' }),
    dryRun: t.boolean({ description: 'Only find out what would be restored, and write nothing.' }),
    confirmSource: t.string({ description: 'The name of the run’s source, to overwrite files where they were.' }),
    place: t.field({ type: restorePlaceInput, description: 'A new database, or a new file of one.' }),
    tables: t.field({
      type: restoreTablesInput,
      description: 'User data: its rows go into tables, in one transaction.',
    }),
    confirmEnvironment: t.string({ description: 'The name of the run’s environment, when that is protected.' }),
    idempotencyKey: t.string({ description: 'The same key answers the same restore, however often it is sent.' }),
  }),
})
