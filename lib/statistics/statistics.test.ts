import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import type { Source } from '#prisma/client/client.ts'
import type { RunState } from '#prisma/client/enums.ts'
import { readEnds, readGrowth, readOutcomes, readProblems, readUnusual, sinceOf } from './read.ts'
import { baselineOf, isUnusual, median, slopeOf } from './robust.ts'

describe('robust figures', () => {
  it.each<[values: number[], middle: number | null]>([
    [[], null],
    [[3], 3],
    [[9, 1, 5], 5],
    [[1, 2, 3, 1000], 2.5],
  ])('the median of %j is %s', (values, middle) => {
    expect(median(values)).toBe(middle)
  })

  it.each<[because: string, earlier: number[], value: number, isOdd: boolean | null]>([
    ['there are too few', [10, 10, 10, 10], 1000, null],
    ['it is as always', [10, 11, 9, 10, 10, 12], 11, false],
    ['it is twice as long', [10, 11, 9, 10, 10, 12], 20, true],
    ['it is a fifth', [100, 101, 99, 100, 100], 20, true],
    ['a little more than what never changed is of no interest', [100, 100, 100, 100, 100], 130, false],
    ['one odd value before does not hide it', [10, 11, 9, 10, 10, 5000], 30, true],
    ['what varies may vary', [10, 40, 20, 60, 30, 50], 90, false],
  ])('%s', (_because, earlier, value, isOdd) => {
    const baseline = baselineOf(earlier)
    expect(baseline === null ? null : isUnusual(value, baseline)).toBe(isOdd)
  })

  it('a slope is that of most, whatever one point says', () => {
    expect(slopeOf([[0, 5]])).toBeNull()
    expect(
      slopeOf([
        [1, 5],
        [1, 9],
      ]),
    ).toBeNull()
    expect(
      slopeOf([
        [0, 0],
        [1, 10],
        [2, 20],
        [3, 900],
        [4, 40],
        [5, 50],
      ]),
    ).toBeCloseTo(10)
  })

  it('days begin at midnight in UTC, today among them', () => {
    const now = new Date('2026-03-02T15:00:00Z')
    expect(sinceOf(1, now).toISOString()).toBe('2026-03-02T00:00:00.000Z')
    expect(sinceOf(30, now).toISOString()).toBe('2026-02-01T00:00:00.000Z')
    expect(sinceOf(-5, now)).toEqual(sinceOf(1, now))
    expect(sinceOf(100_000, now)).toEqual(sinceOf(366, now))
  })
})

