import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openAccess } from '#lib/repositories/access.ts'
import { updateRepository } from '#lib/repositories/update.ts'
import { checkRepository } from '#lib/restic/check.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import type { Repository } from '#prisma/client/client.ts'
import { triggerBackup } from './trigger.ts'

let home: Installation
let repository: Repository
let path: string
const choose = async (options: object) => {
  repository = await updateRepository(home.runtime, home.admin, { id: repository.id, options })
}
const trigger = (input: object = {}) => triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE', ...input })

beforeAll(async () => {
  home = await openInstallation({ COMPRESSION_LEVEL: '4' })
  repository = await home.runtime.prisma.repository.findFirstOrThrow()
  path = (await home.addFiles('noise', {})).path
})
beforeEach(() => home.runtime.prisma.rateHit.deleteMany())
afterAll(() => home?.close())

describe('the compression of a run', () => {
  it.each([
    ['is what the trigger asks for', { compressionLevel: 9 }, { compressionLevel: 2 }, 2],
    ['else what the repository is set to', { compressionLevel: 9 }, {}, 9],
    ['else the program’s own', {}, {}, 4],
  ])('%s', async (_title, options, input, level) => {
    await choose(options)
    const { id } = await trigger(input)
    const runs = await home.runtime.prisma.backupRun.findMany({ where: { backupId: id } })
    expect(runs.map((run) => run.compressionLevel)).toEqual([level])
    await home.runtime.prisma.backup.delete({ where: { id } })
  })
})

describe('the limits of a repository', () => {
  it('are among the arguments of restic', async () => {
    await choose({ uploadKibPerSecond: 70_001, downloadKibPerSecond: 70_002, packSizeMib: 5 })
    await using access = await openAccess(home.runtime, repository)
    let seen: string[] = []
    await checkRepository(await home.runtime.restic(), access, {
      signal: new AbortController().signal,
      onStarted: ({ pid }) => {
        seen = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      },
    })
    for (const [flag, value] of [
      ['--limit-upload', '70001'],
      ['--limit-download', '70002'],
      ['--pack-size', '5'],
    ] as const)
      expect(seen[seen.indexOf(flag) + 1], flag).toBe(value)
  })

  it('reach the restic of a backup: its files are as big as was chosen', async () => {
    await choose({ packSizeMib: 4 })
    writeFileSync(join(path, 'noise'), randomBytes(14 * 1024 ** 2))
    await home.startWorker()
    expect(await home.ended((await trigger()).id)).toMatchObject({ state: 'SUCCEEDED' })
    const data = join(repository.location, 'data')
    const sizes = readdirSync(data, { recursive: true, encoding: 'utf8' })
      .map((name) => statSync(join(data, name)))
      .filter((found) => found.isFile())
      .map(({ size }) => size)
    // A pack is closed once it has that size, with the chunk that it then holds, of at most 8 MiB.
    expect(Math.max(...sizes)).toBeLessThan(13 * 1024 ** 2)
    expect(sizes.filter((size) => size > 1024 ** 2).length).toBeGreaterThan(1)
  })
})
