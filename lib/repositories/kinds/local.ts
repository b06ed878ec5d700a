import { stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { CodedError } from '#lib/errors/coded-error.ts'
import { absolutePath } from '#lib/forms/settings.ts'
import type { RepositoryKind } from '../kind.ts'

const settings = z.strictObject({
  path: absolutePath
    .refine((path) => path !== '/', 'must be a folder of its own')
    .meta({
      title: 'Folder',
      description: 'Absolute, on the worker. Best on another disk than the data.',
      examples: ['/mnt/backup/production'],
    }),
})

/** A folder of the worker: a disk of its own, or a mounted share. */
export const local: RepositoryKind<z.infer<typeof settings>> = {
  kind: 'local',
  title: 'Folder',
  settings,
  secretFields: [],
  location: ({ path }) => path,
  backend: () => ({}),
  /** The folder itself may be made later; the one that it lies in tells whether its disk is mounted. */
  async reach({ path }) {
    const parent = await stat(dirname(path)).catch(() => null)
    if (!parent?.isDirectory())
      throw new CodedError('REPOSITORY_UNREACHABLE', {
        repository: path,
        reason: `there is no folder ${dirname(path)}`,
      })
  },
  async space({ path }) {
    const { bavail, blocks, bsize } = await statfs(path)
    return { free: bavail * bsize, total: blocks * bsize }
  },
}
