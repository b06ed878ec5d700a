import { z } from 'zod'
import { absolutePath } from '#lib/forms/settings.ts'
import { sqliteFields } from '../connections/sqlite.ts'

export const sqliteSettings = z
  .strictObject({
    path: sqliteFields.path.optional(),
    /** With * in names, and ** for any folders. Inside the storage roots. */
    pattern: absolutePath
      .refine((pattern) => pattern.includes('*'), 'must have a * in it; otherwise give a file')
      .optional()
      .meta({
        title: 'Or a pattern of files',
        description:
          'All that it catches are saved, new ones included. * stands for any part of a name, ** for any folders.',
        examples: ['/srv/tenants/*/shop.sqlite'],
      }),
  })
  .refine((s) => (s.path === undefined) !== (s.pattern === undefined), {
    path: ['path'],
    message: 'give either a file or a pattern',
  })

export type SqliteSettings = z.infer<typeof sqliteSettings>
