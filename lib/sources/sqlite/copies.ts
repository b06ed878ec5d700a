import { mkdir, readdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { CodedError } from '#lib/errors/coded-error.ts'
import { askSqlite, askSqliteEach, requireSqliteFile } from '../connections/sqlite.ts'
import type { DriverContext, SourceCopy, TableCounts } from '../driver.ts'
import { reportGrowth } from '../scratch.ts'
import { type CountedFile, countAll, prefixOf } from './count.ts'
import { type Caught, catchAll } from './pattern.ts'
import { removeDatabase, takeRights } from './place.ts'

/** In the scratch folder and in the snapshot, the databases of a pattern lie below a folder of this name, by their paths. */
const FOLDER = 'sqlite-databases'

/** A checked copy of one database in the scratch folder. */
export async function copyOne(path: string, ctx: DriverContext): Promise<SourceCopy> {
  const target = join(ctx.scratch, basename(path))
  const close = () => removeDatabase(target)
  const stopReporting = reportGrowth(target, ctx)
  let tables: TableCounts | null
  try {
    await close() // VACUUM INTO wants a target that does not exist
    await requireSqliteFile(path)
    await askSqlite({ command: 'copy', path, target }, ctx, () => {})
    await takeRights(path, target)
    tables = await tablesIn([{ path: target, prefix: '' }], ctx)
  } catch (thrown) {
    await close()
    throw thrown
  } finally {
    stopReporting()
  }
  return {
    shape: 'paths',
    include: [target],
    exclude: [],
    oneFileSystem: true,
    ...counted(tables),
    close,
  }
}

/**
 * A checked copy of each database that the pattern catches, one after the other. One that cannot be copied does not keep
 * the others from being saved; it makes the run PARTIAL. Rejects with the first error when there is no copy at all.
 */
export async function copyAll(pattern: string, ctx: DriverContext): Promise<SourceCopy> {
  const caught = await catchAll(pattern, ctx)
  const folder = join(ctx.scratch, FOLDER)
  const targetOf = (path: string) => join(folder, path)
  const close = () => rm(folder, { recursive: true, force: true })
  let failed: Set<string>
  let tables: TableCounts | null
  try {
    await close()
    for (const { path } of caught) await mkdir(dirname(targetOf(path)), { recursive: true, mode: 0o700 })
    failed = await copyInto(targetOf, caught, ctx)
    const copied = caught.map(({ path }) => path).filter((path) => !failed.has(path))
    tables = await tablesIn(
      copied.map((path) => ({ path: targetOf(path), prefix: prefixOf(pattern, path) })),
      ctx,
    )
  } catch (thrown) {
    await close()
    throw thrown
  }
  ctx.log('info', `${caught.length - failed.size} of ${caught.length} databases are copied`)
  const unsaved = async (areSaved: (paths: readonly string[]) => Promise<ReadonlySet<string>>) => {
    const copied = caught.filter(({ path }) => !failed.has(path))
    const saved = await areSaved(copied.map(({ path }) => targetOf(path)))
    return caught.map(({ path }) => path).filter((path) => failed.has(path) || !saved.has(targetOf(path)))
  }
  return {
    shape: 'paths',
    include: [folder],
    exclude: [],
    oneFileSystem: true,
    ...counted(tables),
    unsaved,
    close,
  }
}

/** Null where one cannot be counted, such as a virtual table without its module: it is saved all the same. */
async function tablesIn(copies: readonly CountedFile[], ctx: DriverContext): Promise<TableCounts | null> {
  try {
    return await countAll(copies, ctx)
  } catch (error) {
    ctx.signal.throwIfAborted()
    ctx.log('debug', `its rows cannot be counted: ${(error as Error).message}`)
    return null
  }
}

const counted = (tables: TableCounts | null) => ({
  tables: async () => tables,
  ...(tables !== null && { rows: Object.values(tables).reduce<number>((sum, rows) => sum + (rows ?? 0), 0) }),
})

/** Resolves to the paths of those that cannot be copied. Rejects with the first one's error when it is all of them. */
async function copyInto(
  targetOf: (path: string) => string,
  caught: readonly Caught[],
  ctx: DriverContext,
): Promise<Set<string>> {
  const failures = new Map<string, CodedError>()
  const requests = caught.map(({ path, real }) => ({ command: 'copy' as const, path: real, target: targetOf(path) }))
  let bytes = 0
  let stopReporting = reportGrowth(targetOf((caught[0] as Caught).path), ctx)
  try {
    await askSqliteEach(requests, ctx, async (item, error) => {
      const { path, real, bytes: size } = caught[item] as Caught
      stopReporting()
      if (error === null) {
        await takeRights(real, targetOf(path))
        bytes += size
      } else {
        if (error.code === 'SCRATCH_FULL') throw error
        ctx.log('error', `${path} is not saved: ${error.message} (${error.code})`)
        await removeDatabase(targetOf(path))
        failures.set(path, error)
      }
      ctx.progress(bytes)
      const next = caught[item + 1]
      if (next !== undefined) stopReporting = reportGrowth(targetOf(next.path), ctx, bytes)
    })
  } finally {
    stopReporting()
  }
  if (failures.size === caught.length) throw failures.values().next().value
  return new Set(failures.keys())
}

/** The copies of a pattern's databases in a restored snapshot, by the paths that they had. */
export async function copiesIn(folder: string): Promise<{ copy: string; path: string }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const folders = entries.filter((entry) => entry.isDirectory() && entry.name === FOLDER)
  const [root] = folders.map((entry) => join(entry.parentPath, entry.name)).sort((a, b) => a.length - b.length)
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  if (root === undefined || files.length === 0)
    throw new CodedError('RESTORE_CONTENT_WRONG', {
      what: 'the SQLite databases',
      reason: 'there are none in the snapshot',
    })
  return files
    .filter((file) => file.startsWith(`${root}/`))
    .map((file) => ({ copy: file, path: file.slice(root.length) }))
}
