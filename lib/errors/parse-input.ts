import { z } from 'zod'
import { CodedError } from './coded-error.ts'

export interface FieldIssue {
  /** Dotted: `settings.connection.host`. Empty: the whole input. */
  path: string
  problem: string
}

/** What people call an environment, a source, a repository. */
export const nameInput = z
  .string()
  .trim()
  .min(1, 'may not be empty')
  .max(100, 'may have at most 100 characters')
  .regex(/^[^\p{Cc}]*$/u, 'may not hold control characters')

/** Words to choose by, each once. */
export const tagsInput = z
  .array(nameInput)
  .max(50, 'may be at most 50')
  .transform((tags) => [...new Set(tags)])

/** A name of the IANA time zone database. */
export const timeZoneInput = z.string().refine((zone) => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }) !== null
  } catch {
    return false
  }
}, 'must be a time zone like Europe/Berlin')

/** Parses what came through a door. Throws INPUT_INVALID naming each field, below `under` when it is given. */
export function parseInput<T>(schema: z.ZodType<T>, raw: unknown, under?: string): T {
  const parsed = schema.safeParse(raw)
  if (parsed.success) return parsed.data
  throw new CodedError('INPUT_INVALID', {
    issues: fieldIssues(parsed.error.issues, under === undefined ? [] : [under]),
  })
}

/**
 * What is wrong with which field. Of a choice between alternatives, the one that the input comes closest to speaks: the
 * one with the fewest issues, the later of two.
 */
export function fieldIssues(issues: readonly z.core.$ZodIssue[], prefix: readonly PropertyKey[] = []): FieldIssue[] {
  return issues.flatMap((issue) => {
    const path = [...prefix, ...issue.path]
    if (issue.code === 'invalid_union' && issue.errors.length > 0) {
      const [closest] = issue.errors.toReversed().toSorted((a, b) => a.length - b.length)
      if (closest !== undefined) return fieldIssues(closest, path)
    }
    return [{ path: path.map(String).join('.'), problem: issue.message }]
  })
}
