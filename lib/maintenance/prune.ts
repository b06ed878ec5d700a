import { z } from 'zod'
import { pruneRepository } from '#lib/restic/prune.ts'
import type { Performer } from './performer.ts'
import { queueUnlessActive } from './queue-task.ts'

const options = z.strictObject({})

/** Removes the data that no snapshot needs any more, and has the rest counted. */
export const prune: Performer<z.infer<typeof options>> = {
  options,
  attempts: 2,
  async perform(_deps, { restic, access, ...call }) {
    await pruneRepository(restic, access, call)
    return {}
  },
  async onSuccess(tx, deps, { repositoryId }) {
    await queueUnlessActive(tx, deps, { repositoryId, kind: 'STATISTICS' })
  },
}
