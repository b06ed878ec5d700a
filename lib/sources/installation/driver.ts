import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { type PostgresConnection, withPostgres } from '../connections/postgres.ts'
import type { DriverContext, SourceDriver } from '../driver.ts'
import { copyExports, inventoryOf } from '../exports/copy-exports.ts'
import { loadIntoPostgres } from '../exports/load-postgres.ts'
import { MANIFEST, type Manifest, rowsOf, verifyExports } from '../exports/manifest.ts'
import { readFromPostgres } from '../exports/read-postgres.ts'
import { openScratch, tablesOf } from '../exports/scratch.ts'
import type { Selection } from '../exports/selection.ts'
import { writeExports } from '../exports/write-exports.ts'
import { scratchError } from '../scratch.ts'
import { byHand } from './by-hand.ts'
import { connectionOf } from './connection.ts'
import { savedTables } from './tables.ts'

const selections: Selection[] = savedTables.map((table) => ({
  name: table,
  table,
  sql: `SELECT q.* FROM public.${table} AS q`,
  want: 'both',
}))

/**
 * This program's own configuration and history, from its own database: a file per table, all of one moment, as user-data
 * exports are. Secrets in them stay sealed with the installation's key, which is not part of it.
 */
export const installationDriver: SourceDriver<object> = {
  kind: 'installation',
  type: 'DATABASE',
  title: 'This installation',
  settings: z.strictObject({}),
  secretFields: [],
  byHand,

  async probe(_settings, ctx) {
    return withPostgres(ownDatabase(ctx), ctx, async (client) => {
      const { rows } = await client.query<{ version: string; bytes: string }>(
        `SELECT current_setting('server_version') AS version,
           (SELECT sum(pg_total_relation_size(to_regclass('public.' || name)))::text FROM unnest($1::text[]) AS name) AS bytes`,
        [[...savedTables]],
      )
      const { version = '', bytes = '0' } = rows[0] ?? {}
      const summary = `${savedTables.length} tables in PostgreSQL ${version.split(' ')[0]}`
      return { summary, bytes: Number(bytes), tool: null, warnings: [] }
    })
  },

  async open(_settings, ctx) {
    ctx.signal.throwIfAborted()
    const close = () => removeExports(ctx.scratch)
    let manifest: Manifest
    try {
      manifest = await exportTables(ctx)
      await writeFile(join(ctx.scratch, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`, {
        flag: 'wx',
        mode: 0o600,
      })
      ctx.signal.throwIfAborted()
    } catch (thrown) {
      await close()
      throw scratchError(thrown, ctx)
    }
    const tables = async () => tablesOf(manifest)
    const rows = rowsOf(manifest)
    return { shape: 'paths', include: [ctx.scratch], exclude: [], oneFileSystem: true, rows, tables, close }
  },

  /** Into the program's own database only while that is empty, so never while the program runs: see lib/processes/restore-installation.ts. */
  async restore(_settings, folder, ctx, target) {
    const { folder: from, manifest } = await verifyExports(folder, ctx.signal)
    if (target === undefined) await loadIntoPostgres(ownDatabase(ctx), from, manifest, ctx)
    else await copyExports(from, manifest, target, ctx)
    const done = target === undefined ? 'loaded' : `put into ${target}`
    return {
      summary: `the installation of ${manifest.snapshotAt} checked and ${done}`,
      inventory: inventoryOf(manifest),
    }
  },

  openScratch: (_settings, ctx) => openScratch(ctx),

  async inspect(_settings, ctx) {
    try {
      return inventoryOf(await exportTables(ctx))
    } finally {
      await removeExports(ctx.scratch)
    }
  },
}

function ownDatabase({ installation }: DriverContext): PostgresConnection {
  if (installation === null) throw new Error('the context of this driver needs the program’s own database')
  return connectionOf(installation)
}

const exportTables = (ctx: DriverContext): Promise<Manifest> =>
  writeExports(
    (reading) => readFromPostgres(ownDatabase(ctx), selections, null, ctx, reading),
    { kind: 'postgres', spreadsheetSafe: false },
    ctx,
  )

async function removeExports(scratch: string): Promise<void> {
  const files = savedTables.flatMap((table) => [`${table}.csv`, `${table}.ndjson`])
  for (const file of [...files, MANIFEST]) await rm(join(scratch, file), { force: true })
}
