import { z } from 'zod'
import { CodedError } from '#lib/errors/coded-error.ts'
import { needsRootCert, type PostgresConnection, postgresFields } from '../connections/postgres.ts'
import { type DriverContext, databaseOfPart } from '../driver.ts'
import { matchesName } from '../name-patterns.ts'
import { selectionFields, selectionIsClear } from './selection.ts'

const { host, port, database, ...login } = postgresFields

const maintenanceDatabase = database.default('postgres').meta({
  title: 'Maintenance database',
  description: 'Where to sign in to find the others, and to save roles.',
  advanced: true,
})

/** What leads to a server; the choice of databases comes on top. */
export const serverSettings = z
  .object({ host, port, ...login, maintenanceDatabase })
  .refine(needsRootCert.check, needsRootCert.params)
export type ServerSettings = z.infer<typeof serverSettings>

export const postgresSettings = z
  .strictObject({
    host,
    port,
    database: database.optional(),
    databases: z
      .array(database)
      .min(1, 'must name at least one')
      .max(1000, 'are too many: choose all of the server’s')
      .refine((names) => new Set(names).size === names.length, 'must have different names')
      .optional()
      .meta({
        title: 'Several databases',
        description: 'Each is saved by a run of its own.',
        examples: [['shop', 'blog']],
      }),
    allDatabases: z.boolean().default(false).meta({
      title: 'All databases of the server',
      description: 'New ones are included from the next backup on. Roles and tablespaces are saved as well.',
    }),
    exceptDatabases: z
      .array(z.string().min(1, 'must not be empty').max(63, 'is too long'))
      .max(200)
      .optional()
      .meta({
        title: 'All but these',
        description: '* stands for any text.',
        examples: [['tmp_*']],
        advanced: true,
      }),
    ...login,
    maintenanceDatabase,
    ...selectionFields,
    countRows: z.boolean().default(true).meta({
      title: 'Count the rows of each table',
      description:
        'At the very moment that is saved, so that a verification can tell when a row is missing. The server reads the tables once more for it.',
      advanced: true,
    }),
  })
  .refine(needsRootCert.check, needsRootCert.params)
  .refine(selectionIsClear.check, selectionIsClear.params)
  .refine((s) => [s.database !== undefined, s.databases !== undefined, s.allDatabases].filter(Boolean).length === 1, {
    path: ['database'],
    message: 'choose one database, several, or all',
  })
  .refine((s) => s.allDatabases || !s.exceptDatabases?.length, {
    path: ['exceptDatabases'],
    message: 'belong to the choice of all databases',
  })
  .refine((s) => s.database !== undefined || !(s.schemas?.length || s.tables?.length), {
    path: ['database'],
    message: 'schemas and tables can be chosen of one database only',
  })

export type PostgresSettings = z.infer<typeof postgresSettings>

/** The part that holds what belongs to the server: roles and tablespaces. */
export const GLOBALS = 'globals'

/** The database that a run saves. Throws SOURCE_PART_UNKNOWN for one that the settings do not include. */
export function databaseToSave(s: PostgresSettings, { part }: Pick<DriverContext, 'part'>): string {
  const named = databaseOfPart(part)
  const name = part === '' ? s.database : named
  const isChosen = (one: string) =>
    s.database === one ||
    s.databases?.includes(one) ||
    (s.allDatabases && !s.exceptDatabases?.some((except) => matchesName(except, one)))
  if (name === undefined || name === null || !isChosen(name)) throw new CodedError('SOURCE_PART_UNKNOWN', { part })
  return name
}

/**
 * The database that a restore goes into or that is looked at: the settings are the place, so that a part can be brought to
 * another one; where they name none it is the part's own.
 */
export function databaseOfPlace(s: PostgresSettings, { part }: Pick<DriverContext, 'part'>): string {
  const name = s.database ?? databaseOfPart(part)
  if (name === null) throw new CodedError('SOURCE_PART_UNKNOWN', { part })
  return name
}

export const connectionTo = (s: ServerSettings | PostgresSettings, database: string): PostgresConnection => ({
  ...s,
  database,
})
