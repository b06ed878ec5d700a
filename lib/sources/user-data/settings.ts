import { z } from 'zod'
import { needsRootCert, postgresFields } from '../connections/postgres.ts'
import { sqliteFields } from '../connections/sqlite.ts'

/** Becomes a file name: <name>.csv and <name>.ndjson. */
const exportName = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}$/, 'must be letters, digits, - and _, 64 at most')
  .meta({ title: 'Name', description: 'Becomes a file name.', examples: ['customers'] })

/** "users", or "app.users" with its schema (PostgreSQL; what is behind the first dot is the table). */
const tableName = z
  .string()
  .min(1)
  .max(130)
  .refine((name) => !name.includes('\0'), 'must not contain a NUL character')
  .meta({ title: 'Table', examples: ['app.customers'] })

const selectQuery = z
  .string()
  .max(100_000)
  .refine((query) => !query.includes('\0'), 'must not contain a NUL character')
  .transform((query) => query.trim().replace(/;$/, '').trimEnd())
  .refine((query) => /^(select|with|values|table)\b/i.test(query), 'must be one SELECT')
  .refine((query) => !hasSeparator(query), 'must be one statement; a semicolon may only be inside a quoted text')
  .meta({ title: 'Query', multiline: true, examples: ['SELECT * FROM customers WHERE deleted_at IS NULL'] })

const exportOf = z.union([
  z.strictObject({ name: exportName, table: tableName }).meta({ title: 'A table' }),
  z.strictObject({ name: exportName, query: selectQuery }).meta({ title: 'A query' }),
])

const connection = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('sqlite'), ...sqliteFields }).meta({ title: 'SQLite' }),
  z
    .strictObject({ kind: z.literal('postgres'), ...postgresFields })
    .refine(needsRootCert.check, needsRootCert.params)
    .meta({ title: 'PostgreSQL' }),
])

export const userDataSettings = z.strictObject({
  /** Where the data is read from. */
  connection: connection.meta({ title: 'Exported from' }),
  /** What is read, all from one moment. */
  exports: z
    .array(exportOf)
    .min(1, 'must name at least one export')
    .max(200)
    .refine(
      (exports) => new Set(exports.map((one) => one.name.toLowerCase())).size === exports.length,
      'must have different names',
    )
    .meta({ title: 'Exports' }),
})

export type UserDataSettings = z.infer<typeof userDataSettings>
export type ExportSettings = UserDataSettings['exports'][number]

/**
 * A first line of defence that gives a good message early; what really keeps the data safe is the read-only transaction.
 * Errs on the side of refusing: a semicolon in a dollar-quoted text counts.
 */
function hasSeparator(query: string): boolean {
  return query.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\//g, ' ').includes(';')
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** What goes into FROM. A query stands in parentheses of its own lines, so that a comment at its end ends there. */
export function fromClause(one: ExportSettings, kind: UserDataSettings['connection']['kind']): string {
  if ('query' in one) return `(\n${one.query}\n) AS q`
  const dot = kind === 'postgres' ? one.table.indexOf('.') : -1
  const table = dot > 0 ? `${quoted(one.table.slice(0, dot))}.${quoted(one.table.slice(dot + 1))}` : quoted(one.table)
  return `${table} AS q`
}
