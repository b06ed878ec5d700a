import type { Dirent } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { DriverContext } from '../driver.ts'
import { matchesName } from '../name-patterns.ts'
import { requireInside, resolveInside } from '../storage-roots.ts'

export interface Caught {
  /** As the pattern names it. */
  path: string
  /** Without symlinks. Each file is caught once. */
  real: string
  bytes: number
}

/** What SQLite keeps beside a database. */
export const COMPANIONS = ['-wal', '-shm', '-journal']

/** The folder that the pattern's wildcards are below. */
export function baseOf(pattern: string): string {
  const parts = pattern.split('/')
  return (
    parts
      .slice(
        0,
        parts.findIndex((part) => part.includes('*')),
      )
      .join('/') || '/'
  )
}

/** Whether the pattern catches this absolute path. */
export function catches(pattern: string, path: string): boolean {
  return partsCatch(pattern.split('/'), path.split('/'))
}

function partsCatch([part, ...parts]: string[], names: string[]): boolean {
  const [name, ...rest] = names
  if (part === undefined || name === undefined) return part === undefined && name === undefined
  if (part !== '**') return nameMatches(part, name) && partsCatch(parts, rest)
  return partsCatch(parts, names) || (!name.startsWith('.') && partsCatch([part, ...parts], rest))
}

/**
 * The databases that the pattern catches now, in the order of their paths; what SQLite keeps beside one is not a database.
 * A name that begins with a dot is caught only by a part that does. Rejects with PATH_NOT_ALLOWED for a file that a symlink
 * leads out of the storage roots, with SOURCE_RIGHTS_MISSING for a folder that cannot be read, and with SOURCE_EMPTY.
 */
export async function catchAll(pattern: string, ctx: DriverContext): Promise<Caught[]> {
  const base = baseOf(pattern)
  await requireInside(base, ctx.storageRoots)
  const parts = pattern.split('/').slice(base === '/' ? 1 : base.split('/').length)
  const found = new Map<string, Caught>()
  for await (const path of walk(base, parts, ctx.signal)) {
    const stats = await stat(path).catch(() => null)
    if (stats === null || !stats.isFile() || (await isCompanion(path))) continue
    const real = await resolveInside(path, ctx.storageRoots)
    if (!found.has(real)) found.set(real, { path, real, bytes: stats.size })
  }
  if (found.size === 0) throw new CodedError('SOURCE_EMPTY', { source: `The pattern ${pattern}` })
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
}

async function* walk(folder: string, parts: string[], signal: AbortSignal): AsyncGenerator<string> {
  signal.throwIfAborted()
  const [part, ...rest] = parts
  if (part === undefined) return
  if (part === '**') yield* walk(folder, rest, signal)
  for (const entry of await entriesOf(folder, part)) {
    const path = join(folder, entry.name)
    // A symlink is followed where the pattern names it, and not by **, which could go round for ever.
    if (part === '**') {
      if (entry.isDirectory() && !entry.name.startsWith('.')) yield* walk(path, parts, signal)
    } else if (!nameMatches(part, entry.name)) continue
    else if (rest.length === 0) yield path
    else if (entry.isDirectory() || (entry.isSymbolicLink() && (await isFolder(path)))) yield* walk(path, rest, signal)
  }
}

async function entriesOf(folder: string, part: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return [] // gone since it was listed
    throw new CodedError(
      'SOURCE_RIGHTS_MISSING',
      { source: `The pattern …/${part}`, missing: [folder], grant: 'let the worker’s account read the folder.' },
      { cause },
    )
  }
}

async function isCompanion(path: string): Promise<boolean> {
  const suffix = COMPANIONS.find((one) => path.endsWith(one))
  return suffix !== undefined && (await realpath(path.slice(0, -suffix.length)).catch(() => null)) !== null
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false
}

function nameMatches(part: string, name: string): boolean {
  return (!name.startsWith('.') || part.startsWith('.')) && matchesName(part, name)
}
