import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { findRepository, type RepositoryDeps } from './find.ts'

/**
 * Forgets where a repository is; what is in it stays there. Only one that no source, plan, run or copy refers to: its history
 * would go with it. Throws FORBIDDEN, REPOSITORY_UNKNOWN, REPOSITORY_IN_USE.
 */
export async function removeRepository(deps: RepositoryDeps, actor: Actor | null, id: string): Promise<void> {
  requireScope(actor, 'settings:write', 'remove a repository')
  const { name, isDefault } = await findRepository(deps, id)
  await deps.prisma.$transaction(async (tx) => {
    const sources = await tx.source.count({ where: { repositoryId: id } })
    const environments = await tx.environment.count({ where: { repositoryId: id } })
    const runs = await tx.backupRun.count({ where: { repositoryId: id } })
    const plan = await tx.plan.findFirst({ where: { OR: [{ repositoryId: id }, { copyRepositoryId: id }] } })
    const copied = await tx.repository.findFirst({ where: { copyToId: id }, select: { name: true } })
    const copies = await tx.repositoryTask.count({
      where: { repositoryId: id, kind: 'COPY', state: { in: ['QUEUED', 'RUNNING', 'SUCCEEDED'] } },
    })
    const refuse = (reason: string) => new CodedError('REPOSITORY_IN_USE', { name, reason })
    if (isDefault) throw refuse('it is the default one')
    if (environments > 0) throw refuse(`${environments} environments are saved there`)
    if (sources > 0) throw refuse(`${sources} sources are saved there`)
    if (plan)
      throw refuse(
        plan.repositoryId === id ? `plan “${plan.name}” saves there` : `copies of plan “${plan.name}” go there`,
      )
    if (runs > 0) throw refuse(`it has a history of ${runs} runs`)
    if (copied) throw refuse(`copies of “${copied.name}” go there`)
    if (copies > 0) throw refuse(`it has a history of ${copies} copies`)
    await tx.repository.delete({ where: { id } })
    await record(tx, { actor, action: 'repository.remove', target: { type: 'repository', id }, details: { name } })
  })
}
