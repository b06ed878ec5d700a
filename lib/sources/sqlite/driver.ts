import { chmod, chown, copyFile, mkdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { CodedError } from '#lib/errors/coded-error.ts'
import {
  askSqlite,
  countSqlite,
  requireSqliteFile,
  type SqliteConnection,
  sqliteConnection,
} from '../connections/sqlite.ts'
import type { DriverContext, SourceDriver } from '../driver.ts'
import { theOnlyFile } from '../restored-folder.ts'

/**
 * One SQLite file. The copy is made by VACUUM INTO, which is sound under a busy writer and holds what is still in the
 * write-ahead log; then the copy, not the original, is checked.
 */
export const sqliteDriver: SourceDriver<SqliteConnection> = {
  kind: 'sqlite',
  type: 'DATABASE',
  title: 'SQLite',
  settings: sqliteConnection,
  secretFields: [],

  async probe({ path }, ctx) {
    const bytes = await requireSqliteFile(path)
    const { version, tables } = await countSqlite(path, ctx)
    return { summary: `SQLite ${version}, ${Object.keys(tables).length} tables`, bytes, tool: null, warnings: [] }
  },

  async open({ path }, ctx) {
    ctx.signal.throwIfAborted()
    await requireSqliteFile(path)
    const target = join(ctx.scratch, basename(path))
    const close = () => removeDatabase(target)
    try {
      await close() // VACUUM INTO wants a target that does not exist
      await askSqlite({ command: 'copy', path, target }, ctx, () => {})
      await takeRights(path, target)
    } catch (thrown) {
      await close()
      throw thrown
    }
    return { shape: 'paths', include: [target], exclude: [], oneFileSystem: true, close }
  },

  async restore({ path }, folder, ctx) {
    const copy = await theOnlyFile(folder, 'the SQLite database')
    await checked(copy, ctx)
    const fresh = join(dirname(path), `.${basename(path)}.restoring`)
    try {
      await mkdir(dirname(path), { recursive: true })
      await copyFile(copy, fresh)
      await takeRights((await exists(path)) ? path : copy, fresh)
      ctx.signal.throwIfAborted()
      // A write-ahead log of the old file would be played into the new one.
      await rm(`${path}-wal`, { force: true })
      await rm(`${path}-shm`, { force: true })
      await rm(`${path}-journal`, { force: true })
      await rename(fresh, path)
    } finally {
      await rm(fresh, { force: true })
    }
    const inventory = await this.inspect({ path }, ctx)
    return { summary: `${Object.keys(inventory.tables ?? {}).length} tables restored to ${path}`, inventory }
  },

  async inspect({ path }, ctx) {
    await requireSqliteFile(path)
    const { tables } = await countSqlite(path, ctx)
    return { tables, files: null, bytes: null } // VACUUM changes the size, not the content
  },
}

async function checked(path: string, ctx: DriverContext): Promise<void> {
  try {
    await askSqlite({ command: 'check', path }, ctx, () => {})
  } catch (cause) {
    ctx.signal.throwIfAborted()
    const reason = cause instanceof Error ? cause.message : 'it cannot be read'
    throw new CodedError('RESTORE_CONTENT_WRONG', { what: basename(path), reason }, { cause })
  }
}

/** Who may read a database must not widen by saving and restoring it. */
async function takeRights(from: string, to: string): Promise<void> {
  const { mode, uid, gid } = await stat(from)
  if (process.getuid?.() === 0) await chown(to, uid, gid)
  await chmod(to, mode & 0o7777)
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null
}

async function removeDatabase(path: string): Promise<void> {
  for (const suffix of ['', '-journal', '-wal', '-shm']) await rm(`${path}${suffix}`, { force: true })
}
