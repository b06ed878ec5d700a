import { z } from 'zod'
import { matchesName } from '../name-patterns.ts'
import type { Relation } from './queries.ts'

const pattern = z
  .string()
  .min(1, 'must not be empty')
  .max(260, 'is too long')
  .refine((text) => !text.includes('\0'), 'must not contain a NUL character')
const patterns = z.array(pattern).max(200).optional()

const STAR = 'Names are taken as they are, case and all; * stands for any text.'
const TABLE = `${STAR} A table is schema.table; without a schema it is looked for in every one.`

/** Which schemas or tables of a database; all, when nothing is said. */
export const selectionFields = {
  schemas: patterns.meta({
    title: 'Only these schemas',
    description: `${STAR} Large objects and extensions are left out then.`,
    examples: [['app']],
    advanced: true,
  }),
  excludeSchemas: patterns.meta({
    title: 'Not these schemas',
    description: STAR,
    examples: [['tmp_*']],
    advanced: true,
  }),
  tables: patterns.meta({
    title: 'Only these tables',
    description: `${TABLE} Partitions and sequences follow their table. Nothing but them is saved then: no types, no functions.`,
    examples: [['app.orders', 'app.audit_*']],
    advanced: true,
  }),
  excludeTables: patterns.meta({
    title: 'Not these tables',
    description: `${TABLE} Partitions and sequences follow their table.`,
    examples: [['app.sessions']],
    advanced: true,
  }),
}

export interface Selection {
  schemas?: string[] | undefined
  excludeSchemas?: string[] | undefined
  tables?: string[] | undefined
  excludeTables?: string[] | undefined
}

export const selectionIsClear = {
  check: (s: Selection) => !s.tables?.length || (!s.schemas?.length && !s.excludeSchemas?.length),
  params: {
    path: ['tables'],
    message: 'cannot be chosen together with schemas: put the schema before the table’s name',
  },
}

export interface Selected {
  /** In the order given. */
  relations: Relation[]
  /** For pg_dump. Names are quoted, so that nothing in them is a pattern of its own. */
  args: string[]
  /** Chosen, but there is no such thing: `table “app.ordrs”`. */
  unmatched: string[]
  /** False when only chosen tables or schemas are saved: pg_dump leaves large objects out then. */
  isWholeDatabase: boolean
}

/** What a selection catches. `schemas` are all there are, with or without tables. */
export function select(selection: Selection, all: readonly Relation[], schemas: readonly string[]): Selected {
  const { schemas: only = [], excludeSchemas = [], tables = [], excludeTables = [] } = selection
  const out = withParts(all, matching(all, excludeTables))
  const wantedTables = withParts(all, matching(all, tables))
  const wantedSchemas = schemas.filter((schema) => only.some((one) => matchesName(one, schema)))
  const isIn = (relation: Relation) =>
    !out.has(relation) &&
    !excludeSchemas.some((one) => matchesName(one, relation.schema)) &&
    (tables.length === 0 || wantedTables.has(relation)) &&
    (only.length === 0 || wantedSchemas.includes(relation.schema))
  const chosen = all.filter(isIn)
  return {
    relations: chosen,
    args: [
      ...wantedSchemas.map((schema) => `--schema=${quoted(schema)}`),
      ...excludeSchemas.map((one) => `--exclude-schema=${asPattern(one)}`),
      ...(tables.length === 0 ? [] : chosen.map(named).map((name) => `--table=${name}`)),
      // Those chosen one by one need no exclusion.
      ...(tables.length > 0 ? [] : excludeTables.map((one) => `--exclude-table=${asPattern(...splitTable(one))}`)),
      ...(tables.length > 0 ? [] : [...out].filter((one) => one.partOf).map((one) => `--exclude-table=${named(one)}`)),
      ...(only.length + tables.length === 0 ? [] : ['--strict-names']),
    ],
    unmatched: [
      ...only.filter((one) => !schemas.some((schema) => matchesName(one, schema))).map((one) => `schema “${one}”`),
      ...tables.filter((one) => matching(all, [one]).size === 0).map((one) => `table “${one}”`),
    ],
    isWholeDatabase: only.length + tables.length === 0,
  }
}

function matching(all: readonly Relation[], tablePatterns: readonly string[]): Set<Relation> {
  const pairs = tablePatterns.map(splitTable)
  return new Set(all.filter((one) => pairs.some(([s, t]) => matchesName(s, one.schema) && matchesName(t, one.name))))
}

/** pg_dump takes a partitioned table without its partitions, and leaves it out without them. Its sequences follow as well. */
function withParts(all: readonly Relation[], found: Set<Relation>): Set<Relation> {
  const oids = new Set([...found].map((one) => one.oid))
  const children = all.filter((one) => !found.has(one) && one.partOf !== null && oids.has(one.partOf))
  return children.length === 0 ? found : withParts(all, new Set([...found, ...children]))
}

function splitTable(pattern: string): [schema: string, table: string] {
  const dot = pattern.indexOf('.')
  return dot <= 0 ? ['*', pattern] : [pattern.slice(0, dot), pattern.slice(dot + 1)]
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
const named = (one: Relation): string => `${quoted(one.schema)}.${quoted(one.name)}`

/** In psql's language of patterns, in which quoted text stands for itself. */
function asPattern(...names: string[]): string {
  const one = (name: string) =>
    name
      .split('*')
      .map((part) => (part === '' ? '' : quoted(part)))
      .join('*')
  return names.map(one).join('.')
}
