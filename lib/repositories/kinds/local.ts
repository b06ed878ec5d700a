import { randomUUID } from 'node:crypto'
import { mkdir, rename, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
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
  removeLock: ({ path }, id) => rm(join(path, 'locks', id), { force: true }),

  async putFile({ path }, name, content) {
    const target = join(path, name)
    const written = join(path, `written-${randomUUID()}`)
    await mkdir(dirname(target), { recursive: true, mode: 0o700 })
    try {
      await writeFile(written, content, { mode: 0o400 })
      await rename(written, target)
    } catch (thrown) {
      await rm(written, { force: true })
      throw thrown
    }
  },
  async space({ path }) {
    const { bavail, blocks, bsize } = await statfs(path)
    return { free: bavail * bsize, total: blocks * bsize }
  },
}
