import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Client } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { CodedError } from '#lib/errors/coded-error.ts'
import { type PostgresConnection, withPostgres } from '../connections/postgres.ts'
import { codeOf, isSqlState, nameOf } from '../connections/postgres-errors.ts'
import type { DriverContext } from '../driver.ts'
import type { Column, ExportEntry, Manifest } from './manifest.ts'
import { exactText } from './read-postgres.ts'
import { quoted, quotedTable } from './selection.ts'

interface Target {
  entry: ExportEntry
  /** Quoted, with its schema where the settings named one. */
  table: string
}

/**
 * Loads checked exports into the tables that they are of, or into tables named after the export; tables that are missing
 * are made with the manifest's types. One transaction: all or nothing. Tables come after those that their foreign keys
 * point to, and sequences go on after what was loaded. `afterwards` is part of the transaction. Rejects with RESTORE_TARGET_NOT_EMPTY, naming each table that holds
 * something, and RESTORE_TOOL_FAILED.
 */
export async function loadIntoPostgres(
  connection: PostgresConnection,
  folder: string,
  manifest: Manifest,
  ctx: Pick<DriverContext, 'signal' | 'progress'>,
  afterwards: (client: Client) => Promise<void> = async () => {},
): Promise<void> {
  const targets = manifest.exports.map((entry) => ({
    entry,
    table: entry.table === null ? quoted(entry.name) : quotedTable(entry.table, 'postgres'),
  }))
  let loaded = 0
  const moved = (bytes: number) => {
    loaded += bytes
    ctx.progress(loaded)
  }
  await withPostgres(connection, ctx, async (client) => {
    await client.query('BEGIN')
    await client.query(exactText)
    await makeRoom(client, connection, targets)
    await client.query('SET CONSTRAINTS ALL DEFERRED')
    for (const target of await parentsFirst(client, targets)) {
      const file = manifest.spreadsheetSafe ? target.entry.ndjson.file : target.entry.csv.file
      const fill = async (copy: string) => {
        const source = createReadStream(join(folder, file))
        const counted = async function* (chunks: AsyncIterable<Buffer>) {
          for await (const chunk of chunks) {
            moved(chunk.length)
            yield chunk
          }
        }
        await pipeline(source, counted, client.query(copyFrom(copy)), { signal: ctx.signal })
      }
      await named(target, () =>
        manifest.spreadsheetSafe ? loadNdjson(client, target, fill) : loadCsv(client, target, fill),
      )
    }
    await afterwards(client)
    await named(null, () => client.query('COMMIT'))
  })
}

/** Makes the tables that are missing, and keeps the others from changing until the end. */
async function makeRoom(client: Client, connection: PostgresConnection, targets: readonly Target[]): Promise<void> {
  const holds: string[] = []
  for (const target of targets) {
    const { entry, table } = target
    await named(target, async () => {
      const { rows } = await client.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [table])
      if (rows[0]?.there !== true) await client.query(`CREATE TABLE ${table} (${definitions(entry.columns)})`)
      await client.query(`LOCK TABLE ${table} IN SHARE ROW EXCLUSIVE MODE`)
      const { rows: found } = await client.query<{ some: boolean }>(`SELECT EXISTS (SELECT FROM ${table}) AS some`)
      if (found[0]?.some === true) holds.push(`rows in table ${entry.table ?? entry.name}`)
    })
  }
  if (holds.length > 0)
    throw new CodedError('RESTORE_TARGET_NOT_EMPTY', {
      target: `The database ${connection.database} of ${nameOf(connection)}`,
      holds,
    })
}

const definitions = (columns: readonly Column[]) =>
  columns.map(({ name, type }) => `${quoted(name)} ${type}`).join(', ')

