import { z } from 'zod'
import { pruneRepository } from '#lib/restic/prune.ts'
import type { Performer } from './performer.ts'
import { queueUnlessActive } from './queue-task.ts'
import { removeExpired } from './remove-expired.ts'

const options = z.strictObject({})

/** Removes the snapshots that retention let go, then the data that no snapshot needs any more, and has the rest counted. */
export const prune: Performer<z.infer<typeof options>> = {
  options,
  attempts: 2,
  async perform(deps, context) {
    const removedSnapshots = await removeExpired(deps, context)
    const { restic, access, ...call } = context
    await pruneRepository(restic, access, call)
    return { removedSnapshots }
  },
  async onSuccess(tx, deps, { repositoryId }) {
    await queueUnlessActive(tx, deps, { repositoryId, kind: 'STATISTICS' })
  },
}
