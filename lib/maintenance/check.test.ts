import { randomBytes } from 'node:crypto'
import { open, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAccess } from '#lib/repositories/access.ts'
import { repositoryOptions } from '#lib/repositories/options.ts'
import { backupPaths } from '#lib/restic/backup.ts'
import { request } from '#lib/restic/testing/bench.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import type { Repository } from '#prisma/client/client.ts'
import { sharesOf } from './check.ts'
import { checkResult } from './check-result.ts'
import { startTask } from './tasks.ts'

describe('the number of shares that data is read in', () => {
  it.each([
    ['a check a week reads all in as many weeks', { readAllInWeeks: 12, checkEveryDays: 7 }, 12],
    ['more checks read less each', { readAllInWeeks: 2, checkEveryDays: 1 }, 14],
    ['the last check that fits ends in time', { readAllInWeeks: 3, checkEveryDays: 10 }, 2],
    ['fewer checks than weeks read all each time', { readAllInWeeks: 1, checkEveryDays: 30 }, 1],
    ['checks by hand count as weekly', { readAllInWeeks: 4, checkEveryDays: 0 }, 4],
    ['nothing is read in no weeks', { readAllInWeeks: 0, checkEveryDays: 7 }, 0],
    ['restic knows no more shares', { readAllInWeeks: 520, checkEveryDays: 1 }, 256],
  ])('%s', (_title, options, shares) => {
    expect(sharesOf(repositoryOptions.parse(options))).toBe(shares)
  })
})

describe('a check', () => {
  let home: Installation
  let repository: Repository
  const SIZE = 200_000
  const row = () => home.runtime.prisma.repository.findUniqueOrThrow({ where: { id: repository.id } })
  const tasks = () => home.runtime.prisma.repositoryTask

  /** Packs of data, by the number of the share of two that they are in. */
  async function dataPacks(): Promise<Map<number, string>> {
    const packs = new Map<number, string>()
    for (const name of await readdir(join(repository.location, 'data'), { recursive: true })) {
      const path = join(repository.location, 'data', name)
      const { size } = await stat(path)
      if (size > SIZE) packs.set((Number.parseInt(name.slice(0, 2), 16) % 2) + 1, path)
    }
    return packs
  }

  async function check(readData?: 'share' | 'all' | 'none') {
    const asked = { repositoryId: repository.id, kind: 'CHECK', ...(readData && { options: { readData } }) }
    const { id } = await startTask(home.runtime, home.admin, asked)
    const ended = () => tasks().findUniqueOrThrow({ where: { id } })
    await expect.poll(async () => (await ended()).state, { timeout: 30_000 }).not.toMatch(/QUEUED|RUNNING/)
    const task = await ended()
    expect(task).toMatchObject({ state: 'SUCCEEDED', errorCode: null })
    return checkResult.parse(task.result)
  }

  beforeAll(async () => {
    home = await openInstallation()
    repository = await home.runtime.prisma.repository.findFirstOrThrow()
    const options = { readAllInWeeks: 2, checkEveryDays: 7 }
    repository = await home.runtime.prisma.repository.update({ where: { id: repository.id }, data: { options } })
    const { path } = await home.addFiles('noise', {})
    const restic = await home.runtime.restic()
    await using access = await openAccess(home.runtime, repository)
    while ((await dataPacks()).size < 2) {
      await writeFile(join(path, 'noise'), randomBytes(SIZE))
      await backupPaths(restic, access, { ...request(), include: [path], exclude: [], oneFileSystem: true })
    }
    await home.startMaintenance()
  })
  afterAll(() => home?.close())

  it('reads another share each time, until all is read and it begins anew', async () => {
    const sound = { sound: true, problems: [], brokenPacks: [] }
    expect(await check()).toMatchObject({ ...sound, share: { number: 1, of: 2 } })
    expect(await check('share')).toMatchObject({ ...sound, share: { number: 2, of: 2 } })
    expect(await row()).toMatchObject({ nextShare: 0 })
  })

  it('of the structure alone, or of everything, leaves the turn of the shares alone', async () => {
    expect(await check('none')).toMatchObject({ sound: true, share: null })
    expect(await check('all')).toMatchObject({ sound: true, share: { number: 1, of: 1 } })
    expect(await row()).toMatchObject({ nextShare: 0 })
  })

  it('finds a flipped byte in the share that it reads, and goes on finding it until it is mended', async () => {
    const pack = (await dataPacks()).get(2) as string
    const flip = async () => {
      const file = await open(pack, 'r+')
      const { buffer } = await file.read(Buffer.alloc(1), 0, 1, 1000)
      await file.write(Buffer.from([(buffer[0] as number) ^ 1]), 0, 1, 1000)
      await file.close()
    }
    await flip()
    expect(await check('none')).toMatchObject({ sound: true })
    expect(await check()).toMatchObject({ sound: true, share: { number: 1, of: 2 } })
    const damaged = { sound: false, brokenPacks: [pack.split('/').at(-1)], share: { number: 2, of: 2 } }
    expect(await check()).toMatchObject(damaged)
    expect(await row()).toMatchObject({ nextShare: 1 })
    const again = await check()
    expect(again).toMatchObject(damaged)
    expect(again.problems.length).toBeGreaterThan(0)
    expect(await check('all')).toMatchObject({ sound: false, share: { number: 1, of: 1 } })
    await flip()
    expect(await check()).toMatchObject({ sound: true, share: { number: 2, of: 2 } })
    expect(await row()).toMatchObject({ nextShare: 0 })
  })
})
