import type { Client, QueryConfig } from 'pg'
import QueryStream from 'pg-query-stream'
import { CodedError } from '#lib/errors/coded-error.ts'
import { type PostgresConnection, withPostgres } from '../connections/postgres.ts'
import { codeOf, isSqlState } from '../connections/postgres-errors.ts'
import type { DriverContext } from '../driver.ts'
import type { Manifest } from './manifest.ts'
import { type ExportSettings, fromClause } from './settings.ts'
import { ExportWriter } from './write-export.ts'

const ROWS_PER_FETCH = 500
/** Values stay as the server writes them: numerics, big integers and timestamps keep every digit. */
const asText = { getTypeParser: () => (value: string) => value }

/** Reads every export in one read-only transaction, so all show the same moment, and writes files into the scratch folder. */
export async function exportFromPostgres(
  connection: PostgresConnection,
  exports: readonly ExportSettings[],
  ctx: DriverContext,
): Promise<Manifest> {
  return withPostgres(connection, ctx, async (client) => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    await client.query(
      `SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'; SET LOCAL IntervalStyle = 'iso_8601';
       SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1; SET LOCAL row_security = off`,
    )
    const { rows } = await client.query<{ now: string }>(
      `SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS now`,
    )
    const manifest: Manifest = { snapshotAt: rows[0]?.now ?? '', exports: [] }
    for (const one of exports) {
      try {
        manifest.exports.push(await exportOne(client, one, ctx))
      } catch (thrown) {
        throw queryError(one.name, thrown)
      }
    }
    await client.query('COMMIT')
    return manifest
  })
}

async function exportOne(client: Client, one: ExportSettings, ctx: DriverContext) {
  const from = fromClause(one, 'postgres')
  const columns = await columnsOf(client, from)
  const repeated = columns.find((column, i) => columns.findIndex((other) => other.name === column.name) !== i)
  if (repeated) {
    const reason = `two columns are called “${repeated.name}”; give them different names with AS`
    throw new CodedError('SOURCE_QUERY_FAILED', { name: one.name, reason })
  }
  const writer = new ExportWriter(ctx.scratch, one.name, columns)
  const stream = client.query(
    new QueryStream(`SELECT row_to_json(q)::text, q.* FROM ${from}`, [], {
      rowMode: 'array',
      batchSize: ROWS_PER_FETCH,
      highWaterMark: ROWS_PER_FETCH,
      types: asText as never,
    }),
  )
  // Its own way of ending asks the server to close the cursor and waits for ever when the connection is gone; the end of the
  // transaction, or of the connection, closes it as well. A break between two fetches it would not notice at all.
  stream._destroy = (error, done) => done(error)
  const broken = () => stream.destroy(new Error('the connection broke'))
  client.once('end', broken)
  try {
    for await (const [json, ...values] of stream as AsyncIterable<[string, ...(string | null)[]]>) {
      ctx.signal.throwIfAborted()
      await writer.row(values, json.replaceAll('\n', ' ')) // a json column may be written over several lines
    }
    return await writer.end()
  } catch (thrown) {
    writer.abandon()
    throw thrown
  } finally {
    client.off('end', broken)
  }
}

/** The extended protocol (a parameter list, even an empty one) refuses a second statement. */
async function columnsOf(client: Client, from: string): Promise<{ name: string; type: string }[]> {
  const text = `SELECT q.* FROM ${from} LIMIT 0`
  const { fields } = await client.query({ text, values: [], queryMode: 'extended' } as QueryConfig)
  const { rows } = await client.query<{ type: string }>(
    'SELECT format_type(oid, modifier) AS type FROM unnest($1::oid[], $2::int[]) WITH ORDINALITY AS f(oid, modifier, n) ORDER BY n',
    [fields.map((field) => field.dataTypeID), fields.map((field) => field.dataTypeModifier)],
  )
  return fields.map((field, i) => ({ name: field.name, type: rows[i]?.type ?? '' }))
}

/** What the server says about a query names the export; a lost connection does not. */
function queryError(name: string, thrown: unknown): unknown {
  const code = codeOf(thrown)
  const isOfConnection = !isSqlState(code) || code.startsWith('08') || code.startsWith('57P')
  if (thrown instanceof CodedError || isOfConnection) return thrown
  const reason = thrown instanceof Error ? thrown.message.replace(/\.$/, '') : String(thrown)
  return new CodedError('SOURCE_QUERY_FAILED', { name, reason }, { cause: thrown })
}
