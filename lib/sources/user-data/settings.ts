import { z } from 'zod'
import { absolutePath } from '#lib/forms/settings.ts'
import { needsRootCert, postgresFields } from '../connections/postgres.ts'
import { sqliteFields } from '../connections/sqlite.ts'
import { problemOf } from './sql-text.ts'

/** Becomes a file name: <name>.csv and <name>.ndjson. */
const exportName = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}$/, 'must be letters, digits, - and _, 64 at most')
  .refine((name) => !/^(manifest|files)$/i.test(name), 'must not be “manifest” or “files”')
  .meta({ title: 'Name', description: 'Becomes a file name.', examples: ['customers'] })

const sqlName = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((name) => !name.includes('\0'), 'must not contain a NUL character')

/** "users", or "app.users" with its schema (PostgreSQL; what is behind the first dot is the table). */
const tableName = sqlName(130).meta({ title: 'Table', examples: ['app.customers'] })

/** Without the semicolon that may end it; the rest is checked where the kind of database is known. */
const query = z
  .string()
  .max(100_000)
  .refine((text) => !text.includes('\0'), 'must not contain a NUL character')
  .transform((text) => text.trim().replace(/;$/, '').trimEnd())

const personFields = {
  /** The column that holds the person's id; in the rows of the table or of the query. */
  personColumn: sqlName(63)
    .optional()
    .meta({
      title: 'Column with the person’s id',
      description: 'Rows in which it is that id belong to the person. Without it, no row goes into a person’s export.',
      examples: ['customer_id'],
    }),
  /** Instead of personColumn. */
  personQuery: query.optional().meta({
    title: 'Query for one person',
    description: 'Instead of a column: a SELECT of what belongs to the person :userId.',
    multiline: true,
    advanced: true,
    examples: ['SELECT m.* FROM messages m JOIN chats c ON c.id = m.chat_id WHERE c.customer_id = :userId'],
  }),
}
const oneOfBoth = {
  check: (one: { personColumn?: string | undefined; personQuery?: string | undefined }) =>
    one.personColumn === undefined || one.personQuery === undefined,
  params: { path: ['personQuery'], message: 'must not be set together with the column' },
}

const exportOf = z.union([
  z
    .strictObject({ name: exportName, table: tableName, ...personFields })
    .refine(oneOfBoth.check, oneOfBoth.params)
    .meta({ title: 'A table' }),
  z
    .strictObject({
      name: exportName,
      query: query.meta({
        title: 'Query',
        multiline: true,
        examples: ['SELECT * FROM customers WHERE deleted_at IS NULL'],
      }),
      ...personFields,
    })
    .refine(oneOfBoth.check, oneOfBoth.params)
    .meta({ title: 'A query' }),
])

/** Where the files of one person are: a file or a folder. */
const filesOf = z
  .strictObject({
    name: exportName,
    path: absolutePath
      .refine((path) => path.includes('{userId}'), 'must contain {userId}')
      .refine((path) => !/[{}]/.test(path.replaceAll('{userId}', '')), 'must have no braces but {userId}')
      .meta({
        title: 'Path',
        description: 'Absolute, inside a folder of STORAGE_ROOTS. {userId} stands for the person’s id.',
        examples: ['/srv/uploads/{userId}'],
      }),
  })
  .meta({ title: 'A person’s files' })

const connection = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('sqlite'), ...sqliteFields }).meta({ title: 'SQLite' }),
  z
    .strictObject({ kind: z.literal('postgres'), ...postgresFields })
    .refine(needsRootCert.check, needsRootCert.params)
    .meta({ title: 'PostgreSQL' }),
])

const differentNames = (list: readonly { name: string }[]) =>
  new Set(list.map((one) => one.name.toLowerCase())).size === list.length

export const userDataSettings = z
  .strictObject({
    /** Where the data is read from. */
    connection: connection.meta({ title: 'Exported from' }),
    /** What is read, all from one moment. */
    exports: z
      .array(exportOf)
      .min(1, 'must name at least one export')
      .max(200)
      .refine(differentNames, 'must have different names')
      .meta({ title: 'Exports' }),
    /** Only for the export of one person; a backup of whole folders is a source of kind `files`. */
    files: z.array(filesOf).max(50).refine(differentNames, 'must have different names').default([]).meta({
      title: 'Files of a person',
      description: 'Go into the export of one person. To back up the whole folder, add a source of kind “Files”.',
      advanced: true,
    }),
    /** Changes the CSV files, so that a spreadsheet takes no value for a formula. */
    spreadsheetSafe: z.boolean().default(false).meta({
      title: 'Make CSV safe for spreadsheets',
      description: 'Puts ’ before values that begin with =, +, - or @. It changes the data; NDJSON stays exact.',
      advanced: true,
    }),
  })
  .superRefine(({ connection: { kind }, exports }, context) => {
    exports.forEach((one, i) => {
      const tell = (field: string, problem: string | null) =>
        problem !== null && context.addIssue({ code: 'custom', path: ['exports', i, field], message: problem })
      if ('query' in one) tell('query', problemOf(one.query, kind, 'without'))
      if (one.personQuery !== undefined) tell('personQuery', problemOf(one.personQuery, kind, 'with :userId'))
    })
  })

export type UserDataSettings = z.infer<typeof userDataSettings>
export type ExportSettings = UserDataSettings['exports'][number]
