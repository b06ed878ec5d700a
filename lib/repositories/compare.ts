import { openRepository } from '#lib/restic/init.ts'
import type { Repository } from '#prisma/client/client.ts'
import { openAccess } from './access.ts'
import type { RepositoryDeps } from './find.ts'

const TIMEOUT_MS = 10_000

export interface Comparison {
  /** Both rows are of one restic repository. */
  isSame: boolean
  /** Both cut data at the same places, so that one does not store again what the other's copies bring. */
  sharesPieces: boolean
}

/** Looks into two repositories at once. Null when one of them cannot be opened within ten seconds. */
export async function compareRepositories(
  deps: RepositoryDeps,
  a: Repository,
  b: Repository,
): Promise<Comparison | null> {
  const restic = await deps.restic()
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const look = async (repository: Repository) => {
    await using access = await openAccess(deps, repository)
    return await openRepository(restic, access, { signal })
  }
  const found = await Promise.allSettled([look(a), look(b)])
  const [left, right] = found.map((one) => (one.status === 'fulfilled' ? one.value : null))
  if (!left || !right) return null
  return { isSame: left.id === right.id, sharesPieces: left.chunkerPolynomial === right.chunkerPolynomial }
}
