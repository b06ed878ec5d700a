import { z } from 'zod'
import { CodedError } from '#lib/errors/coded-error.ts'
import { Prisma } from '#prisma/client/client.ts'

export interface FieldIssue {
  /** Dotted: `settings.connection.host`. Empty: the whole input. */
  path: string
  problem: string
}

export const nameInput = z
  .string()
  .trim()
  .min(1, 'may not be empty')
  .max(100, 'may have at most 100 characters')
  .regex(/^[^\p{Cc}]*$/u, 'may not hold control characters')

/** Throws INPUT_INVALID naming each field. */
export function parseInput<T>(schema: z.ZodType<T>, raw: unknown): T {
  const parsed = schema.safeParse(raw)
  if (parsed.success) return parsed.data
  throw new CodedError('INPUT_INVALID', { issues: fieldIssues(parsed.error.issues) })
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

/** Runs `make`; a name that is taken becomes NAME_TAKEN. */
export async function withUniqueName<T>(what: string, name: string, make: () => Promise<T>): Promise<T> {
  try {
    return await make()
  } catch (error) {
    if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002')
      throw new CodedError('NAME_TAKEN', { what, name }, { cause: error })
    throw error
  }
}
