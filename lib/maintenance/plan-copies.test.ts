import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPlan, updatePlan } from '#lib/plans/change.ts'
import { openAccess } from '#lib/repositories/access.ts'
import { createRepository } from '#lib/repositories/create.ts'
import { removeRepository } from '#lib/repositories/remove.ts'
import { runPlan } from '#lib/schedules/run-plan.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import type { Repository } from '#prisma/client/client.ts'
import { copyMissing, setCopyTarget } from './copy-target.ts'
import { missingCopiesOfPlan, withoutCopy } from './missing-copies.ts'

let home: Installation
let usual: Repository
let own: Repository
let vault: Repository
const refusal = (code: string, path?: string) =>
  expect.objectContaining({ code, ...(path && { details: { issues: [expect.objectContaining({ path })] } }) })

beforeAll(async () => {
  home = await openInstallation()
  usual = await home.runtime.prisma.repository.findFirstOrThrow()
  await home.addFiles('photos', { 'a.txt': 'first' })
  const make = (name: string) =>
    createRepository(home.runtime, home.admin, {
      name,
      kind: 'local',
      settings: { path: join(home.folder, name) },
      copyOf: usual.id,
    })
  own = await make('own')
  vault = await make('vault')
  await home.startWorker()
})
afterAll(() => home?.close())

const plan = (more: object) =>
  createPlan(home.runtime, home.admin, { name: 'nightly', schedule: null, selection: { types: ['STORAGE'] }, ...more })

describe('the repositories of a plan', () => {
  it('must be there, and copies go to another one', async () => {
    const { id: unknown } = (await home.runtime.prisma.environment.findFirst()) as { id: string }
    for (const field of ['repositoryId', 'copyRepositoryId'])
      await expect(plan({ [field]: unknown })).rejects.toThrow(refusal('REPOSITORY_UNKNOWN'))
    await expect(plan({ repositoryId: own.id, copyRepositoryId: own.id })).rejects.toThrow(
      refusal('INPUT_INVALID', 'copyRepositoryId'),
    )
    const both = { id: { in: [own.id, vault.id] } }
    await home.runtime.prisma.repository.updateMany({ where: both, data: { resticId: 'a'.repeat(64) } })
    await expect(plan({ repositoryId: own.id, copyRepositoryId: vault.id })).rejects.toThrow('under another name')
    await home.runtime.prisma.repository.updateMany({ where: both, data: { resticId: null } })
  })

  it('take its snapshots and their copies in place of what the source’s repository says', async () => {
    const { prisma } = home.runtime
    await setCopyTarget(home.runtime, home.admin, { repositoryId: own.id, targetId: usual.id })
    const { id } = await plan({ repositoryId: own.id, copyRepositoryId: vault.id, uploadKibPerSecond: 50_000 })
    const backup = await home.ended((await runPlan(home.runtime, home.admin, 'API', id)).id)
    expect(backup).toMatchObject({ state: 'SUCCEEDED', runs: [{ repositoryId: own.id }], uploadKibPerSecond: 50_000 })

    const tasks = () => prisma.repositoryTask.findMany({ where: { kind: 'COPY' } })
    expect(await tasks()).toMatchObject([{ repositoryId: vault.id, state: 'QUEUED' }])
    // Another place for the copies of the repository is none of the plan's business.
    await setCopyTarget(home.runtime, home.admin, { repositoryId: own.id, targetId: null })
    expect(await tasks()).toMatchObject([{ repositoryId: vault.id, state: 'QUEUED' }])
    const missing = await missingCopiesOfPlan(prisma, id)
    expect(missing).toMatchObject([{ repository: { name: 'own' }, copyTo: { name: 'vault' }, missing: 1 }])

    await prisma.repositoryTask.updateMany({ data: { state: 'FAILED' } })
    expect(await copyMissing(home.runtime, home.admin, own.id)).toMatchObject({ queued: 1, left: 0 })
    await home.startMaintenance()
    await expect.poll(async () => (await tasks()).map(({ state }) => state), { timeout: 50_000 }).toEqual(['SUCCEEDED'])
    expect(await missingCopiesOfPlan(prisma, id)).toEqual([])
    const row = await prisma.repository.findUniqueOrThrow({ where: { id: own.id } })
    expect(await prisma.backupRun.count({ where: await withoutCopy(prisma, row) })).toBe(0)
  })

  it('cannot be removed while the plan names them', async () => {
    const { id } = await home.runtime.prisma.plan.findFirstOrThrow()
    await updatePlan(home.runtime, home.admin, { id, repositoryId: null })
    const make = { name: 'spare', kind: 'local', settings: { path: join(home.folder, 'spare') } }
    const spare = await createRepository(home.runtime, home.admin, make)
    for (const [field, reason] of [
      ['repositoryId', 'plan “nightly” saves there'],
      ['copyRepositoryId', 'copies of plan “nightly” go there'],
    ] as const) {
      await updatePlan(home.runtime, home.admin, { id, [field]: spare.id })
      await expect(removeRepository(home.runtime, home.admin, spare.id)).rejects.toThrow(reason)
      await updatePlan(home.runtime, home.admin, { id, [field]: null })
    }
    await removeRepository(home.runtime, home.admin, spare.id)
  })
})

it.each([
  ['of the two is the stricter', { uploadKibPerSecond: 100 }, 50, 50],
  ['of the two is the stricter, whichever', { uploadKibPerSecond: 100 }, 200, 100],
  ['is the plan’s where the repository has none', {}, 200, 200],
  ['is the repository’s where the plan has none', { uploadKibPerSecond: 100 }, null, 100],
  ['is none where neither has one', {}, null, undefined],
])('the upload limit of a run %s', async (_title, options, ofPlan, limit) => {
  await using access = await openAccess(home.runtime, { ...usual, options }, ofPlan)
  expect(access.limits?.uploadKibPerSecond).toBe(limit)
})
