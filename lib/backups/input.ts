import { z } from 'zod'
import { CodedError } from '#lib/errors/coded-error.ts'

const text = (max: number) =>
  z
    .string()
    .max(max, `may have at most ${max} characters`)
    .refine((value) => !value.includes('\0'), 'may not contain a NUL character')

/** What every door may ask for, whatever it calls the fields. Unknown fields are refused. */
export const triggerInput = z
  .strictObject({
    type: z.enum(['DATABASE', 'USER_DATA', 'STORAGE', 'FULL'], 'must be DATABASE, USER_DATA, STORAGE or FULL'),
    environments: z.array(text(200).min(1)).max(100).optional(),
    sourceIds: z.array(z.uuid('must be a source’s id')).min(1, 'may not be an empty list').max(10_000).optional(),
    description: text(2000).default(''),
    databaseName: text(200).min(1).optional(),
    storagePath: text(4096)
      .startsWith('/', 'must be an absolute path')
      .refine((path) => !path.split('/').includes('..'), 'may not contain “..”')
      .optional(),
    compressionLevel: z.int().min(1, 'must be 1 to 9').max(9, 'must be 1 to 9').optional(),
    /** Whether people are told how it ended. Left out: as its plan, else the options say. */
    notificationEnabled: z.boolean().optional(),
    /** From which level on lines are kept in its runs' logs. */
    logVerbosity: z.enum(['DEBUG', 'INFO', 'WARNING', 'ERROR'], 'must be DEBUG, INFO, WARNING or ERROR').optional(),
    /** For how many days its snapshots are kept, whatever its plan says. */
    retentionDays: z.int().min(1, 'must be at least 1').max(36_500, 'may be at most 36500').optional(),
    idempotencyKey: text(200).min(1).optional(),
  })
  .superRefine((input, context) => {
    if (input.databaseName !== undefined && input.type !== 'DATABASE')
      context.addIssue({ code: 'custom', path: ['databaseName'], message: 'only goes with type DATABASE' })
    if (input.storagePath !== undefined && input.type !== 'STORAGE')
      context.addIssue({ code: 'custom', path: ['storagePath'], message: 'only goes with type STORAGE' })
  })

export type TriggerInput = z.infer<typeof triggerInput>

/** Parses, or throws INPUT_INVALID naming each field that is wrong. */
export function parseTriggerInput(input: unknown): TriggerInput {
  const parsed = triggerInput.safeParse(input)
  if (parsed.success) return parsed.data
  throw new CodedError('INPUT_INVALID', {
    issues: parsed.error.issues.map((issue) => ({ path: issue.path.join('.'), problem: issue.message })),
  })
}
