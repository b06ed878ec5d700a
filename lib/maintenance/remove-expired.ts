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
  await unmarkListed(deps, repository.id, listed)
  const removable = await removableRuns(deps, repository.id, listed)
  const marked = await deps.prisma.backupRun.updateManyAndReturn({
    where: { id: { in: removable.map((run) => run.id) }, expiredAt: { not: null }, removedAt: null },
    data: { removedAt: deps.clock.now() },
  })
  const ids = marked.map((run) => run.snapshotId as string).filter((id) => listed.has(id))
  if (ids.length === 0) return 0
  onLog('info', `removing ${ids.length} snapshots that no rule keeps any more`)
  try {
    await forgetSnapshots(restic, access, ids, { signal, onLog })
  } catch (error) {
    const staying = await listSnapshotIds(restic, access).catch(() => null)
    // When it cannot be seen, they count as gone: nobody takes back what may not be there. The next prune looks again.
    if (staying !== null) await unmarkListed(deps, repository.id, new Set(staying))
    throw error
  }
  return ids.length
}

/** What was marked and not removed, since a worker died or restic failed, is judged afresh and can be taken back. */
async function unmarkListed({ prisma }: MaintenanceDeps, repositoryId: string, listed: ReadonlySet<string>) {
  const marked = await prisma.backupRun.findMany({
    where: { repositoryId, removedAt: { not: null }, snapshotId: { not: null } },
    select: { id: true, snapshotId: true },
  })
  const ids = marked.filter(({ snapshotId }) => listed.has(snapshotId as string)).map(({ id }) => id)
  await prisma.backupRun.updateMany({ where: { id: { in: ids } }, data: { removedAt: null } })
}
