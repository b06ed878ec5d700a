import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Client } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { CodedError } from '#lib/errors/coded-error.ts'
import { type PostgresConnection, withPostgres } from '../connections/postgres.ts'
import { codeOf, isSqlState, nameOf } from '../connections/postgres-errors.ts'
import type { DriverContext } from '../driver.ts'
import { type Counts, insertStaged, keyOf, type Rows, STAGE, type Target } from './insert-staged.ts'
import type { Column, Manifest } from './manifest.ts'
import { exactText } from './read-postgres.ts'
import { noRows, type PersonColumns, type RowsLoaded, type RowsWish, wantedOf } from './rows.ts'
import { quoted, quotedTable } from './selection.ts'

interface Options {
  /** Left out: REFUSE, and everything. */
  wish?: RowsWish
  /** With a person: where their id is. */
  personColumns?: PersonColumns
  /** Is part of the transaction. */
  afterwards?(client: Client): Promise<void>
}

/**
 * Loads checked exports into the tables that they are of, or into tables named after the export; tables that are missing
 * are made with the manifest's types. One transaction: all or nothing. Tables come after those that their foreign keys
 * point to, and sequences go on after what was loaded. Rejects with RESTORE_TARGET_NOT_EMPTY, naming each table that holds
 * something, RESTORE_NO_KEY, and RESTORE_TOOL_FAILED.
 */
export async function loadIntoPostgres(
  connection: PostgresConnection,
  folder: string,
  manifest: Manifest,
  ctx: Pick<DriverContext, 'signal' | 'progress'>,
  { wish = EVERYTHING, personColumns = null, afterwards = async () => {} }: Options = {},
): Promise<RowsLoaded> {
  const { wanted, leftOut } = wantedOf(manifest.exports, personColumns)
  const total = noRows(leftOut)
  const targets = wanted.map((entry) => ({
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
    await makeRoom(client, connection, targets, wish)
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
      const { name } = target.entry
      const rows: Rows = { ...wish, personColumn: personColumns?.get(name) ?? null }
      const { inserted, replaced, skipped } = await named(target, () =>
        manifest.spreadsheetSafe ? loadNdjson(client, target, fill, rows) : loadCsv(client, target, fill, rows),
      )
      total.inserted += inserted
      total.replaced += replaced
      total.skipped += skipped
    }
    await afterwards(client)
    await named(null, () => client.query('COMMIT'))
  })
  return total
}

const EVERYTHING: RowsWish = { conflict: 'REFUSE', person: null }

/** Makes the tables that are missing, and keeps the others from changing until the end. */
async function makeRoom(
  client: Client,
  connection: PostgresConnection,
  targets: readonly Target[],
  { conflict }: RowsWish,
): Promise<void> {
  const holds: string[] = []
  const keyless: string[] = []
  for (const target of targets) {
    const { entry, table } = target
    await named(target, async () => {
      const { rows } = await client.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [table])
      if (rows[0]?.there !== true) await client.query(`CREATE TABLE ${table} (${definitions(entry.columns)})`)
      await client.query(`LOCK TABLE ${table} IN SHARE ROW EXCLUSIVE MODE`)
      const { rows: found } = await client.query<{ some: boolean }>(`SELECT EXISTS (SELECT FROM ${table}) AS some`)
      if (found[0]?.some !== true) return
      if (conflict === 'REFUSE') holds.push(`rows in table ${entry.table ?? entry.name}`)
      else if ((await keyOf(client, table)).length === 0) keyless.push(entry.table ?? entry.name)
    })
  }
  if (keyless.length > 0) throw new CodedError('RESTORE_NO_KEY', { tables: keyless })
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

async function loadCsv(
  client: Client,
  target: Target,
  fill: (copy: string) => Promise<void>,
  rows: Rows,
): Promise<Counts> {
  await client.query(`CREATE TEMP TABLE "restored export" (${definitions(target.entry.columns)}) ON COMMIT DROP`)
  await fill(`COPY ${STAGE} FROM STDIN (FORMAT csv, HEADER, ENCODING 'UTF8')`)
  return insertStaged(client, target, rows, STAGE, (column) => quoted(column.name))
}

/** A line of NDJSON has no control character: with these as quote and delimiter, COPY takes it whole. */
async function loadNdjson(
  client: Client,
  target: Target,
  fill: (copy: string) => Promise<void>,
  rows: Rows,
): Promise<Counts> {
  await client.query('CREATE TEMP TABLE "restored export" (line text) ON COMMIT DROP')
  await fill(`COPY ${STAGE} FROM STDIN (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02', ENCODING 'UTF8')`)
  const isJson = ({ type }: Column) => type === 'json' || type === 'jsonb'
  const others = target.entry.columns.filter((column) => !isJson(column))
  const record = others.length === 0 ? '' : `, json_to_record(s.line::json) AS r(${definitions(others)})`
  // -> keeps JSON's null apart from a missing key, which is NULL.
  const expression = (column: Column) =>
    isJson(column) ? `(s.line::json -> ${literal(column.name)})::${column.type}` : `r.${quoted(column.name)}`
  return insertStaged(client, target, rows, `${STAGE} AS s${record}`, expression)
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

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
