import { chmod, chown, copyFile, link, mkdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { COMPANIONS } from './pattern.ts'

export interface Placing {
  copy: string
  /** Where it goes. */
  place: string
}

/**
 * Puts copies of databases into their places, all of them or none: on rejection what was there is there again. A database
 * is replaced in one step, so that nobody finds it gone, and with what lies beside it: an old write-ahead log would be played into the
 * new file.
 */
export async function putIntoPlace(placings: readonly Placing[], signal: AbortSignal): Promise<void> {
  const undo: (() => Promise<void>)[] = []
  try {
    for (const { copy, place } of placings) {
      await mkdir(dirname(place), { recursive: true })
      await copyFile(copy, freshOf(place))
      await takeRights((await exists(place)) ? place : copy, freshOf(place))
      signal.throwIfAborted()
    }
    for (const { place } of placings) await replace(place, undo)
  } catch (thrown) {
    for (const step of undo.reverse()) await step()
    throw thrown
  } finally {
    for (const { place } of placings) {
      await rm(freshOf(place), { force: true })
      for (const suffix of ['', ...COMPANIONS]) await rm(oldOf(place) + suffix, { force: true })
    }
  }
}

async function replace(place: string, undo: (() => Promise<void>)[]): Promise<void> {
  const old = oldOf(place)
  if (await exists(place)) {
    await rm(old, { force: true })
    await link(place, old)
    undo.push(() => rename(old, place))
  } else undo.push(() => rm(place, { force: true }))
  for (const suffix of COMPANIONS) {
    if (!(await exists(place + suffix))) continue
    await rename(place + suffix, old + suffix)
    undo.push(() => rename(old + suffix, place + suffix))
  }
  await rename(freshOf(place), place)
}

/** Gives a database another name, which nothing has yet; what lies beside it goes along. */
export async function nameDatabase(from: string, to: string): Promise<void> {
  await link(from, to)
  for (const suffix of COMPANIONS) if (await exists(from + suffix)) await rename(from + suffix, to + suffix)
  await rm(from)
}

/**
 * Puts one database in the place of another, which stays as `kept` with its write-ahead log, and whose rights it takes. The place is
 * never empty. On rejection what was there is there again.
 */
export async function exchange(from: string, place: string, kept: string): Promise<void> {
  await takeRights(place, from)
  await link(place, kept)
  const undo: (() => Promise<void>)[] = [() => rm(kept)]
  try {
    for (const suffix of COMPANIONS) {
      if (!(await exists(place + suffix))) continue
      await rename(place + suffix, kept + suffix)
      undo.push(() => rename(kept + suffix, place + suffix))
    }
    await rename(from, place)
  } catch (thrown) {
    for (const step of undo.reverse()) await step()
    throw thrown
  }
}

export async function removeDatabase(path: string): Promise<void> {
  for (const suffix of ['', ...COMPANIONS]) await rm(path + suffix, { force: true })
}

const freshOf = (place: string): string => join(dirname(place), `.${basename(place)}.restoring`)
const oldOf = (place: string): string => join(dirname(place), `.${basename(place)}.replaced`)

/** Who may read a database must not widen by saving and restoring it. */
export async function takeRights(from: string, to: string): Promise<void> {
  const { mode, uid, gid } = await stat(from)
  if (process.getuid?.() === 0) await chown(to, uid, gid)
  await chmod(to, mode & 0o7777)
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null
}
