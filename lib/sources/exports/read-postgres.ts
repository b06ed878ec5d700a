import type { Client, FieldDef, QueryConfig } from 'pg'
import { CodedError } from '#lib/errors/coded-error.ts'
import { type PostgresConnection, withPostgres } from '../connections/postgres.ts'
import type { DriverContext } from '../driver.ts'
import type { Column } from './manifest.ts'
import { type ColumnType, jsonOf } from './postgres-json.ts'
import { queryError, rightsMissing } from './postgres-refusals.ts'
import type { Person, Reading, Row } from './reading.ts'
import type { Selection } from './selection.ts'

/** Memory is held by the size of a fetch: about a mebibyte, however long the rows are. */
const FETCH_BYTES = 1024 * 1024
const FIRST_FETCH_ROWS = 16
const MAX_FETCH_ROWS = 500
/** Values stay as the server writes them: numerics, big integers and timestamps keep every digit. */
const asText = { getTypeParser: () => (value: string) => value }

/** Everything that changes how values are written, so that no setting of a role or a database does. */
export const exactText = `SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'iso_8601';
  SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 3; SET LOCAL xmloption = 'content';
  SET LOCAL standard_conforming_strings = on; SET LOCAL lc_monetary = 'C'; SET LOCAL row_security = off; SET LOCAL cursor_tuple_fraction = 1`

/** Reads every selection in one read-only transaction, so that all show the same moment. */
export async function readFromPostgres(
  connection: PostgresConnection,
  selections: readonly Selection[],
  person: Person,
  ctx: Pick<DriverContext, 'signal'>,
  reading: Reading,
): Promise<void> {
  return withPostgres(connection, ctx, async (client) => {
    const snapshotAt = await beginSnapshot(client)
    await reading.begin(snapshotAt, person === null || (await isKnown(client, connection, selections, person)))
    for (const selection of selections) await readOne(client, connection, selection, person, reading)
    await client.query('COMMIT')
  })
}

/** Begins the transaction. Resolves to its moment. */
export async function beginSnapshot(client: Client): Promise<string> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  await client.query(exactText)
  const { rows } = await client.query<{ now: string }>(
    `SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS now`,
  )
  return rows[0]?.now ?? ''
}

async function readOne(
  client: Client,
  connection: PostgresConnection,
  selection: Selection,
  person: Person,
  reading: Reading,
): Promise<void> {
  const fromServer = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (thrown) {
      throw rightsMissing(connection, [{ selection, thrown }]) ?? queryError(selection.name, thrown)
    }
  }
  const values = person === null ? [] : [person]
  // The extended protocol (a parameter list, even an empty one) refuses a second statement.
  const text = `DECLARE export NO SCROLL CURSOR FOR ${selection.sql}`
  await fromServer(() => client.query({ text, values, queryMode: 'extended' } as QueryConfig))
  let total = 0
  let wanted = FIRST_FETCH_ROWS
  let described: { columns: Column[]; types: ColumnType[] } | undefined
  for (;;) {
    const { rows, fields } = await fromServer(() => fetchRows(client, wanted))
    if (described === undefined) {
      described = await fromServer(() => describe(client, selection, fields))
      await reading.open(selection, described.columns)
    }
    const { types, columns } = described
    const keys = columns.map((column) => JSON.stringify(column.name))
    const read: Row[] = rows.map((values) => ({
      values,
      json: selection.want === 'csv' ? '' : objectOf(keys, types, values),
    }))
    await reading.rows(read)
    total += rows.length
    if (rows.length < wanted) break
    wanted = nextFetch(rows)
  }
  await client.query('CLOSE export')
  await reading.close(total, described.columns)
}

async function fetchRows(client: Client, count: number) {
  const text = `FETCH ${count} FROM export`
  return client.query<(string | null)[]>({ text, rowMode: 'array', types: asText } as never) as Promise<{
    rows: (string | null)[][]
    fields: FieldDef[]
  }>
}

