import { createHash } from 'node:crypto'
import { copyFile, mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { loseData } from '#lib/backups/lose-data.ts'
import type { Transaction } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { repairSnapshots } from '#lib/restic/repair.ts'
import type { RepositoryAccess } from '#lib/restic/repository.ts'
import { listSnapshots, type Snapshot } from '#lib/restic/snapshots.ts'
import type { Repository } from '#prisma/client/client.ts'
import { checkResult, type TouchedSnapshot, touchedSnapshot } from './check-result.ts'
import { nameSnapshots, runOfTags } from './look-for-damage.ts'
import type { MaintenanceDeps, Performer } from './performer.ts'
import { removedFilesFolder } from './repair.ts'

const nothing = z.strictObject({})

/** Snapshots that lost something, with what they are by now: null when nothing is left. */
export const snapshotsRepaired = z.object({
  changed: z.array(touchedSnapshot.extend({ repairedId: z.string().nullable() })),
})

export type SnapshotsRepaired = z.infer<typeof snapshotsRepaired>

/**
 * Replaces the snapshots that refer to lost data by ones without it; their runs follow, in the transaction that records this. Of
 * snapshot files that cannot be read themselves nothing is left: in a folder of this machine they are put aside.
 */
export const snapshotsRepair: Performer<z.infer<typeof nothing>> = {
  options: nothing,
  attempts: 2,

  async perform(deps, { repository, restic, access, ...call }): Promise<SnapshotsRepaired> {
    const named = await namedByCheck(deps, repository)
    const before = await listSnapshots(restic, access, {}, call)
    const names = await nameSnapshots(deps, repository, restic, access, [
      ...new Set([...before.map(({ id }) => id), ...named.touched.map(({ snapshotId }) => snapshotId)]),
    ])
    await putAside(deps, repository, access, named.damagedSnapshots)
    await repairSnapshots(restic, access, call)
    const after = await listSnapshots(restic, access, {}, call)
    return { changed: await changedOf(deps, repository, names, before, after) }
  },

  async onSuccess(tx, _deps, { repositoryId }, result) {
    for (const { runId, snapshotId, repairedId } of snapshotsRepaired.parse(result).changed) {
      if (runId === null) continue
      const run = await tx.backupRun.findUnique({ where: { id: runId }, select: { repositoryId: true } })
      if (run === null) continue
      if (run.repositoryId === repositoryId) await loseData(tx, { runId, snapshotId, repairedId })
      else await loseCopy(tx, repositoryId, runId, snapshotId)
    }
  },
}

/** A copy that lost something is none: it counts as missing, and can be made anew. */
async function loseCopy(tx: Transaction, repositoryId: string, runId: string, snapshotId: string): Promise<void> {
  const { name } = await tx.repository.findUniqueOrThrow({ where: { id: repositoryId }, select: { name: true } })
  const error = new CodedError('SNAPSHOT_DAMAGED', { repository: name })
  await tx.repositoryTask.updateMany({
    where: {
      repositoryId,
      runId,
      kind: 'COPY',
      state: 'SUCCEEDED',
      result: { path: ['snapshotId'], equals: snapshotId },
    },
    data: { state: 'FAILED', errorCode: error.code, errorMessage: error.message, errorRemedy: error.remedy },
  })
}

async function namedByCheck({ prisma }: Pick<MaintenanceDeps, 'prisma'>, { id }: Repository) {
  const task = await prisma.repositoryTask.findFirst({
    where: { repositoryId: id, kind: 'CHECK', state: 'SUCCEEDED' },
    orderBy: { finishedAt: 'desc' },
  })
  return task === null ? { touched: [], damagedSnapshots: [] } : checkResult.parse(task.result)
}

/**
 * Which snapshots became others. By what was there before this attempt, by what the check named, and by the rows, since an
 * attempt that died after restic had done its work has left nothing else to tell by. What retention removed is not lost.
 */
async function changedOf(
  { prisma }: Pick<MaintenanceDeps, 'prisma'>,
  repository: Repository,
  names: readonly TouchedSnapshot[],
  before: readonly Snapshot[],
  after: readonly Snapshot[],
): Promise<SnapshotsRepaired['changed']> {
  const there = new Set(after.map(({ id }) => id))
  const was = new Map(before.map((snapshot) => [snapshot.id, snapshot]))
  const runs = await prisma.backupRun.findMany({
    where: { repositoryId: repository.id, snapshotId: { not: null } },
    select: {
      id: true,
      snapshotId: true,
      removedAt: true,
      sourceId: true,
      part: true,
      source: { select: { name: true } },
    },
  })
  const expired = new Set(runs.flatMap((run) => (run.removedAt === null ? [] : [run.snapshotId])))
  const byRun = new Map(after.map((snapshot) => [runOfTags(snapshot.tags), snapshot.id]))
  const changed = names
    .filter(({ snapshotId }) => !there.has(snapshotId) && !expired.has(snapshotId))
    .map((one) => {
      const old = was.get(one.snapshotId)
      const repaired = after.find(
        (snapshot) => old !== undefined && !was.has(snapshot.id) && isSuccessor(snapshot, old),
      )
      return { ...one, repairedId: repaired?.id ?? byRun.get(one.runId) ?? null }
    })
  for (const { id, snapshotId, sourceId, part, source } of runs) {
    const repairedId = byRun.get(id)
    if (snapshotId === null || there.has(snapshotId) || expired.has(snapshotId) || repairedId === undefined) continue
    if (changed.some((one) => one.snapshotId === snapshotId)) continue
    changed.push({ snapshotId, runId: id, sourceId, part, name: source.name, repairedId })
  }
  return changed
}

/** restic keeps everything of a snapshot but its id and its tree. */
const isSuccessor = (a: Snapshot, b: Snapshot): boolean =>
  a.time.getTime() === b.time.getTime() &&
  a.host === b.host &&
  JSON.stringify([a.paths, a.tags]) === JSON.stringify([b.paths, b.tags])

/** restic passes over snapshot files that it cannot read, in `forget` too. A copy is kept in DATA_DIR. */
async function putAside(
  { config }: MaintenanceDeps,
  repository: Repository,
  access: RepositoryAccess,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return
  if (!access.location.startsWith('/')) {
    const files = ids.map((id) => `snapshots/${id}`)
    throw new CodedError('DAMAGE_NOT_REPAIRABLE', { repository: repository.name, files })
  }
  const folder = removedFilesFolder(config, repository.id)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (const id of ids) {
    const file = join(access.location, 'snapshots', id)
    const content = await readFile(file).catch(() => null)
    if (content === null || createHash('sha256').update(content).digest('hex') === id) continue
    await copyFile(file, join(folder, `snapshot-${id}`))
    await rm(file, { force: true })
  }
}
