import { CodedError } from '#lib/errors/coded-error.ts'
import { outermost, resolveInside } from '../storage-roots.ts'
import type { FilesSettings } from './settings.ts'

/**
 * The registered paths without symlinks, each inside a storage root; paths that lie within another one are left out. The
 * resolved ones are what restic must read: it stores a symlink that is named as a path as a symlink, not what it leads to.
 */
export async function resolvePaths(settings: FilesSettings, storageRoots: readonly string[]): Promise<string[]> {
  return outermost(await Promise.all(settings.paths.map((path) => resolveInside(path, storageRoots))))
}

/**
 * The settings narrowed to one folder. It must lie inside one of the source's registered paths, and inside a storage root,
 * after symlinks are resolved. Rejects with PATH_NOT_ALLOWED (the registered paths as what is allowed) or PATH_NOT_FOUND.
 */
export async function narrowTo(
  settings: FilesSettings,
  storagePath: string,
  storageRoots: readonly string[],
): Promise<FilesSettings> {
  if (!storagePath.startsWith('/') || storagePath.includes('\0') || storagePath.split('/').includes('..'))
    throw new CodedError('PATH_NOT_ALLOWED', { path: storagePath, roots: settings.paths })
  const registered = await resolvePaths(settings, storageRoots)
  const real = await resolveInside(storagePath, registered)
  return { ...settings, paths: [real] }
}
