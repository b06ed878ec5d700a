import { realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { CodedError } from '#lib/errors/coded-error.ts'

/** Whether `path` is `root` or below it. Both absolute and free of symlinks; /srv/dataEVIL is not below /srv/data. */
export function isInside(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith('/') ? root : `${root}/`)
}

/** The paths that lie in none of the others, each once. As `isInside`. */
export function outermost(paths: readonly string[]): string[] {
  const unique = [...new Set(paths)]
  return unique.filter((path) => !unique.some((other) => other !== path && isInside(path, other)))
}

/**
 * The path without symlinks, once it is known to lie inside one of the roots. Rejects with PATH_NOT_FOUND or
 * PATH_NOT_ALLOWED; what is outside is PATH_NOT_ALLOWED whether it exists or not.
 */
export async function resolveInside(path: string, roots: readonly string[]): Promise<string> {
  const real = await requireInside(path, roots)
  try {
    return await realpath(path)
  } catch (cause) {
    throw new CodedError('PATH_NOT_FOUND', { path: real }, { cause })
  }
}

/** As `resolveInside`, for a path that need not exist yet: its nearest existing folder decides. */
export async function requireInside(path: string, roots: readonly string[]): Promise<string> {
  const real = await nearestReal(path)
  const realRoots = await Promise.all(roots.map((root) => realpath(root).catch(() => null)))
  if (realRoots.some((root) => root !== null && isInside(real, root))) return real
  throw new CodedError('PATH_NOT_ALLOWED', { path, roots: [...roots] })
}

async function nearestReal(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    const parent = dirname(path)
    return parent === path ? path : join(await nearestReal(parent), basename(path))
  }
}
