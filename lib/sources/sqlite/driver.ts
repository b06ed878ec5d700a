import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { CodedError } from '#lib/errors/coded-error.ts'
import { askSqlite, askSqliteEach, countSqlite, requireSqliteFile, sqliteFields } from '../connections/sqlite.ts'
import type { DriverContext, SourceDriver } from '../driver.ts'
import { theOnlyFile } from '../restored-folder.ts'
import { requireInside } from '../storage-roots.ts'
import { byHand } from './by-hand.ts'
import { copiesIn, copyAll, copyOne } from './copies.ts'
import { countAll, prefixOf } from './count.ts'
import { blockingOf, type Kind, kindOf, NO_DATABASE } from './header.ts'
import { catchAll, catches } from './pattern.ts'
import { exchange, nameDatabase, type Placing, putIntoPlace, removeDatabase } from './place.ts'
import { openScratch } from './scratch.ts'
import { type SqliteSettings, sqliteSettings } from './settings.ts'

/**
 * One SQLite file, or all that a pattern catches. A copy is made by VACUUM INTO, which is sound under a busy writer and
 * holds what is still in the write-ahead log; then the copy, not the original, is checked.
 */
export const sqliteDriver: SourceDriver<SqliteSettings> = {
  kind: 'sqlite',
  type: 'DATABASE',
  title: 'SQLite',
  settings: sqliteSettings,
  secretFields: [],
  byHand,

  async probe(settings, ctx) {
    if (settings.path !== undefined) {
      const bytes = await requireSqliteFile(settings.path)
      const { version, tables } = await countSqlite(settings.path, ctx)
      const warnings = blockingOf([{ path: settings.path, bytes, kind: await kindOf(settings.path) }])
      return { summary: `SQLite ${version}, ${Object.keys(tables).length} tables`, bytes, tool: null, warnings }
    }
    const caught = await catchAll(patternOf(settings), ctx)
    const kinds = await Promise.all(caught.map(({ real }) => kindOf(real)))
    const found = caught.map((one, i) => ({ ...one, kind: kinds[i] as Kind }))
    const others = found.filter(({ kind }) => kind === 'no database').map(({ path }) => path)
    if (others.length === found.length)
      throw new CodedError('SOURCE_DAMAGED', { source: 'All that the pattern catches', reason: NO_DATABASE })
    return {
      summary: `${found.length - others.length} SQLite databases`,
      bytes: found.reduce((sum, one) => sum + one.bytes, 0),
      tool: null,
      warnings: [...others.map((path) => `${path} will not be saved: ${NO_DATABASE}.`), ...blockingOf(found)],
    }
  },

  async preview(settings, ctx) {
    const { path } = settings
    const caught =
      path !== undefined ? [{ path, bytes: await requireSqliteFile(path) }] : await catchAll(patternOf(settings), ctx)
    return {
      taken: {
        files: caught.length,
        bytes: caught.reduce((sum, one) => sum + one.bytes, 0),
        examples: caught.slice(0, EXAMPLES).map((one) => one.path),
      },
      leftOut: { files: 0, bytes: 0, examples: [] },
      complete: true,
    }
  },

  async open(settings, ctx) {
    ctx.signal.throwIfAborted()
    return settings.path === undefined ? copyAll(patternOf(settings), ctx) : copyOne(settings.path, ctx)
  },

  /** To where the databases were, or to target/<path where they were>. All of them or none. */
  async restore(settings, folder, ctx, target) {
    const placings = await placingsOf(settings, folder, ctx, target)
    await requireWhole(placings, ctx)
    await putIntoPlace(placings, ctx.signal)
    const tables = await countAll(
      placings.map(({ place, prefix }) => ({ path: place, prefix })),
      ctx,
    )
    const where = target ?? settings.path ?? patternOf(settings)
    return {
      summary: `${Object.keys(tables).length} tables of ${placings.length} ${placings.length === 1 ? 'database' : 'databases'} restored to ${where}`,
      inventory: { tables, files: null, bytes: null },
    }
  },

  newPlace: {
    what: 'file',
    name: sqliteFields.path,
    original: ({ path }) => path ?? null,
    async open(settings, name, ctx) {
      if (settings.path === undefined) throw new CodedError('SOURCE_PART_UNKNOWN', { part: patternOf(settings) })
      const path = await requireInside(name, ctx.storageRoots)
      if (await isThere(path)) throw alreadyThere(path)
      return { path }
    },
    aside: {
      async rename(place, name, kept, ctx) {
        const [from, to] = [place.path as string, await requireInside(name, ctx.storageRoots)]
        if (!(await isThere(to))) {
          await nameDatabase(from, to)
          return false
        }
        if (kept === null) throw alreadyThere(to)
        await exchange(from, to, await requireInside(kept, ctx.storageRoots))
        return true
      },
      mask: ({ path }, sql, ctx) => askSqlite({ command: 'mask', path: path as string, sql }, ctx, () => {}),
      remove: ({ path }, ctx) =>
        removeDatabase(path as string).catch((error: Error) => {
          ctx.log('error', `The file ${path}, made for this restore, could not be removed: ${error.message}`)
        }),
    },
  },

  openScratch: (settings, ctx) =>
    openScratch(settings, ctx, (folder, target) => sqliteDriver.restore(settings, folder, ctx, target)),

  async inspect(settings, ctx) {
    const places =
      settings.path !== undefined
        ? [{ path: settings.path, prefix: '' }]
        : (await catchAll(patternOf(settings), ctx)).map(({ path, real }) => ({
            path: real,
            prefix: prefixOf(patternOf(settings), path),
          }))
    for (const { path } of places) await requireSqliteFile(path)
    return { tables: await countAll(places, ctx), files: null, bytes: null } // VACUUM changes the size, not the content
  },
}

const EXAMPLES = 20

const alreadyThere = (path: string) =>
  new CodedError('RESTORE_TARGET_NOT_EMPTY', { target: path, holds: ['it is there already'] })

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

const patternOf = (settings: SqliteSettings): string => settings.pattern as string

async function placingsOf(
  settings: SqliteSettings,
  folder: string,
  ctx: DriverContext,
  target: string | undefined,
): Promise<(Placing & { prefix: string })[]> {
  const allowed = [...ctx.storageRoots, ctx.scratch]
  if (settings.path !== undefined) {
    const copy = await theOnlyFile(folder, 'the SQLite database')
    if (target === undefined) return [{ copy, place: settings.path, prefix: '' }]
    return [{ copy, place: await requireInside(join(target, settings.path), allowed), prefix: '' }]
  }
  const pattern = patternOf(settings)
  const placings: (Placing & { prefix: string })[] = []
  for (const { copy, path } of await copiesIn(folder)) {
    if (!catches(pattern, path))
      throw new CodedError('RESTORE_CONTENT_WRONG', { what: path, reason: `the source’s ${pattern} does not catch it` })
    const place = await requireInside(target === undefined ? path : join(target, path), allowed)
    placings.push({ copy, place, prefix: prefixOf(pattern, path) })
  }
  return placings
}

async function requireWhole(placings: readonly Placing[], ctx: DriverContext): Promise<void> {
  const requests = placings.map(({ copy }) => ({ command: 'check' as const, path: copy }))
  await askSqliteEach(requests, ctx, (item, cause) => {
    if (cause === null) return
    const what = basename((placings[item] as Placing).copy)
    throw new CodedError('RESTORE_CONTENT_WRONG', { what, reason: cause.message.replace(/\.$/, '') }, { cause })
  })
}
