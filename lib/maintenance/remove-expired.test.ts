import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { openAccess } from '#lib/repositories/access.ts'
import { forgetSnapshots } from '#lib/restic/forget.ts'
import { listSnapshotIds } from '#lib/restic/snapshots.ts'
import { applyRetention } from '#lib/retention/apply.ts'
import { removableRuns } from '#lib/retention/expired.ts'
import { pinRun, releaseHold, unpinRun } from '#lib/retention/pin.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import type { BackupRun, Repository } from '#prisma/client/client.ts'
import { startTask } from './tasks.ts'

let home: Installation
let repository: Repository
let path: string
let runs: BackupRun[]
const refusal = (code: string) => expect.objectContaining({ code })
const prisma = () => home.runtime.prisma
const DAY_MS = 86_400_000

/** A backup of the only source, made to be so many days old. */
async function backUp(daysAgo: number): Promise<BackupRun> {
  await writeFile(join(path, 'a.txt'), `written ${daysAgo} days ago`)
  const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE' })
  const { state, runs: made } = await home.ended(id)
  expect(state).toBe('SUCCEEDED')
  const finishedAt = new Date(home.runtime.clock.now().getTime() - daysAgo * DAY_MS)
  await prisma().rateHit.deleteMany()
  return prisma().backupRun.update({ where: { id: made[0]?.id ?? '' }, data: { finishedAt } })
}
async function snapshots(): Promise<string[]> {
  await using access = await openAccess(home.runtime, repository)
  return await listSnapshotIds(await home.runtime.restic(), access)
}
async function prune(): Promise<{ state: string; result: unknown }> {
  const { id } = await startTask(home.runtime, home.admin, { repositoryId: repository.id, kind: 'PRUNE' })
  const task = () => prisma().repositoryTask.findUniqueOrThrow({ where: { id } })
  await expect.poll(async () => (await task()).finishedAt, { timeout: 60_000 }).not.toBeNull()
  return task()
}
const row = (run: BackupRun | undefined) => prisma().backupRun.findUniqueOrThrow({ where: { id: run?.id ?? '' } })
const expired = async () => Promise.all(runs.map(async (run) => (await row(run)).expiredAt !== null))

beforeAll(async () => {
  home = await openInstallation()
  repository = await prisma().repository.findFirstOrThrow()
  path = (await home.addFiles('notes', { 'a.txt': 'a' })).path
  await home.startWorker()
  await home.startMaintenance()
})
beforeEach(async () => {
  runs = [await backUp(90), await backUp(45), await backUp(0)]
})
afterEach(async () => {
  await prisma().retentionHold.deleteMany()
  await prisma().backup.deleteMany()
})
afterAll(() => home?.close())

