import { type PostgresConnection, withPostgres } from '../connections/postgres.ts'
import type { DriverContext, TableCounts } from '../driver.ts'
import { countTables } from './queries.ts'
import { type Selection, select } from './selection.ts'

/** The rows that a dump saves, counted beside it and at the same moment. */
export interface Counting {
  /** For pg_dump's --snapshot, which takes it over while it starts. */
  snapshot: string
  /** To be asked for when the dump has ended. Null when something could not be counted; never rejects. */
  finish(): Promise<TableCounts | null>
  /** Ends what still goes on. */
  close(): Promise<void>
}

/**
 * Begins to count the tables that `selection` catches, in a snapshot that others can take over (PostgreSQL's "Snapshot
 * Synchronization Functions"). Null where the server gives out none: a backup does not fail for it.
 */
export async function beginCounting(
  connection: PostgresConnection,
  selection: Selection,
  ctx: DriverContext,
): Promise<Counting | null> {
  const exported = Promise.withResolvers<string>()
  const dumpEnded = Promise.withResolvers<void>()
  const stop = new AbortController()
  const signal = AbortSignal.any([ctx.signal, stop.signal])
  let counted = 0
  let tables: TableCounts | null = null
  const counting = withPostgres(connection, { signal }, async (client) => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    // It waits for a dump that may take hours, as pg_dump's own sessions do.
    await client.query(
      `SELECT set_config(name, '0', true) FROM pg_settings
       WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout')`,
    )
    const { rows } = await client.query<{ snapshot: string }>('SELECT pg_export_snapshot() AS snapshot')
    exported.resolve(rows[0]?.snapshot as string)
    tables = await countTables(
      client,
      (relations, schemas) => select(selection, relations, schemas).relations,
      () => ctx.progress(++counted),
    )
    await dumpEnded.promise // the snapshot is there as long as this transaction
    await client.query('COMMIT')
  }).catch((thrown: unknown) => {
    exported.reject(thrown)
    if (tables !== null) return // counted is counted, whatever became of the session afterwards
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    if (!signal.aborted) ctx.log('warning', `A verification will have no row counts to compare with: ${reason}`)
  })
  const snapshot = await exported.promise.catch(() => null)
  ctx.signal.throwIfAborted()
  if (snapshot === null) return null
  return {
    snapshot,
    finish: async () => {
      dumpEnded.resolve()
      await counting
      return tables
    },
    close: async () => {
      stop.abort(new Error('the copy is closed'))
      dumpEnded.resolve()
      await counting
    },
  }
}