function nextFetch(rows: (string | null)[][]): number {
  const bytes = rows.reduce((sum, row) => row.reduce((inner, value) => inner + (value?.length ?? 0), sum), 0)
  const fitting = Math.floor((FETCH_BYTES * rows.length) / Math.max(bytes, 1))
  return Math.max(1, Math.min(fitting, rows.length * 4, MAX_FETCH_ROWS))
}

function objectOf(keys: string[], types: ColumnType[], values: (string | null)[]): string {
  const members: string[] = []
  values.forEach((value, i) => {
    const json = jsonOf(types[i] as ColumnType, value)
    if (json !== undefined) members.push(`${keys[i]}:${json}`)
  })
  return `{${members.join(',')}}`
}

/** The columns with types that are named in full, whatever the search path is. */
async function describe(client: Client, selection: Selection, fields: FieldDef[]) {
  const names = fields.map((field) => field.name)
  const repeated = names.find((name, i) => names.indexOf(name) !== i)
  const reason =
    names.length === 0
      ? 'it has no column'
      : repeated !== undefined && `two columns are called “${repeated}”; give them different names with AS`
  if (reason) throw new CodedError('SOURCE_QUERY_FAILED', { name: selection.name, reason })
  const { rows: path } = await client.query<{ path: string }>(
    `SELECT current_setting('search_path') AS path, set_config('search_path', 'pg_catalog', true)`,
  )
  const { rows } = await client.query<{ type: string; element: number }>(
    `SELECT format_type(f.oid, f.modifier) AS type, CASE WHEN e.typdelim = ',' THEN e.oid ELSE 0 END AS element
     FROM unnest($1::oid[], $2::int[]) WITH ORDINALITY AS f(oid, modifier, n)
     JOIN pg_type t ON t.oid = f.oid
     LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
     ORDER BY f.n`,
    [fields.map((field) => field.dataTypeID), fields.map((field) => field.dataTypeModifier)],
  )
  await client.query(`SELECT set_config('search_path', $1, true)`, [path[0]?.path])
  return {
    columns: fields.map((field, i) => ({ name: field.name, type: rows[i]?.type ?? '' })),
    types: fields.map((field, i) => ({ oid: field.dataTypeID, elementOid: rows[i]?.element ?? 0 })),
  }
}

/** Whether any selection has a row for the person. Throws INPUT_INVALID for an id that cannot be one. */
async function isKnown(
  client: Client,
  connection: PostgresConnection,
  selections: readonly Selection[],
  person: string,
): Promise<boolean> {
  let known = false
  for (const selection of new Map(selections.map((one) => [one.name, one])).values()) {
    try {
      await requireId(client, selection, person)
      if (known) continue
      const text = `SELECT EXISTS (${selection.sql}) AS found`
      const { rows } = await client.query<{ found: boolean }>({ text, values: [person] })
      known = rows[0]?.found === true
    } catch (thrown) {
      throw rightsMissing(connection, [{ selection, thrown }]) ?? queryError(selection.name, thrown)
    }
  }
  return known
}

/** The id in the type that the query compares it with, and written as the server writes it: 42, not 042. */
async function requireId(client: Client, selection: Selection, person: string): Promise<void> {
  const text = `PREPARE selection AS ${selection.sql}`
  await client.query({ text, values: [], queryMode: 'extended' } as QueryConfig)
  const { rows } = await client.query<{ type: string }>(
    `SELECT parameter_types[1]::text AS type FROM pg_prepared_statements WHERE name = 'selection'`,
  )
  await client.query('DEALLOCATE selection')
  const invalid = (problem: string, cause?: unknown) =>
    new CodedError('INPUT_INVALID', { issues: [{ path: 'person', problem }] }, { cause })
  const written = await client
    .query<{ written: string }>(`SELECT $1::${rows[0]?.type}::text AS written`, [person])
    .catch((cause: Error & { code?: string }) => {
      if (!cause.code?.startsWith('22')) throw cause
      throw invalid(`is no id of “${selection.name}”: ${cause.message}`, cause)
    })
  const is = written.rows[0]?.written
  if (is !== person) throw invalid(`is written ${is} in “${selection.name}”; ask for that`)
}
