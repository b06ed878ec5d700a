import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { ensureDefaultRepository } from './default.ts'

let home: Installation
const ensure = async () => ensureDefaultRepository(home.runtime, await home.runtime.restic())

beforeAll(async () => {
  home = await openInstallation()
})
afterAll(() => home?.close())

it('the default repository that a crash left made but not noted is taken up', async () => {
  const { prisma } = home.runtime
  const before = await prisma.repository.findFirstOrThrow()
  await prisma.repository.update({ where: { id: before.id }, data: { initialisedAt: null } })
  expect(await ensure()).toMatchObject({ id: before.id, initialisedAt: expect.any(Date) })
})

it('one that is there while the database was lost is refused, and not noted with a password that does not open it', async () => {
  const { prisma } = home.runtime
  await prisma.repository.deleteMany()
  for (const _ of ['at the first start', 'at the next']) {
    await expect(ensure()).rejects.toMatchObject({ code: 'REPOSITORY_WRONG_PASSWORD' })
    expect(await prisma.repository.count()).toBe(0)
  }
})
