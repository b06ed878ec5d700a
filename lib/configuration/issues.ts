import type { z } from 'zod'
import { shapeOf } from './leave-out.ts'
import type { Path } from './read-yaml.ts'

interface Issue {
  path: Path
  problem: string
}

/**
 * What is wrong where, an issue for each unknown key, with the known key that it is likely meant to be. Of a choice, the
 * alternative that the input comes closest to speaks, as in parse-input.ts.
 */
export function flatIssues(issues: readonly z.core.$ZodIssue[], under: Path, schema?: z.ZodType): Issue[] {
  return issues.flatMap((issue): Issue[] => {
    const own = issue.path.map((name) => (typeof name === 'number' ? name : String(name)))
    const path = [...under, ...own]
    if (issue.code === 'unrecognized_keys') {
      const known = Object.keys(shapeAt(schema, own) ?? {})
      return issue.keys.map((key) => ({
        path: [...path, key],
        problem: `nothing is called so here${hint(key, known)}`,
      }))
    }
    if (issue.code === 'invalid_union' && issue.errors.length > 0 && !/^must be /.test(issue.message)) {
      const [closest = []] = issue.errors.toReversed().toSorted((a, b) => a.length - b.length)
      return flatIssues(closest, path)
    }
    return [{ path, problem: issue.message }]
  })
}

function shapeAt(schema: z.ZodType | undefined, path: Path): Record<string, z.ZodType> | null {
  let at = schema
  for (const name of path) {
    if (at === undefined) return null
    if (typeof name === 'number') at = elementOf(at)
    else at = shapeOf(at)?.[name]
  }
  return at === undefined ? null : shapeOf(at)
}

function elementOf(schema: z.ZodType): z.ZodType | undefined {
  const { def } = schema as unknown as { def: { element?: z.ZodType; innerType?: z.ZodType } }
  return def.element ?? (def.innerType && elementOf(def.innerType))
}

/** “; do you mean “schedule”?” */
export function hint(word: string, known: readonly string[]): string {
  const [best] = known
    .map((name) => ({ name, far: distance(word.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, far }) => far <= Math.max(1, Math.floor(name.length / 3)))
    .sort((a, b) => a.far - b.far)
  if (best) return `; do you mean “${best.name}”?`
  return known.length > 0 && known.length <= 20 ? `; known are ${known.join(', ')}` : ''
}

/** Levenshtein’s: how many letters to change, add or take away. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 3) return 4
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, change))
    }
    row = next
  }
  return row[b.length] ?? 0
}
