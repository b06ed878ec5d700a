import type { Client } from 'pg'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { Column, ExportEntry } from './manifest.ts'
import type { RowsLoaded, RowsWish } from './rows.ts'
import { quoted } from './selection.ts'

/** Where an export is before its rows go into their table. */
export const STAGE = 'pg_temp."restored export"'

export interface Target {
  entry: ExportEntry
  /** Quoted, with its schema where the settings named one. */
  table: string
}

export interface Rows extends RowsWish {
  personColumn: string | null
}

export type Counts = Omit<RowsLoaded, 'leftOut'>

/**
 * Puts what is staged into the table, as far as it is wanted, and takes the stage away. Sequences go on after what was loaded. Rejects with
 * RESTORE_CONTENT_WRONG when other numbers of rows are found or loaded than there should be.
 */
export async function insertStaged(
  client: Client,
  { entry, table }: Target,
  { conflict, person, personColumn }: Rows,
  staged: string,
  expression: (column: Column) => string,
): Promise<Counts> {
  const { rows } = await client.query<{ name: string; generated: boolean; sequence: string | null }>(
    `SELECT attname AS name, coalesce(to_jsonb(a) ->> 'attgenerated', '') <> '' AS generated,
       pg_get_serial_sequence($1, attname) AS sequence
     FROM pg_attribute a WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`,
    [table],
  )
  const generated = new Set(rows.filter((row) => row.generated).map((row) => row.name))
  const columns = entry.columns.filter((column) => !generated.has(column.name))
  const names = columns.map((column) => quoted(column.name)).join(', ')
  const values = columns.map((column) => `${expression(column)} AS ${quoted(column.name)}`).join(', ')
  const who = entry.columns.find(({ name }) => name === personColumn)
  const theirs =
    person === null || who === undefined ? '' : `WHERE (${expression(who)})::text = ${client.escapeLiteral(person)}`
  const from = `(SELECT ${values} FROM ${staged} ${theirs}) AS saved`
  const count = async (sql: string) =>
    Number((await client.query<{ n: string }>(`SELECT count(*) AS n FROM ${sql}`)).rows[0]?.n)
  const short = (what: string, found: number | null, expected: number) =>
    new CodedError('RESTORE_CONTENT_WRONG', {
      what: `the export “${entry.name}”`,
      reason: `${found} rows ${what} instead of ${expected}`,
    })
  const all = await count(STAGE)
  if (all !== entry.rows) throw short('were found', all, entry.rows)
  const wanted = theirs === '' ? all : await count(from)
  const key = conflict === 'REFUSE' ? [] : await keyOf(client, table)
  const same = key.map((name) => `there.${quoted(name)} = saved.${quoted(name)}`).join(' AND ')
  const there = key.length === 0 ? 0 : await count(`${from} WHERE EXISTS (SELECT FROM ${table} AS there WHERE ${same})`)
  const others = columns
    .filter(({ name }) => !key.includes(name))
    .map(({ name }) => `${quoted(name)} = EXCLUDED.${quoted(name)}`)
  const isReplacing = conflict === 'REPLACE' && key.length > 0 && others.length > 0
  const update = isReplacing ? `(${key.map(quoted).join(', ')}) DO UPDATE SET ${others.join(', ')}` : 'DO NOTHING'
  const { rowCount } = await client.query(
    `INSERT INTO ${table} (${names}) OVERRIDING SYSTEM VALUE SELECT ${names} FROM ${from}
     ${conflict === 'REFUSE' ? '' : `ON CONFLICT ${update}`}`,
  )
  const done = rowCount ?? 0
  const expected = conflict === 'REFUSE' || isReplacing ? wanted : null
  if (expected !== null && done !== expected) throw short('were loaded', done, expected)
  await client.query(`DROP TABLE ${STAGE}`)
  for (const { name, sequence } of rows) {
    if (sequence === null) continue
    const last = `max(${quoted(name)})`
    await client.query(`SELECT setval($1, ${last}) FROM ${table} HAVING ${last} IS NOT NULL`, [sequence])
  }
  const replaced = isReplacing ? there : 0
  return { inserted: done - replaced, replaced, skipped: wanted - done }
}

/** The columns of its primary key. */
export async function keyOf(client: Client, table: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT attname AS name FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
     WHERE i.indrelid = $1::regclass AND i.indisprimary`,
    [table],
  )
  return rows.map(({ name }) => name)
}
