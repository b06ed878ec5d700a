import { select, selectionInput } from '#lib/plans/selection.ts'
import type { MaintenanceDeps } from './performer.ts'

/**
 * The repositories whose upkeep is this worker's: all, unless WORKER_ENVIRONMENTS names some; then those that the sources of
 * these environments are saved in, by themselves or by a plan, since a folder may be on their machine only, and those that nothing is saved in.
 */
export async function servedRepositories({
  prisma,
  config,
}: Pick<MaintenanceDeps, 'prisma' | 'config'>): Promise<Set<string>> {
  const wanted = config.WORKER_ENVIRONMENTS
  const repositories = await prisma.repository.findMany({
    select: {
      id: true,
      isDefault: true,
      environments: { select: { name: true } },
      sources: { where: { deletedAt: null }, select: { environment: { select: { name: true } } } },
    },
  })
  if (wanted.length === 0) return new Set(repositories.map((repository) => repository.id))
  const byPlan = await environmentsOfPlans(prisma)
  const byDefault = await prisma.environment.findMany({
    where: { repositoryId: null, sources: { some: { deletedAt: null, repositoryId: null } } },
    select: { name: true },
  })
  const serves = repositories.filter(({ id, isDefault, environments, sources }) => {
    const users = [
      ...environments,
      ...(byPlan.get(id) ?? []),
      ...sources.map((source) => source.environment),
      ...(isDefault ? byDefault : []),
    ]
    return users.length === 0 || users.some(({ name }) => wanted.includes(name))
  })
  return new Set(serves.map((repository) => repository.id))
}

/** By the repository that a plan names: the environments of the sources that it takes now. */
async function environmentsOfPlans(prisma: MaintenanceDeps['prisma']): Promise<Map<string, { name: string }[]>> {
  const plans = await prisma.plan.findMany({
    where: { repositoryId: { not: null } },
    select: { repositoryId: true, selection: true },
  })
  if (plans.length === 0) return new Map()
  const sources = await prisma.source.findMany({ where: { deletedAt: null }, include: { environment: true } })
  const named = plans.flatMap(({ repositoryId, selection }) =>
    select(selectionInput.parse(selection), sources).map(({ environment }) => ({ repositoryId, environment })),
  )
  const byRepository = Map.groupBy(named, ({ repositoryId }) => repositoryId as string)
  return new Map([...byRepository].map(([id, all]) => [id, all.map(({ environment }) => environment)]))
}
