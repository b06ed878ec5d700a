import { statfsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAccess } from '#lib/repositories/access.ts'
import { compressionRatio, deduplicationRatio, figuresOfDays } from '#lib/repositories/figures.ts'
import { backupPaths } from '#lib/restic/backup.ts'
import { forgetSnapshots } from '#lib/restic/forget.ts'
import { listSnapshotIds } from '#lib/restic/snapshots.ts'
import { request } from '#lib/restic/testing/bench.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import type { Repository } from '#prisma/client/client.ts'
import { startTask } from './tasks.ts'

let home: Installation
let repository: Repository
const TEXT = 'as compressible as it gets, '.repeat(20_000)
const figures = () => home.runtime.prisma.repositoryFigures.findMany({ orderBy: { at: 'asc' } })
const start = (kind: string) => startTask(home.runtime, home.admin, { repositoryId: repository.id, kind })
const rows = (count: number) => expect.poll(async () => (await figures()).length, { timeout: 30_000 }).toBe(count)

beforeAll(async () => {
  home = await openInstallation()
  repository = await home.runtime.prisma.repository.findFirstOrThrow()
  await home.startMaintenance()
})
afterAll(() => home?.close())

describe('statistics', () => {
  it('of an empty repository are zero, and have no ratio', async () => {
    await start('STATISTICS')
    await rows(1)
    const [found] = await figures()
    expect(found).toMatchObject({ snapshots: 0, restoreBytes: 0n, uncompressedBytes: 0n, storedBytes: 0n })
    if (found) expect([deduplicationRatio(found), compressionRatio(found)]).toEqual([null, null])
  })

  it('count what would be restored, what is stored, and what fits beside it', async () => {
    const { path } = await home.addFiles('notes', { 'a.txt': TEXT, 'b.txt': 'b' })
    const restic = await home.runtime.restic()
    await using access = await openAccess(home.runtime, repository)
    for (let i = 0; i < 3; i++)
      await backupPaths(restic, access, { ...request(), include: [path], exclude: [], oneFileSystem: true })
    const { id } = await start('STATISTICS')
    await rows(2)
    const found = (await figures()).at(-1)
    if (!found) throw new Error('there are figures')
    const { blocks, bsize } = statfsSync(repository.location)
    expect(found).toMatchObject({
      snapshots: 3,
      restoreBytes: BigInt(3 * (TEXT.length + 1)),
      totalBytes: BigInt(blocks * bsize),
    })
    expect(found.freeBytes).toBeGreaterThan(0n)
    expect(deduplicationRatio(found)).toBeGreaterThan(2.5)
    expect(deduplicationRatio(found)).toBeLessThan(3)
    expect(compressionRatio(found)).toBeGreaterThan(20)
    const task = await home.runtime.prisma.repositoryTask.findUniqueOrThrow({ where: { id } })
    expect(task.result).toMatchObject({ snapshots: 3, restoreBytes: Number(found.restoreBytes) })
  })

  it('are made after each prune', async () => {
    const restic = await home.runtime.restic()
    {
      await using access = await openAccess(home.runtime, repository)
      const [first] = await listSnapshotIds(restic, access)
      await forgetSnapshots(restic, access, [first as string])
    }
    await start('PRUNE')
    await rows(3)
    expect((await figures()).at(-1)).toMatchObject({ snapshots: 2 })
  })

  it('of a day are shown by its newest', async () => {
    const [at, earlier] = [new Date('2026-03-02T23:59:00Z'), new Date('2026-03-02T00:01:00Z')]
    const sizes = { repositoryId: repository.id, restoreBytes: 1n, uncompressedBytes: 1n, storedBytes: 1n }
    await home.runtime.prisma.repositoryFigures.deleteMany()
    await home.runtime.prisma.repositoryFigures.createMany({
      data: [
        { ...sizes, at, snapshots: 2 },
        { ...sizes, at: earlier, snapshots: 1 },
        { ...sizes, at: new Date('2026-03-03T00:00:00Z'), snapshots: 3 },
        { ...sizes, at: new Date('2026-02-01T00:00:00Z'), snapshots: 9 },
      ],
    })
    const days = await figuresOfDays(home.runtime.prisma, repository.id, new Date('2026-03-01T00:00:00Z'))
    expect(days.map((day) => day.snapshots)).toEqual([2, 3])
  })
})
