import { z } from 'zod'
import { absolutePath } from '#lib/forms/settings.ts'

const name = z.string().min(1, 'must not be empty').max(200, 'is too long')

/** What an administrator says must be true of what a verification restores. */
export const assertionInput = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('sql'),
    name,
    /** A query of one value. */
    sql: z.string().min(1, 'must not be empty').max(20_000, 'is too long'),
    /** The value as text; `atLeast` and `atMost` compare numbers. */
    compare: z.enum(['equals', 'atLeast', 'atMost']).default('equals'),
    value: z.string().max(10_000, 'is too long'),
    /** Of a source with several databases: the one that is asked. */
    database: z.string().min(1, 'must not be empty').max(64, 'is too long').optional(),
  }),
  z.strictObject({
    kind: z.literal('file'),
    name,
    /** Where it was when it was saved. */
    path: absolutePath,
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits')
      .optional(),
    minBytes: z.int().min(0).optional(),
    /** How long before the backup it may have been changed last. */
    newerThanHours: z.int().min(1).max(1_000_000).optional(),
  }),
])

export type Assertion = z.infer<typeof assertionInput>

export const assertionsInput = z.array(assertionInput).max(100, 'may be at most 100')
