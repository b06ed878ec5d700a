import { z } from 'zod'
import { absolutePath } from '#lib/forms/settings.ts'
import { isPattern } from './patterns.ts'

const pattern = z
  .string()
  .min(1)
  .max(1024)
  .refine((text) => !/[\0\n\r]/.test(text), 'must be one line')
  .refine(isPattern, 'is not a pattern: a bracket is not closed, or a backslash ends it')

/** restic takes `name:header`, so a colon cannot be part of the name. */
const markerName = z
  .string()
  .min(1)
  .max(255)
  .refine((name) => !/[\0\n\r/:]/.test(name), 'must be a file name without “/” and “:”')
  .refine((name) => name !== '.' && name !== '..', 'must be the name of a file')

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
      description:
        'A name (*.tmp, node_modules) wherever it is, or a whole path (/srv/uploads/cache); ** is any number of folders, and ! before a pattern takes back what the ones above it leave out.',
      examples: ['*.tmp'],
    }),
  /** Names of files that mark a folder: all else in it is left out. */
  excludeIfPresent: z
    .array(markerName)
    .max(20)
    .default([])
    .meta({
      title: 'Leave out folders that hold',
      description: 'The name of a file with which people mark folders that need no backup.',
      examples: ['.nobackup'],
      advanced: true,
    }),
  /** Folders with a CACHEDIR.TAG as its standard describes it. */
  excludeCaches: z.boolean().default(false).meta({
    title: 'Leave out folders that programs mark as caches',
    description: 'Those with a valid CACHEDIR.TAG.',
    advanced: true,
  }),
  excludeLargerThanMiB: z.number().int().min(1).max(1_000_000_000).optional().meta({
    title: 'Leave out files larger than (MiB)',
    description: 'Empty: files of any size are saved.',
    advanced: true,
  }),
  /** Stay on the file system of each path: what is mounted below is left out. */
  oneFileSystem: z.boolean().default(true).meta({
    title: 'Stay on the file system of each folder',
    description: 'What is mounted below is left out.',
    advanced: true,
  }),
  /** Otherwise a folder with nothing to save is a failure: it may be one that is not mounted. */
  mayBeEmpty: z.boolean().default(false).meta({
    title: 'The folders may be empty',
    description: 'Otherwise an empty folder is a failure, because its disk may not be mounted.',
    advanced: true,
  }),
})

export type FilesSettings = z.infer<typeof filesSettings>