/** In the order of their foreign keys. Where these go round in a circle, in the order of the settings. */
async function parentsFirst(client: Client, targets: readonly Target[]): Promise<Target[]> {
  const { rows } = await client.query<{ child: number; parent: number }>(
    `SELECT c.n::int AS child, p.n::int AS parent FROM pg_constraint k
     JOIN unnest($1::regclass[]) WITH ORDINALITY AS c(oid, n) ON c.oid = k.conrelid
     JOIN unnest($1::regclass[]) WITH ORDINALITY AS p(oid, n) ON p.oid = k.confrelid
     WHERE k.contype = 'f' AND k.conrelid <> k.confrelid`,
    [targets.map((target) => target.table)],
  )
  const left = new Set(targets.keys())
  const ordered: Target[] = []
  while (left.size > 0) {
    const isFree = (i: number) => !rows.some(({ child, parent }) => child === i + 1 && left.has(parent - 1))
    const next = [...left].find(isFree) ?? ([...left][0] as number)
    left.delete(next)
    ordered.push(targets[next] as Target)
  }
  return ordered
}

const STAGE = 'pg_temp."restored export"'

async function loadCsv(client: Client, target: Target, fill: (copy: string) => Promise<void>): Promise<void> {
  await client.query(`CREATE TEMP TABLE "restored export" (${definitions(target.entry.columns)}) ON COMMIT DROP`)
  await fill(`COPY ${STAGE} FROM STDIN (FORMAT csv, HEADER, ENCODING 'UTF8')`)
  await insert(client, target, `SELECT %s FROM ${STAGE}`, (column) => quoted(column.name))
}

/** A line of NDJSON has no control character: with these as quote and delimiter, COPY takes it whole. */
async function loadNdjson(client: Client, target: Target, fill: (copy: string) => Promise<void>): Promise<void> {
  await client.query('CREATE TEMP TABLE "restored export" (line text) ON COMMIT DROP')
  await fill(`COPY ${STAGE} FROM STDIN (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02', ENCODING 'UTF8')`)
  const isJson = ({ type }: Column) => type === 'json' || type === 'jsonb'
  const others = target.entry.columns.filter((column) => !isJson(column))
  const record = others.length === 0 ? '' : `, json_to_record(s.line::json) AS r(${definitions(others)})`
  // -> keeps JSON's null apart from a missing key, which is NULL.
  const expression = (column: Column) =>
    isJson(column) ? `(s.line::json -> ${literal(column.name)})::${column.type}` : `r.${quoted(column.name)}`
  await insert(client, target, `SELECT %s FROM ${STAGE} AS s${record}`, expression)
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

async function insert(
  client: Client,
  { entry, table }: Target,
  select: string,
  expression: (column: Column) => string,
): Promise<void> {
  const { rows } = await client.query<{ name: string; generated: boolean; sequence: string | null }>(
    `SELECT attname AS name, coalesce(to_jsonb(a) ->> 'attgenerated', '') <> '' AS generated,
       pg_get_serial_sequence($1, attname) AS sequence
     FROM pg_attribute a WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`,
    [table],
  )
  const generated = new Set(rows.filter((row) => row.generated).map((row) => row.name))
  const columns = entry.columns.filter((column) => !generated.has(column.name))
  const names = columns.map((column) => quoted(column.name)).join(', ')
  const values = columns.map(expression).join(', ')
  const done = await client.query(
    `INSERT INTO ${table} (${names}) OVERRIDING SYSTEM VALUE ${select.replace('%s', () => values)}`,
  )
  if (done.rowCount !== entry.rows) {
    const reason = `${done.rowCount} rows were loaded instead of ${entry.rows}`
    throw new CodedError('RESTORE_CONTENT_WRONG', { what: `the export “${entry.name}”`, reason })
  }
  await client.query(`DROP TABLE ${STAGE}`)
  for (const { name, sequence } of rows) {
    if (sequence === null) continue
    const last = `max(${quoted(name)})`
    await client.query(`SELECT setval($1, ${last}) FROM ${table} HAVING ${last} IS NOT NULL`, [sequence])
  }
}

/** What the server refuses is told with the name of the export. */
async function named<T>(target: Target | null, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    const code = codeOf(thrown)
    if (!isSqlState(code) || code.startsWith('08') || code.startsWith('57P')) throw thrown
    const reason = thrown instanceof Error ? thrown.message.replace(/\.$/, '') : String(thrown)
    const where = target === null ? 'at the end' : `in “${target.entry.name}”`
    throw new CodedError(
      'RESTORE_TOOL_FAILED',
      { tool: 'PostgreSQL', exit: `SQLSTATE ${code} ${where}`, reason },
      { cause: thrown },
    )
  }
}
