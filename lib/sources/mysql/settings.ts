import { z } from 'zod'
import { CodedError } from '#lib/errors/coded-error.ts'
import { checkEncryption, mysqlName, mysqlServerFields } from '../connections/mysql.ts'
import { type DriverContext, databaseOfPart } from '../driver.ts'
import { matchesName } from '../name-patterns.ts'

/** What the server keeps for itself. */
export const SYSTEM_DATABASES: readonly string[] = ['information_schema', 'mysql', 'performance_schema', 'sys']

const isSystem = (database: string): boolean => SYSTEM_DATABASES.includes(database.toLowerCase())

/** Of people's, not of the server's own. */
export const databaseName = mysqlName().refine(
  (name) => !isSystem(name),
  'belongs to the server itself, and is made anew by every installation',
)

/** Where the server is, before any database is chosen. */
export const mysqlServer = z.object(mysqlServerFields).superRefine(checkEncryption)

const { host, port, ...login } = mysqlServerFields

export const mysqlSettings = z
  .strictObject({
    host,
    port,
    database: databaseName.optional().meta({ title: 'Database', examples: ['shop'] }),
    databases: z
      .array(databaseName)
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
      description: 'New ones are included from the next backup on.',
    }),
    exceptDatabases: z
      .array(mysqlName())
      .max(200, 'are too many')
      .optional()
      .meta({
        title: 'All but these',
        description: '* stands for any text.',
        examples: [['tmp_*']],
        advanced: true,
      }),
    ...login,
    ignoredTables: z
      .array(mysqlName(2 * 64 + 1))
      .max(1000, 'are too many')
      .optional()
      .meta({
        title: 'Tables to leave out',
        description:
          'As table or database.table; * stands for any text. Neither their rows nor their definitions are saved, and views that use them cannot be restored.',
        examples: [['sessions', 'shop.cache_*']],
        advanced: true,
      }),
  })
  .superRefine(checkEncryption)
  .refine((s) => [s.database !== undefined, s.databases !== undefined, s.allDatabases].filter(Boolean).length === 1, {
    path: ['database'],
    message: 'choose one database, several, or all',
  })
  .refine((s) => s.allDatabases || !s.exceptDatabases?.length, {
    path: ['exceptDatabases'],
    message: 'belong to the choice of all databases',
  })
export type MysqlSettings = z.infer<typeof mysqlSettings>

/** Whether a database is none of “all databases”. */
export const isExcepted = (s: MysqlSettings, database: string): boolean =>
  isSystem(database) || (s.exceptDatabases ?? []).some((except) => matchesName(except, database))

/** The database that a run saves. Throws SOURCE_PART_UNKNOWN for one that the settings do not include. */
export function databaseToSave(s: MysqlSettings, { part }: Pick<DriverContext, 'part'>): string {
  const name = part === '' ? s.database : databaseOfPart(part)
  const isChosen = (one: string) =>
    s.database === one || s.databases?.includes(one) || (s.allDatabases && !isExcepted(s, one))
  if (name === undefined || name === null || !isChosen(name)) throw new CodedError('SOURCE_PART_UNKNOWN', { part })
  return name
}

/**
 * The database that a restore goes into or that is looked at: the settings are the place, so that a part can be brought to
 * another one; where they name none it is the part's own.
 */
export function databaseOfPlace(s: MysqlSettings, { part }: Pick<DriverContext, 'part'>): string {
  const name = s.database ?? databaseOfPart(part)
  if (name === null) throw new CodedError('SOURCE_PART_UNKNOWN', { part })
  return name
}
