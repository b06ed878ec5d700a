import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '#lib/errors/coded-error.ts'
import { requireSqliteFile } from '../connections/sqlite.ts'
import type { DriverContext, SourceDriver } from '../driver.ts'
import { copyExports, inventoryOf } from '../exports/copy-exports.ts'
import { loadIntoPostgres } from '../exports/load-postgres.ts'
import { MANIFEST, type Manifest, rowsOf, verifyExports } from '../exports/manifest.ts'
import type { RowsLoaded, RowsWish } from '../exports/rows.ts'
import { openScratch, tablesOf } from '../exports/scratch.ts'
import { scratchError } from '../scratch.ts'
import { resolveInside } from '../storage-roots.ts'
import { byHand } from './by-hand.ts'
import { asPostgres, exportAll } from './export-all.ts'
import { loadIntoSqlite } from './load-sqlite.ts'
import { exportPerson } from './person-export.ts'
import { folderOf } from './person-files.ts'
import { ofPerson } from './selections.ts'
import { type UserDataSettings, userDataSettings } from './settings.ts'
import { tryOnPostgres, tryOnSqlite } from './try-selections.ts'

/**
 * Chosen tables and queries as files that people and programs can read: <name>.csv, <name>.ndjson and manifest.json, all
 * from one moment. A restore checks them all and loads them into empty tables, or puts the files below a target.
 */
export const userDataDriver: SourceDriver<UserDataSettings> = {
  kind: 'user-data',
  type: 'USER_DATA',
  title: 'User-data export',
  settings: userDataSettings,
  secretFields: ['connection.password'],
  byHand,
  serverFields: ['connection.host', 'connection.port'],

  async probe(settings, ctx) {
    const { connection, exports } = settings
    const summary = `${exports.length} ${exports.length === 1 ? 'export' : 'exports'}`
    const warnings = await warningsOf(settings, ctx)
    if (connection.kind === 'sqlite') {
      const bytes = await requireSqliteFile(connection.path)
      const version = await tryOnSqlite({ path: connection.path }, settings, ctx)
      return { summary: `${summary} from SQLite ${version}`, bytes, tool: null, warnings }
    }
    const version = await tryOnPostgres(asPostgres(connection), settings, ctx)
    return { summary: `${summary} from PostgreSQL ${version}`, bytes: null, tool: null, warnings }
  },

  async open(settings, ctx) {
    ctx.signal.throwIfAborted()
    const close = () => removeExports(settings, ctx.scratch)
    let manifest: Manifest
    try {
      manifest = await exportAll(settings, ctx)
      const path = join(ctx.scratch, MANIFEST)
      await writeFile(path, `${JSON.stringify(manifest, null, 2)}\n`, { flag: 'wx', mode: 0o600 })
      ctx.signal.throwIfAborted()
    } catch (thrown) {
      await close()
      throw scratchError(thrown, ctx)
    }
    const tables = async () => tablesOf(manifest)
    const rows = rowsOf(manifest)
    return { shape: 'paths', include: [ctx.scratch], exclude: [], oneFileSystem: true, rows, tables, close }
  },

  async restore(settings, folder, ctx, target) {
    const { folder: from, manifest } = await verifyExports(folder, ctx.signal)
    const count = `${manifest.exports.length} ${manifest.exports.length === 1 ? 'export' : 'exports'}`
    const made = `${count} of ${manifest.snapshotAt}`
    const inventory = inventoryOf(manifest)
    if (target !== undefined) {
      await copyExports(from, manifest, target, ctx)
      return { summary: `${made} checked and put into ${target}`, inventory }
    }
    await load(settings, from, manifest, ctx, { conflict: 'REFUSE', person: null })
    return { summary: `${made} checked and loaded into tables`, inventory }
  },

  async loadRows(settings, folder, ctx, wish) {
    const { folder: from, manifest } = await verifyExports(folder, ctx.signal)
    const loaded = await load(settings, from, manifest, ctx, wish)
    const { inserted, replaced, skipped } = loaded
    if (wish.person !== null && inserted + replaced + skipped === 0)
      throw new CodedError('USER_DATA_PERSON_UNKNOWN', { person: wish.person })
    return loaded
  },

  openScratch: (_settings, ctx) => openScratch(ctx),

  exportPerson,

  /** Reads everything once, as a backup would, and keeps nothing. */
  async inspect(settings, ctx) {
    try {
      return inventoryOf(await exportAll(settings, ctx))
    } finally {
      await removeExports(settings, ctx.scratch)
    }
  },
}

/** Rejects with USER_DATA_NOT_PER_PERSON where no export says which rows are whose. */
async function load(
  { connection, exports }: UserDataSettings,
  folder: string,
  manifest: Manifest,
  ctx: DriverContext,
  wish: RowsWish,
): Promise<RowsLoaded> {
  if (manifest.kind !== undefined && manifest.kind !== connection.kind)
    throw new CodedError('RESTORE_CONTENT_WRONG', {
      what: 'the user data',
      reason: `it is of a ${manifest.kind} database and cannot be loaded into a ${connection.kind} one`,
    })
  const told = exports.flatMap(({ name, personColumn }) =>
    personColumn === undefined ? [] : [[name, personColumn] as const],
  )
  if (wish.person !== null && told.length === 0) throw new CodedError('USER_DATA_NOT_PER_PERSON', {})
  const personColumns = wish.person === null ? null : new Map(told)
  return connection.kind === 'sqlite'
    ? loadIntoSqlite({ path: connection.path }, folder, manifest, ctx, wish, personColumns)
    : loadIntoPostgres(asPostgres(connection), folder, manifest, ctx, { wish, personColumns })
}

async function removeExports({ exports }: UserDataSettings, scratch: string): Promise<void> {
  const names = exports.flatMap(({ name }) => [`${name}.csv`, `${name}.ndjson`])
  for (const file of [...names, MANIFEST]) await rm(join(scratch, file), { force: true })
}

/** What one person's export would not hold, and folders that could not be read for it. */
async function warningsOf(settings: UserDataSettings, ctx: DriverContext): Promise<string[]> {
  const { selections, leftOut } = ofPerson(settings)
  const isPerPerson = selections.length > 0 || settings.files.length > 0
  const warnings: string[] = []
  if (isPerPerson && leftOut.length > 0)
    warnings.push(`The export of one person leaves out ${leftOut.join(', ')}: nothing says which rows are whose.`)
  for (const { path } of settings.files) await resolveInside(folderOf(path), ctx.storageRoots)
  return warnings
}
