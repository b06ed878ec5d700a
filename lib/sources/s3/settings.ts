import { z } from 'zod'
import { bucketName, s3Fields } from '../connections/s3-settings.ts'
import { PatternError, patternToRegExp } from './patterns.ts'

const pattern = z
  .string()
  .min(1, 'must not be empty')
  .max(1024, 'is too long')
  .superRefine((text, ctx) => {
    try {
      patternToRegExp(text)
    } catch (error) {
      if (!(error instanceof PatternError)) throw error
      ctx.addIssue({ code: 'custom', message: `the pattern ${error.message}` })
    }
  })

const prefix = z
  .string()
  .max(1023, 'is too long')
  .refine((text) => !text.includes('\0'), 'must not contain a NUL character')
  .refine((text) => text.isWellFormed(), 'must be whole characters')
  .transform((text) => (text === '' || text.endsWith('/') ? text : `${text}/`))

export const s3Settings = z.strictObject({
  ...s3Fields,
  bucket: bucketName,
  /** Ends with a slash after parsing, or is empty for the whole bucket. */
  prefix: prefix.default('').meta({
    title: 'Folder in the bucket',
    description: 'Only what lies below it is saved. Empty: the whole bucket.',
    examples: ['users/uploads'],
  }),
  /** Patterns as rclone's --exclude takes them, on names below the prefix. */
  exclude: z
    .array(pattern)
    .max(1000)
    .default([])
    .meta({
      title: 'Leave out',
      description: 'Patterns as rclone’s --exclude takes them: *.tmp, /cache/**.',
      examples: ['/cache/**'],
    }),
})

export type S3Settings = z.infer<typeof s3Settings>

/** Whom to ask for the buckets there are. */
export const s3Server = z.object(s3Fields)
