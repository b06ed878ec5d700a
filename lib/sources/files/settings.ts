import { z } from 'zod'
import { absolutePath } from '../settings.ts'

const pattern = z
  .string()
  .min(1)
  .max(1024)
  .refine((text) => !/[\0\n\r]/.test(text), 'must be one line')

export const filesSettings = z.strictObject({
  /** Folders or files, inside the storage roots. */
  paths: z
    .array(absolutePath)
    .min(1, 'must name at least one folder')
    .max(100)
    .meta({
      title: 'Folders',
      description: 'Absolute, and inside a folder of STORAGE_ROOTS.',
      examples: ['/srv/uploads'],
    }),
  /** restic exclude patterns, such as *.tmp or /srv/uploads/cache. */
  exclude: z
    .array(pattern)
    .max(1000)
    .default([])
    .meta({
      title: 'Leave out',
      description: 'Patterns as restic’s --exclude takes them.',
      examples: ['*.tmp'],
    }),
  /** Stay on the file system of each path: what is mounted below is left out. */
  oneFileSystem: z.boolean().default(true).meta({
    title: 'Stay on the file system of each folder',
    description: 'What is mounted below is left out.',
    advanced: true,
  }),
})

export type FilesSettings = z.infer<typeof filesSettings>
