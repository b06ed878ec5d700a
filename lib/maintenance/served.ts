import type { MaintenanceDeps } from './performer.ts'

/**
 * The repositories whose upkeep is this worker's: all, unless WORKER_ENVIRONMENTS names some; then those that the sources of
 * these environments are saved in, since a folder may be on their machine only, and those that nothing is saved in.
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
  const byDefault = await prisma.environment.findMany({
    where: { repositoryId: null, sources: { some: { deletedAt: null, repositoryId: null } } },
    select: { name: true },
  })
  const serves = repositories.filter(({ isDefault, environments, sources }) => {
    const users = [...environments, ...sources.map((source) => source.environment), ...(isDefault ? byDefault : [])]
    return users.length === 0 || users.some(({ name }) => wanted.includes(name))
  })
  return new Set(serves.map((repository) => repository.id))
}
