import type { Database } from '#lib/database/database.ts'
import type { TaskKind } from '#prisma/client/enums.ts'
import { type CheckFindings, checkResult } from './check-result.ts'
import { snapshotsRepaired } from './repair-snapshots.ts'
import { backupKey, type Damage, damageOf, type RepairKind } from './repair-steps.ts'

const repairKinds = ['REPAIR_KEYS', 'REPAIR_INDEX', 'REPAIR_PACKS', 'REPAIR_SNAPSHOTS'] as const satisfies TaskKind[]
/** Damage that is older than so many checks is long mended or found again. */
const CHECKS_READ = 100

/** What cannot be read is no proof that all is well. */
function readable(result: unknown): CheckFindings {
  const unreadable = {
    sound: false,
    problems: ['The result of the check cannot be read.'],
    brokenPacks: [],
    share: null,
  }
  const parsed = checkResult.safeParse(result)
  return parsed.data ?? checkResult.parse({ ...unreadable, suggestRepairIndex: false, suggestPrune: false })
}

/** What is known to be damaged in a repository, and the steps out of it; null when nothing is. */
export async function repositoryDamage(prisma: Database, repositoryId: string): Promise<Damage | null> {
  const made = { repositoryId, state: 'SUCCEEDED' as const, finishedAt: { not: null } }
  const checks = (
    await prisma.repositoryTask.findMany({
      where: { ...made, kind: 'CHECK' },
      orderBy: { finishedAt: 'desc' },
      take: CHECKS_READ,
    })
  )
    .reverse()
    .map((task) => ({ ...readable(task.result), at: task.finishedAt as Date }))
  if (checks.every((check) => check.sound)) return null
  const [repairs, sources, newest] = await Promise.all([
    prisma.repositoryTask.findMany({ where: { ...made, kind: { in: [...repairKinds] } } }),
    prisma.source.findMany({ where: { deletedAt: null, runs: { some: { repositoryId } } }, select: { id: true } }),
    prisma.backupRun.groupBy({
      by: ['sourceId', 'part'],
      where: { state: 'SUCCEEDED', storagePath: null, source: { runs: { some: { repositoryId } } } },
      _max: { startedAt: true },
    }),
  ])
  return damageOf({
    checks,
    repairs: repairs.map(({ kind, finishedAt, options, result }) => ({
      kind: kind as RepairKind,
      at: finishedAt as Date,
      packs: kind === 'REPAIR_PACKS' ? (options as { packs: string[] }).packs : [],
      changed: kind === 'REPAIR_SNAPSHOTS' ? snapshotsRepaired.parse(result).changed : [],
    })),
    sources: new Set(sources.map(({ id }) => id)),
    backups: new Map(
      newest.map(({ sourceId, part, _max }) => [backupKey(sourceId, part), _max.startedAt ?? new Date(0)]),
    ),
  })
}