describe('retention', () => {
  it('lets go what is older than the days, once, and the next prune removes exactly that', async () => {
    const before = await snapshots()
    await applyRetention(home.runtime)
    await applyRetention(home.runtime)
    expect(await expired()).toEqual([true, true, false])
    expect(await snapshots()).toEqual(before)
    expect(await prune()).toMatchObject({ state: 'SUCCEEDED', result: { removedSnapshots: 2 } })
    const gone = new Set(runs.slice(0, 2).map((run) => run.snapshotId))
    expect(await snapshots()).toEqual(before.filter((id) => !gone.has(id)))
    expect(await row(runs[0])).toMatchObject({ removedAt: expect.any(Date), snapshotId: runs[0]?.snapshotId })
    await expect(pinRun(home.runtime, home.admin, { runId: runs[0]?.id, reason: 'x' })).rejects.toThrow(
      refusal('SNAPSHOT_GONE'),
    )
  })

  it('can be taken back until then; what is pinned or still to be copied stays meanwhile', async () => {
    await applyRetention(home.runtime)
    const pinned = await pinRun(home.runtime, home.admin, { runId: runs[0]?.id, reason: 'before the move' })
    expect(pinned).toMatchObject({ expiredAt: null, pinReason: 'before the move', pinnedBy: home.admin.email })
    await applyRetention(home.runtime)
    expect(await expired()).toEqual([false, true, false])
    const waiting = { repositoryId: repository.id, kind: 'COPY' as const, runId: runs[1]?.id ?? '' }
    const copy = await prisma().repositoryTask.create({ data: { ...waiting, notBefore: new Date('2100-01-01') } })
    expect(await prune()).toMatchObject({ result: { removedSnapshots: 0 } })
    expect(await snapshots()).toEqual(expect.arrayContaining([runs[0]?.snapshotId, runs[1]?.snapshotId]))
    await prisma().repositoryTask.delete({ where: { id: copy.id } })
    await unpinRun(home.runtime, home.admin, runs[0]?.id ?? '')
    await applyRetention(home.runtime)
    expect(await expired()).toEqual([true, true, false])
  })

  it('keeps the newest one that was verified, and what is about to be restored', async () => {
    const found = { folder: '', requestedFolder: '', requestedBy: 'x', purpose: 'VERIFICATION' } as const
    for (const run of runs.slice(0, 2))
      await prisma().restore.create({ data: { ...found, runId: run.id, state: 'SUCCEEDED' } })
    await applyRetention(home.runtime)
    expect(await expired()).toEqual([true, false, false])
    // It was verified after it had expired: there is no other.
    await prisma().restore.deleteMany({ where: { runId: runs[1]?.id } })
    await applyRetention(home.runtime)
    expect(await expired()).toEqual([true, true, false])
    await prisma().restore.create({ data: { ...found, runId: runs[1]?.id as string, folder: '/x', purpose: 'FOLDER' } })
    const removable = async () => removableRuns(home.runtime, repository.id, new Set(await snapshots()))
    expect(await removable()).toEqual([])
    await prisma().restore.deleteMany({ where: { runId: runs[1]?.id } })
    expect((await removable()).map(({ id }) => id)).toEqual([runs[1]?.id])
  })

  it('removes nothing while the repository does not list the newest good snapshot', async () => {
    await applyRetention(home.runtime)
    {
      await using access = await openAccess(home.runtime, repository)
      await forgetSnapshots(await home.runtime.restic(), access, [runs[2]?.snapshotId ?? ''])
    }
    expect(await prune()).toMatchObject({ result: { removedSnapshots: 0 } })
    expect(await snapshots()).toEqual(expect.arrayContaining([runs[0]?.snapshotId, runs[1]?.snapshotId]))
  })

  it('removes what a worker that died had marked and did not come to', async () => {
    await applyRetention(home.runtime)
    await prisma().backupRun.update({ where: { id: runs[0]?.id ?? '' }, data: { removedAt: home.runtime.clock.now() } })
    await prune()
    expect(await snapshots()).not.toContain(runs[0]?.snapshotId)
  })

  it('judges what a worker that died had marked afresh', async () => {
    await applyRetention(home.runtime)
    const at = home.runtime.clock.now()
    await prisma().backupRun.update({ where: { id: runs[0]?.id ?? '' }, data: { removedAt: at } })
    await prisma().retentionHold.create({
      data: { sourceId: runs[2]?.sourceId ?? '', runId: runs[2]?.id ?? '', reason: 'it read 1 % of what is usual' },
    })
    expect(await prune()).toMatchObject({ result: { removedSnapshots: 0 } })
    expect(await snapshots()).toContain(runs[0]?.snapshotId)
    expect((await row(runs[0])).removedAt).toBeNull()
  })

  it('never lets the whole source go for a backup of one folder of it', async () => {
    await prisma().backupRun.update({ where: { id: runs[2]?.id ?? '' }, data: { storagePath: join(path, 'folder') } })
    await applyRetention(home.runtime)
    expect(await expired()).toEqual([true, false, false])
    await prisma().backupRun.update({ where: { id: runs[1]?.id ?? '' }, data: { state: 'FAILED' } })
    expect(await prune()).toMatchObject({ result: { removedSnapshots: 0 } })
  })

  it('does not let go what somebody pins at that moment', async () => {
    let applying: Promise<void> | undefined
    await prisma().$transaction(async (tx) => {
      const data = { pinnedAt: home.runtime.clock.now(), pinReason: 'wanted' }
      await tx.backupRun.update({ where: { id: runs[0]?.id ?? '' }, data })
      applying = applyRetention(home.runtime)
      const waiting = () => prisma().$queryRaw<unknown[]>`
        select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query ilike 'update%backup_runs%'`
      await expect.poll(waiting).toHaveLength(1)
    })
    await applying
    expect(await expired()).toEqual([false, true, false])
  })

  it('removes nothing from a repository that is damaged', async () => {
    await applyRetention(home.runtime)
    const result = {
      sound: false,
      problems: ['a pack is gone'],
      brokenPacks: [],
      suggestRepairIndex: true,
      suggestPrune: false,
      share: null,
    }
    const at = home.runtime.clock.now()
    const task = { repositoryId: repository.id, kind: 'CHECK' as const, state: 'SUCCEEDED' as const, result }
    const { id } = await prisma().repositoryTask.create({ data: { ...task, startedAt: at, finishedAt: at } })
    expect(await prune()).toMatchObject({ result: { removedSnapshots: 0 } })
    await prisma().repositoryTask.delete({ where: { id } })
    expect(await prune()).toMatchObject({ result: { removedSnapshots: 2 } })
  })

  it('does not judge what was adopted, nor what failed', async () => {
    await prisma().backup.update({ where: { id: runs[0]?.backupId ?? '' }, data: { origin: 'ADOPTED' } })
    await prisma().backupRun.update({ where: { id: runs[2]?.id ?? '' }, data: { state: 'FAILED' } })
    await applyRetention(home.runtime)
    expect(await expired()).toEqual([false, false, false])
  })
})

describe('a backup that looks wrong', () => {
  it('holds the retention of its source until somebody has looked, before and after snapshots have expired', async () => {
    await prisma().backupRun.updateMany({ data: { bytesDone: 100_000_000 } })
    for (const days of [44, 43, 42]) {
      const { id } = await backUp(days)
      await prisma().backupRun.update({ where: { id }, data: { bytesDone: 100_000_000 } })
    }
    await applyRetention(home.runtime)
    const before = await snapshots()
    const small = await backUp(-1)
    await applyRetention(home.runtime)
    const hold = await prisma().retentionHold.findFirstOrThrow()
    expect(hold).toMatchObject({ runId: small.id, reason: expect.stringContaining('0 % of what is usual') })
    expect(await prune()).toMatchObject({ result: { removedSnapshots: 0 } })
    expect(await snapshots()).toEqual(expect.arrayContaining(before))
    await backUp(-2)
    await prisma().retentionHold.deleteMany()
    await prisma().backupRun.updateMany({
      where: { finishedAt: { gt: small.finishedAt as Date } },
      data: { bytesDone: 100_000_000 },
    })
    await applyRetention(home.runtime)
    expect(await prisma().retentionHold.findFirst(), 'although a newer one looks right').toMatchObject({
      runId: small.id,
    })
    await releaseHold(home.runtime, home.admin, (await prisma().retentionHold.findFirstOrThrow()).id)
    await applyRetention(home.runtime)
    expect(await prisma().retentionHold.count()).toBe(1)
    expect(await prune()).toMatchObject({ result: { removedSnapshots: 5 } })
  })
})
