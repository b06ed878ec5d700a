import type { Database, Transaction } from '#lib/database/database.ts'
import type { Prisma, Repository } from '#prisma/client/client.ts'

type Place = Pick<Repository, 'id' | 'copyToId'>

/** A place where snapshots of a repository should have a copy, and the good runs whose snapshot should be there. */
export interface CopyGoal {
  targetId: string
  runs: Prisma.BackupRunWhereInput
}

/** Where snapshots of a repository should have their copies: where the plans of their backups said, else where the repository says. */
export async function copyGoals(db: Database | Transaction, { id, copyToId }: Place): Promise<CopyGoal[]> {
  const own = await db.backup.findMany({
    where: { AND: [{ copyToId: { not: null } }, { copyToId: { not: id } }], runs: { some: { repositoryId: id } } },
    select: { copyToId: true },
    distinct: ['copyToId'],
  })
  const good: Prisma.BackupRunWhereInput = {
    repositoryId: id,
    state: { in: ['SUCCEEDED', 'PARTIAL'] },
    snapshotId: { not: null },
    expiredAt: null,
    removedAt: null,
  }
  const usual = { OR: [{ copyToId: null }, { copyToId: id }] }
  return [
    ...(copyToId === null ? [] : [{ targetId: copyToId, runs: { ...good, backup: usual } }]),
    ...own.map((backup) => ({
      targetId: backup.copyToId as string,
      runs: { ...good, backup: { copyToId: backup.copyToId } },
    })),
  ]
}

/** Those of them that have no copy there. */
export const withoutCopyAt = ({ targetId, runs }: CopyGoal): Prisma.BackupRunWhereInput => ({
  ...runs,
  copies: { none: { repositoryId: targetId, state: 'SUCCEEDED' } },
})

/** Good runs of a repository whose snapshot has no copy where it should. */
export async function withoutCopy(db: Database | Transaction, repository: Place): Promise<Prisma.BackupRunWhereInput> {
  return { OR: (await copyGoals(db, repository)).map(withoutCopyAt) }
}

/** How many snapshots of a plan have no copy where they should, by the repository that they are in. */
export async function missingCopiesOfPlan(
  prisma: Database,
  planId: string,
): Promise<{ repository: Repository; copyTo: Repository; missing: number }[]> {
  const repositories = await prisma.repository.findMany({
    where: { runs: { some: { backup: { planId } } } },
    orderBy: { name: 'asc' },
  })
  const counted = await Promise.all(
    repositories.map(async (repository) =>
      Promise.all(
        (await copyGoals(prisma, repository)).map(async (goal) => ({
          repository,
          copyTo: await prisma.repository.findUniqueOrThrow({ where: { id: goal.targetId } }),
          missing: await prisma.backupRun.count({ where: { AND: [withoutCopyAt(goal), { backup: { planId } }] } }),
        })),
      ),
    ),
  )
  return counted.flat().filter(({ missing }) => missing > 0)
}
