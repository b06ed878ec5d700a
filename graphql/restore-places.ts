import { databaseOfPart } from '#lib/sources/driver.ts'
import { hasOriginalPlace, hasRows, mayReplacePlace, newPlaceOf } from '#lib/sources/registry.ts'
import { builder } from './builder.ts'
import { backupRun } from './run.ts'

/* What a run can be restored into besides a folder. */

const newPlace = builder.enumType('NewPlace', {
  values: {
    DATABASE: { value: 'database' },
    FILE: { value: 'file' },
    SERVER: { value: 'server', description: 'One that is there: empty, or all that it holds is replaced.' },
  } as const,
})

builder.prismaObjectField(backupRun, 'newPlace', (t) =>
  t.field({
    type: newPlace,
    nullable: true,
    description: 'What it can be restored into besides a folder. Null: nothing.',
    select: { part: true, source: { select: { kind: true } } },
    resolve: ({ part, source }) =>
      part !== '' && databaseOfPart(part) === null ? null : (newPlaceOf(source.kind) ?? null),
  }),
)

builder.prismaObjectField(backupRun, 'mayReplacePlace', (t) =>
  t.boolean({
    description: 'Whether a database, a file of one, or what a server holds can be replaced by it in one step.',
    select: { source: { select: { kind: true } } },
    resolve: ({ source }) => mayReplacePlace(source.kind),
  }),
)

builder.prismaObjectField(backupRun, 'hasRows', (t) =>
  t.boolean({
    description: 'Whether its rows can be restored into tables.',
    select: { source: { select: { kind: true } } },
    resolve: ({ source }) => hasRows(source.kind),
  }),
)

builder.prismaObjectField(backupRun, 'hasOriginalPlace', (t) =>
  t.boolean({
    description: 'Whether it can be restored to where it was: its files lay somewhere on the worker.',
    select: { source: { select: { kind: true } } },
    resolve: ({ source }) => hasOriginalPlace(source.kind),
  }),
)
