import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createRepository } from '#lib/repositories/create.ts'
import { readTurns } from '#lib/repositories/read-turns.ts'
import { decideTurns } from '#lib/repositories/turns.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { triggerBackup } from './trigger.ts'
import { startWorker, type Worker } from './worker.ts'

let home: Installation
let worker: Worker | undefined
const trigger = (...sources: string[]) =>
  triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE', sourceIds: sources })
const work = async (places: number) => {
  worker = await startWorker({ ...home.runtime, config: { ...home.runtime.config, WORKER_RUNS: places } })
}
const addFolder = async (name: string) => (await home.addFiles(name, { 'a.txt': name })).source.id

beforeAll(async () => {
  home = await openInstallation()
})
beforeEach(() => home.runtime.prisma.rateHit.deleteMany())
afterEach(() => worker?.stop(0))
afterAll(() => home?.close())

/** How many runs were at work at once, at most, and the sources in the order in which their runs began. */
async function history(backupIds: string[]) {
  const runs = await home.runtime.prisma.backupRun.findMany({
    where: { backupId: { in: backupIds } },
    include: { source: true },
    orderBy: { startedAt: 'asc' },
  })
  const atWork = runs.map(
    (run) =>
      runs.filter(
        (other) =>
          (other.startedAt as Date) <= (run.startedAt as Date) && (other.finishedAt as Date) > (run.startedAt as Date),
      ).length,
  )
  return {
    atOnce: Math.max(...atWork),
    began: runs.map((run) => run.source.name),
    states: runs.map((run) => run.state),
  }
}

describe('an environment that no worker serves', () => {
  it('has its runs say so in their log at once, and as what they wait for', async () => {
    const { prisma } = home.runtime
    const id = await addFolder('unserved')
    const backup = await trigger(id)
    const [log] = await prisma.backupEvent.findMany({ where: { backupId: backup.id, kind: 'LOG' } })
    expect(log).toMatchObject({ level: 'WARNING', message: 'No worker serves test: the run waits until one does.' })
    const run = await prisma.backupRun.findFirstOrThrow({ where: { backupId: backup.id } })
    expect(decideTurns(await readTurns(prisma, home.runtime.config)).reasons.get(run.id)).toBe(
      'a worker: none serves test',
    )
    await work(1)
    expect((await home.ended(backup.id)).state).toBe('SUCCEEDED')
    await worker?.stop(0)
    expect(await prisma.worker.count()).toBe(0)
  })
})

describe('a worker', () => {
  it('carries out as many runs at once as it may, over all environments, oldest first', async () => {
    const other = await home.runtime.prisma.environment.create({ data: { name: 'other' } })
    const [first, second, third] = [await addFolder('first'), await addFolder('second'), await addFolder('third')]
    await home.runtime.prisma.source.update({ where: { id: second }, data: { environmentId: other.id } })
    const backups = [await trigger(first), await trigger(second), await trigger(third)].map(({ id }) => id)
    await work(1)
    for (const id of backups) await home.ended(id)
    expect(await history(backups)).toEqual({
      atOnce: 1,
      began: ['first', 'second', 'third'],
      states: ['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED'],
    })
  })

  it('keeps to the limit of a repository, while another repository is not held up by it', async () => {
    const { prisma } = home.runtime
    await prisma.repository.updateMany({ where: { isDefault: true }, data: { options: { runsAtOnce: 1 } } })
    const settings = { path: join(home.folder, 'elsewhere') }
    const elsewhere = await createRepository(home.runtime, home.admin, { name: 'elsewhere', kind: 'local', settings })
    const [a, b, c] = [await addFolder('a'), await addFolder('b'), await addFolder('c')]
    await prisma.source.update({ where: { id: c }, data: { repositoryId: elsewhere.id } })
    const backup = await trigger(a, b, c)
    const waiting = await prisma.backupRun.findMany({ where: { backupId: backup.id }, include: { source: true } })
    const { reasons } = decideTurns({ ...(await readTurns(prisma, home.runtime.config)), workers: [[]] })
    const held = waiting.filter((run) => reasons.has(run.id))
    expect(held.map((run) => run.source.name)).toEqual(['b'])
    expect(reasons.get(held[0]?.id ?? '')).toBe('a backup into default, as many as it takes at once')
    await work(3)
    await home.ended(backup.id)
    const into = async (...names: string[]) => {
      const runs = await prisma.backupRun.findMany({
        where: { backupId: backup.id, source: { name: { in: names } } },
        orderBy: { startedAt: 'asc' },
      })
      return runs.map(({ startedAt, finishedAt }) => ({ start: startedAt as Date, end: finishedAt as Date }))
    }
    const [one, two] = await into('a', 'b')
    const [free] = await into('c')
    expect(two?.start.getTime()).toBeGreaterThanOrEqual(one?.end.getTime() ?? Number.NaN)
    expect(free?.start.getTime()).toBeLessThan(one?.end.getTime() ?? Number.NaN)
  })

  it('takes nothing more once it was told to stop, and leaves what is queued to the next', async () => {
    await work(1)
    await worker?.stop(0)
    const { id } = await trigger(await addFolder('later'))
    expect((await home.runtime.prisma.backup.findUniqueOrThrow({ where: { id } })).state).toBe('QUEUED')
    await work(1)
    expect((await home.ended(id)).state).toBe('SUCCEEDED')
  })
})
