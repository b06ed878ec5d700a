import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import type { Repository } from '#prisma/client/client.ts'
import type { RunState, TaskKind } from '#prisma/client/enums.ts'
import { nextUpkeep, queueWhatIsDue } from './schedule.ts'
import { startUpkeep } from './upkeep.ts'

const now = new Date('2026-03-31T12:00:00Z')
const daysAgo = (days: number) => new Date(now.getTime() - days * 24 * 3_600_000)

describe('what is due', () => {
  const task = (kind: TaskKind, state: RunState, queued: number, finished: number | null = queued) => ({
    kind,
    state,
    queuedAt: daysAgo(queued),
    finishedAt: finished === null ? null : daysAgo(finished),
  })
  const fresh = [task('STATISTICS', 'SUCCEEDED', 0.5)]
  const all = { name: 'a', options: {}, initialisedAt: daysAgo(100), unreachableSince: null }

  it.each([
    ['everything that was never done', {}, [], ['PRUNE', 'CHECK', 'STATISTICS']],
    ['of a new repository, its figures alone', { initialisedAt: daysAgo(1) }, [], ['STATISTICS']],
    ['nothing of one that was never made', { initialisedAt: null }, [], []],
    ['nothing of one that does not answer', { unreachableSince: daysAgo(0.1) }, [], []],
    ['nothing that is switched off', { options: { pruneEveryDays: 0, checkEveryDays: 0 } }, fresh, []],
    [
      'a prune after its days',
      { options: { checkEveryDays: 0 } },
      [...fresh, task('PRUNE', 'SUCCEEDED', 7)],
      ['PRUNE'],
    ],
    ['none before', { options: { checkEveryDays: 0 } }, [...fresh, task('PRUNE', 'SUCCEEDED', 6.99, 6)], []],
    [
      'one that failed, after a day',
      { options: { checkEveryDays: 0 } },
      [...fresh, task('PRUNE', 'FAILED', 2, 1)],
      ['PRUNE'],
    ],
    ['not at once', { options: { checkEveryDays: 0 } }, [...fresh, task('PRUNE', 'FAILED', 20, 0.9)], []],
    ['none while one waits', { options: { checkEveryDays: 0 } }, [...fresh, task('PRUNE', 'QUEUED', 20, null)], []],
    ['none while one runs', { options: { pruneEveryDays: 0 } }, [...fresh, task('CHECK', 'RUNNING', 20, null)], []],
    [
      'no figures while a prune runs',
      { options: { checkEveryDays: 0 } },
      [task('STATISTICS', 'SUCCEEDED', 2), task('PRUNE', 'RUNNING', 1, null)],
      [],
    ],
    [
      'figures of yesterday',
      { options: { pruneEveryDays: 0, checkEveryDays: 0 } },
      [task('STATISTICS', 'SUCCEEDED', 1)],
      ['STATISTICS'],
    ],
  ] satisfies [string, object, ReturnType<typeof task>[], TaskKind[]][])('is %s', (_title, repository, newest, due) => {
    const times = [...nextUpkeep({ ...all, ...repository }, newest)]
    expect(times.filter(([, at]) => at <= now).map(([kind]) => kind)).toEqual(due)
  })
})

describe('the schedule', () => {
  let home: Installation
  let repository: Repository
  const tasks = () => home.runtime.prisma.repositoryTask
  const kinds = async () => (await tasks().findMany({ orderBy: { kind: 'asc' } })).map((task) => task.kind)
  const ago = (days: number) => new Date(home.runtime.clock.now().getTime() - days * 24 * 3_600_000)
  const change = (data: object) => home.runtime.prisma.repository.update({ where: { id: repository.id }, data })

  beforeAll(async () => {
    home = await openInstallation()
    repository = await home.runtime.prisma.repository.findFirstOrThrow()
  })
  afterEach(() => tasks().deleteMany())
  afterAll(() => home?.close())

  it('queues what is due once, however many processes look, by nobody’s request and with a job to do it', async () => {
    await change({ initialisedAt: ago(30) })
    await Promise.all([1, 2, 3, 4].map(() => queueWhatIsDue(home.runtime)))
    await queueWhatIsDue(home.runtime)
    expect(await kinds()).toEqual(['PRUNE', 'CHECK', 'STATISTICS'])
    for (const { id, requestedBy } of await tasks().findMany()) {
      expect(requestedBy).toBeNull()
      expect(await home.runtime.queue.hasJob('maintenance.task', { taskId: id })).toBe(true)
    }
    await tasks().updateMany({ data: { state: 'SUCCEEDED', finishedAt: ago(0) } })
    await queueWhatIsDue(home.runtime)
    expect(await kinds()).toEqual(['PRUNE', 'CHECK', 'STATISTICS'])
  })

  it('runs in each worker', async () => {
    await change({ initialisedAt: ago(30) })
    const upkeep = startUpkeep(home.runtime)
    await expect.poll(kinds, { timeout: 10_000 }).toEqual(['PRUNE', 'CHECK', 'STATISTICS'])
    await upkeep.stop()
  })

  it('leaves a repository that does not answer in peace', async () => {
    await change({ initialisedAt: ago(30), unreachableSince: ago(1) })
    await queueWhatIsDue(home.runtime)
    expect(await kinds()).toEqual([])
  })

  it('forgets what is long past, but for the newest of a kind and for damage that stands', async () => {
    const ended = (kind: TaskKind, days: number, result: object = {}) => ({
      repositoryId: repository.id,
      kind,
      state: 'SUCCEEDED' as const,
      result,
      queuedAt: ago(days),
      finishedAt: ago(days),
    })
    const age = (at: Date) => Math.round((ago(0).getTime() - at.getTime()) / (24 * 3_600_000))
    const left = async (kind: TaskKind) => {
      await queueWhatIsDue(home.runtime)
      const rows = await tasks().findMany({ where: { kind }, orderBy: { queuedAt: 'desc' } })
      return rows.map((task) => age(task.queuedAt))
    }
    const nothing = { problems: [], brokenPacks: [], suggestRepairIndex: false, suggestPrune: false }
    const checked = (days: number, sound: boolean, number: number) =>
      ended('CHECK', days, { ...nothing, sound, share: { number, of: 2 } })
    await tasks().createMany({
      data: [
        ...[900, 500].map((days) => ended('PRUNE', days)),
        ...[401, 399, 1].map((days) => ended('STATISTICS', days)),
        ...[checked(900, false, 2), checked(800, true, 1), checked(1, true, 1)],
      ],
    })
    expect(await left('PRUNE')).toEqual([500])
    expect(await left('STATISTICS')).toEqual([1, 399])
    expect(await left('CHECK')).toEqual([1, 800, 900])
    await tasks().create({ data: checked(2, true, 2) })
    expect(await left('CHECK')).toEqual([1, 2])
  })
})
