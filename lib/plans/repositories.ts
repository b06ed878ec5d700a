import type { Database, Transaction } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { AccessDeps } from '#lib/repositories/access.ts'
import { findRepository } from '#lib/repositories/find.ts'
import { requireJoinable, sideOf } from '#lib/repositories/pair.ts'
import type { Plan, Repository } from '#prisma/client/client.ts'
import { select, selectionInput } from './selection.ts'

const refused = (problem: string) =>
  new CodedError('INPUT_INVALID', { issues: [{ path: 'copyRepositoryId', problem }] })

/**
 * That the repositories of a plan are there, and that copies can go from where its sources are saved to where they are to go.
 * Throws REPOSITORY_UNKNOWN, INPUT_INVALID, REPOSITORIES_NOT_JOINABLE, SECRET_UNREADABLE.
 */
export async function requireRepositories(
  deps: AccessDeps & { prisma: Database },
  tx: Transaction,
  plan: Pick<Plan, 'repositoryId' | 'copyRepositoryId' | 'selection'>,
): Promise<void> {
  const own = plan.repositoryId === null ? null : await findRepository({ prisma: tx }, plan.repositoryId)
  if (plan.copyRepositoryId === null) return
  const target = await findRepository({ prisma: tx }, plan.copyRepositoryId)
  if (own?.id === target.id) throw refused('must be another repository')
  const places = own === null ? await placesOf(tx, plan) : [own]
  for (const place of places.filter(({ id }) => id !== target.id)) {
    if (place.resticId !== null && place.resticId === target.resticId)
      throw refused(`is the same repository as “${place.name}” under another name`)
    requireJoinable({ from: sideOf(deps, place), to: sideOf(deps, target) })
  }
}

/** The repositories in which the sources of a plan without one of its own are saved now. */
async function placesOf(tx: Transaction, { selection }: Pick<Plan, 'selection'>): Promise<Repository[]> {
  const sources = await tx.source.findMany({ where: { deletedAt: null }, include: { environment: true } })
  const chosen = select(selectionInput.parse(selection), sources)
  const ids = new Set(chosen.map((source) => source.repositoryId ?? source.environment.repositoryId))
  return tx.repository.findMany({
    where: {
      OR: [{ id: { in: [...ids].filter((id) => id !== null) } }, ...(ids.has(null) ? [{ isDefault: true }] : [])],
    },
  })
}
