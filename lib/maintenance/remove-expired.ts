import { forgetSnapshots } from '#lib/restic/forget.ts'
import { listSnapshotIds } from '#lib/restic/snapshots.ts'
import { removableRuns } from '#lib/retention/expired.ts'
import { repositoryDamage } from './damage.ts'
import type { MaintenanceDeps, TaskContext } from './performer.ts'

/**
 * Removes the snapshots that retention let go. A run is marked before its snapshot goes, in a row lock against whoever takes it
 * back at that moment: nobody is told that a snapshot was taken back that is being removed. Of a damaged repository nothing is
 * removed. Answers how many went.
 */
export async function removeExpired(deps: MaintenanceDeps, context: TaskContext): Promise<number> {
  const { restic, access, repository, signal, onLog } = context
  if ((await repositoryDamage(deps.prisma, repository.id)) !== null) {
    onLog('warning', 'no snapshot is removed while the repository is damaged: an old one may be the only whole one')
    return 0
  }
  const listed = new Set(await listSnapshotIds(restic, access, { signal }))
  const removable = await removableRuns(deps, repository.id, listed)
  const marked = await deps.prisma.backupRun.updateManyAndReturn({
    where: { id: { in: removable.map((run) => run.id) }, expiredAt: { not: null }, removedAt: null },
    data: { removedAt: deps.clock.now() },
  })
  // And those whose removal a worker that died did not come to.
  const ids = (await goneRuns(deps, repository.id)).filter((id) => listed.has(id))
  if (ids.length === 0) return 0
  onLog('info', `removing ${ids.length} snapshots that no rule keeps any more`)
  try {
    await forgetSnapshots(restic, access, ids, { signal, onLog })
  } catch (error) {
    await unmarkThoseThatStay(deps, context, marked)
    throw error
  }
  return ids.length
}

async function goneRuns({ prisma }: MaintenanceDeps, repositoryId: string): Promise<string[]> {
  const gone = await prisma.backupRun.findMany({
    where: { repositoryId, removedAt: { not: null }, snapshotId: { not: null } },
    select: { snapshotId: true },
  })
  return gone.map((run) => run.snapshotId as string)
}

/** What was not removed after all is still there to be taken back. When that cannot be seen, the next prune tries again. */
async function unmarkThoseThatStay(
  deps: MaintenanceDeps,
  { restic, access }: TaskContext,
  marked: readonly { id: string; snapshotId: string | null }[],
): Promise<void> {
  const listed = await listSnapshotIds(restic, access).then(
    (ids) => new Set(ids),
    () => null,
  )
  const staying = marked.filter(({ snapshotId }) => listed === null || listed.has(snapshotId as string))
  await deps.prisma.backupRun.updateMany({
    where: { id: { in: staying.map(({ id }) => id) } },
    data: { removedAt: null },
  })
}