describe('what became of backups', () => {
  let home: Installation
  let shop: Source
  let uploads: Source
  const DAY_MS = 86_400_000
  const today = Math.floor(Date.now() / DAY_MS) * DAY_MS

  /** A run that ended so many days ago, at noon. */
  async function ran(source: Source, daysAgo: number, state: RunState, more: object = {}, backupId?: string) {
    const { prisma } = home.runtime
    const at = new Date(today - daysAgo * DAY_MS + DAY_MS / 2)
    const backup = { type: 'FULL' as const, origin: 'API' as const, environments: ['test'], compressionLevel: 5, state }
    const { id } = backupId ? { id: backupId } : await prisma.backup.create({ data: { ...backup, createdAt: at } })
    const { id: repositoryId } = await prisma.repository.findFirstOrThrow()
    const figures = { bytesDone: 1000, storedBytes: 100, snapshotId: state === 'FAILED' ? null : 'a'.repeat(64) }
    const times = { queuedAt: at, startedAt: new Date(+at - 10_000), finishedAt: at }
    await prisma.backupRun.create({
      data: {
        backupId: id,
        sourceId: source.id,
        repositoryId,
        state,
        compressionLevel: 5,
        ...figures,
        ...times,
        ...more,
      },
    })
    return id
  }

  beforeAll(async () => {
    home = await openInstallation()
    shop = (await home.addFiles('shop', { a: 'a' })).source
    uploads = (await home.addFiles('uploads', { a: 'a' })).source
    for (let day = 20; day > 0; day--) await ran(shop, day, 'SUCCEEDED')
    await ran(shop, 0, 'SUCCEEDED', { bytesDone: 10, startedAt: new Date(today + DAY_MS / 2 - 95_000) })
    const again = await ran(uploads, 3, 'FAILED', { errorCode: 'SOURCE_UNREACHABLE', errorMessage: 'old' })
    await ran(uploads, 3, 'SUCCEEDED', { attempt: 2 }, again)
    await ran(uploads, 2, 'PARTIAL')
    await ran(uploads, 1, 'CANCELLED', { errorCode: 'RUN_CANCELLED' })
    await ran(uploads, 1, 'FAILED', { errorCode: 'SOURCE_UNREACHABLE', errorMessage: 'new', errorRemedy: 'Look.' })
    await ran(uploads, 60, 'FAILED', { errorCode: 'SOURCE_UNREACHABLE' })
  })
  afterAll(() => home?.close())
  const since = () => sinceOf(30, home.runtime.clock.now())

  it('is counted by source and day, only the last attempt of each', async () => {
    const { outcomes } = await readEnds(home.runtime, since())
    const inOrder = (all: typeof outcomes) => all.map((one) => JSON.stringify(one)).sort()
    const plain = outcomes.map(({ sourceId, day, succeeded, partial, failed }) => ({
      sourceId,
      day,
      succeeded,
      partial,
      failed,
    }))
    expect(inOrder(await readOutcomes(home.runtime, since()))).toEqual(inOrder(plain))
    const of = ({ id }: Source) =>
      outcomes
        .filter(({ sourceId }) => sourceId === id)
        .map(({ succeeded, partial, failed }) => [succeeded, partial, failed])
    expect(of(shop)).toHaveLength(21)
    expect(of(uploads)).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ])
  })

  it('is summed up by day, with the median of what good ones took', async () => {
    const { days } = await readEnds(home.runtime, since())
    expect(days).toHaveLength(21)
    const yesterday = days.find(({ day }) => +day === today - DAY_MS)
    expect(yesterday).toMatchObject({ succeeded: 1, failed: 1, storedBytes: 200n, medianSeconds: 10 })
    expect(days.at(-1)).toMatchObject({ medianSeconds: 95 })
  })

  it('is grouped by what went wrong, with the newest words, and without what somebody cancelled', async () => {
    expect(await readProblems(home.runtime, since())).toEqual([
      expect.objectContaining({
        code: 'SOURCE_UNREACHABLE',
        count: 2,
        message: 'new',
        remedy: 'Look.',
        sourceId: uploads.id,
      }),
    ])
  })

  it('is compared with what was usual', async () => {
    const found = await readUnusual(home.runtime)
    expect(found.map(({ sourceId, figure, value, median }) => [sourceId, figure, value, median])).toEqual([
      [shop.id, 'SECONDS', 95, 10],
      [shop.id, 'READ_BYTES', 10, 1000],
      [shop.id, 'STORED_SHARE', 10, 0.1],
      [shop.id, 'BYTES_PER_SECOND', 10 / 95, 100],
    ])
  })

  it('says that a source fails more often than it did, once it is old enough to tell', async () => {
    const { source } = await home.addFiles('failing', { a: 'a' })
    for (const daysAgo of [2, 3, 10]) await ran(source, daysAgo, 'FAILED')
    const failures = async () =>
      (await readUnusual(home.runtime))
        .filter(({ figure }) => figure === 'FAILURES')
        .map((one) => [one.sourceId, one.value, one.high])
    expect(await failures()).toEqual([])
    const createdAt = new Date(today - 100 * DAY_MS)
    await home.runtime.prisma.source.update({ where: { id: source.id }, data: { createdAt } })
    expect(await failures()).toEqual([[source.id, 2, 0]])
    await ran(source, 17, 'FAILED')
    for (const daysAgo of [8, 9, 15, 16, 22, 23, 24, 29, 30, 36, 37, 43, 44, 50, 51])
      await ran(source, daysAgo, 'FAILED')
    expect(await failures()).toEqual([])
  })

  it('tells how repositories grow, and when they are full', async () => {
    const { prisma } = home.runtime
    const { id: repositoryId } = await prisma.repository.findFirstOrThrow()
    const sizes = { snapshots: 1, restoreBytes: 1, uncompressedBytes: 1 }
    expect(await readGrowth(home.runtime, since())).toEqual([])
    for (const [daysAgo, storedBytes, freeBytes] of [
      [3, 100, 900],
      [2, 200, 800],
      [1, 300, 700],
    ] as const)
      await prisma.repositoryFigures.create({
        data: {
          ...sizes,
          repositoryId,
          storedBytes,
          freeBytes,
          totalBytes: 1000,
          at: new Date(today - daysAgo * DAY_MS),
        },
      })
    const [growth] = await readGrowth(home.runtime, since())
    expect(growth).toMatchObject({ storedBytes: 300n, freeBytes: 700n })
    expect(growth?.bytesPerDay).toBeCloseTo(100)
    expect(growth?.fullInDays).toBeCloseTo(7)
  })
})
