import { z } from 'zod'
import { toCodedError } from '#lib/errors/coded-error.ts'
import { placeOf } from '#lib/repositories/access.ts'
import type { Space } from '#lib/repositories/kind.ts'
import { repositoryStats } from '#lib/restic/stats.ts'
import type { MaintenanceDeps, Performer, TaskContext } from './performer.ts'

const options = z.strictObject({})
const SPACE_TIMEOUT_MS = 10_000

/** Bytes. */
const figures = z.object({
  snapshots: z.int(),
  restoreBytes: z.int(),
  uncompressedBytes: z.int(),
  storedBytes: z.int(),
  freeBytes: z.int().nullable(),
  totalBytes: z.int().nullable(),
})

/** Counts what is in the repository and how much more fits, as a row of RepositoryFigures. */
export const statistics: Performer<z.infer<typeof options>> = {
  options,
  attempts: 3,

  async perform(deps, context): Promise<z.infer<typeof figures>> {
    const { restic, access, ...call } = context
    const stats = await repositoryStats(restic, access, call)
    const space = await spaceLeft(deps, context)
    return { ...stats, freeBytes: space?.free ?? null, totalBytes: space?.total ?? null }
  },

  async onSuccess(tx, _deps, { repositoryId }, result) {
    await tx.repositoryFigures.create({ data: { repositoryId, ...figures.parse(result) } })
  },
}

/** The figures are worth having without it: what goes wrong is logged. */
async function spaceLeft(
  { secretKey }: MaintenanceDeps,
  { repository, restic, access, signal, onLog }: TaskContext,
): Promise<Space | null> {
  const { kind, settings } = placeOf(secretKey, repository)
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(SPACE_TIMEOUT_MS)])
  try {
    return (await kind.space?.(settings, deadline, { cwd: access.cwd, path: restic.path })) ?? null
  } catch (thrown) {
    signal.throwIfAborted()
    onLog('warning', `How much space is left is not known: ${toCodedError(thrown).message}`)
    return null
  }
}
