import { basename, dirname } from 'node:path'
import { z } from 'zod'
import { isPattern, type NameJudge, patternMatcher } from '#lib/sources/files/patterns.ts'
import { componentsOf } from '#lib/sources/files/rules.ts'

/** A name, which is left out wherever it is and may have wildcards, or an absolute path without wildcards in its folders. */
export const leftOutInput = z
  .string()
  .min(1, 'must not be empty')
  .max(1024, 'is too long')
  .refine((text) => !/[\0\n\r]/.test(text), 'must be one line')
  .refine((text) => !text.startsWith('!') && isPattern(text), 'is not a pattern')
  .refine(
    (text) => !text.includes('/') || (text.startsWith('/') && text !== '/' && !/[\\[*?]/.test(dirname(text))),
    'must be a name, or an absolute path without wildcards in its folders',
  )

/**
 * The patterns as restic takes them when `root` is the folder of the snapshot that it takes for the root: names as they are, paths
 * from there. Paths elsewhere say nothing of it.
 */
export function patternsBelow(patterns: readonly string[], root: string): string[] {
  const around = root === '/' ? '/' : `${root}/`
  return patterns.flatMap((pattern) => {
    if (!pattern.startsWith('/')) return pattern
    return pattern.startsWith(around) ? `/${pattern.slice(around.length)}` : []
  })
}

/** Whether the patterns leave out a path of a snapshot at or below `root`, by itself or with a folder that it lies in. */
export function leftOutBy(patterns: readonly string[], root: string): (path: string) => boolean {
  if (patterns.length === 0) return () => false
  const matcher = patternMatcher(patternsBelow(patterns, root))
  let last: { folder: string; judge: NameJudge } | null = null
  return (path) => {
    const below = root === '/' ? path : path.slice(root.length)
    const folder = dirname(below)
    if (last?.folder !== folder) last = { folder, judge: matcher(componentsOf(folder)) }
    return last.judge(basename(below)) !== null
  }
}
