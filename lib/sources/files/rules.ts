import { lstat, open } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { textOf } from './names.ts'
import { patternMatcher } from './patterns.ts'
import type { FilesSettings } from './settings.ts'
import { joinBytes } from './tree.ts'

export type RuleSettings = Omit<FilesSettings, 'paths' | 'mayBeEmpty'>

export const SIZE_LIMIT = 'the size limit'
const CACHE_TAG = 'CACHEDIR.TAG'
/** The first bytes that make the file a tag: https://bford.info/cachedir/ */
const CACHE_SIGNATURE = Buffer.from('Signature: 8a477f597d28d172789f06886806bc55')
const BYTES_PER_MIB = 1024 * 1024

/** What leaves things out of a backup, as restic applies it, and why: a text for people, null for what is saved. */
export interface Rules {
  /** What is in a folder, from the patterns. The folder is given by its components, `/` first. */
  byPattern(folder: readonly string[]): (name: string) => string | null
  /** What is in a folder, from the markers that it holds. The marker itself is saved. */
  byMarker(folder: Buffer): Promise<(name: string) => string | null>
  /** The size of a regular file, in bytes; null when any size is saved. */
  largestFile: number | null
}

export function rulesOf(settings: RuleSettings): Rules {
  const leftOutBy = patternMatcher(settings.exclude)
  return {
    byPattern(folder) {
      const judge = leftOutBy(folder)
      return (name) => {
        const pattern = judge(name)
        return pattern === null ? null : `the pattern ${pattern}`
      }
    },
    async byMarker(folder) {
      const markers: string[] = []
      for (const name of settings.excludeIfPresent) if (await isThere(folder, name)) markers.push(name)
      if (settings.excludeCaches && (await isCache(folder))) markers.push(CACHE_TAG)
      return (name) => {
        const marker = markers.find((one) => one !== name)
        return marker === undefined ? null : `${marker} in its folder`
      }
    },
    largestFile: largestFile(settings),
  }
}

/** In bytes; null when there is no limit. */
function largestFile({ excludeLargerThanMiB }: Pick<RuleSettings, 'excludeLargerThanMiB'>): number | null {
  return excludeLargerThanMiB === undefined ? null : excludeLargerThanMiB * BYTES_PER_MIB
}

/**
 * Why a registered path is left out itself, with all that is in it, although restic would call that a success; null when it
 * is saved. A marker beside it counts, as it does for restic. Rejects with the system's error when it is not there.
 */
export async function whyLeftOut(path: string, rules: Rules): Promise<string | null> {
  const [folder, name] = [dirname(path), basename(path)]
  const because = rules.byPattern(componentsOf(folder))(name) ?? (await rules.byMarker(Buffer.from(folder)))(name)
  if (because !== null || rules.largestFile === null) return because
  const stats = await lstat(path)
  return stats.isFile() && stats.size > rules.largestFile ? SIZE_LIMIT : null
}

/** The components of an absolute path as patterns see them. */
export function componentsOf(path: string | Buffer): string[] {
  const text = typeof path === 'string' ? path : textOf(path)
  return ['/', ...text.split('/').filter((part) => part !== '')]
}

async function isThere(folder: Buffer, name: string): Promise<boolean> {
  return lstat(joinBytes(folder, Buffer.from(name))).then(
    () => true,
    () => false,
  )
}

async function isCache(folder: Buffer): Promise<boolean> {
  const file = await open(joinBytes(folder, Buffer.from(CACHE_TAG))).catch(() => null)
  if (file === null) return false
  try {
    const { buffer } = await file.read(Buffer.alloc(CACHE_SIGNATURE.length), 0, CACHE_SIGNATURE.length, 0)
    return buffer.equals(CACHE_SIGNATURE)
  } catch {
    return false
  } finally {
    await file.close()
  }
}
