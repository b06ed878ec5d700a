import { createHash } from 'node:crypto'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTask } from '#lib/maintenance/tasks.ts'
import { openAccess } from '#lib/repositories/access.ts'
import { openRepository } from '#lib/restic/init.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import type { Repository } from '#prisma/client/client.ts'
import { triggerBackup } from './trigger.ts'

let home: Installation
const repository = (): Promise<Repository> => home.runtime.prisma.repository.findFirstOrThrow()

beforeAll(async () => {
  home = await openInstallation()
})
afterAll(() => home?.close())

async function damage(keyId: string): Promise<void> {
  const file = join((await repository()).location, 'keys', keyId)
  await chmod(file, 0o600).catch(() => {})
  await writeFile(file, 'nothing')
}

/** Whether restic is kept out: when it meets a damaged key file before the sound one is up to the order of the folder. */
async function isKeptOut(): Promise<boolean> {
  await using access = await openAccess(home.runtime, await repository())
  return openRepository(await home.runtime.restic(), access).then(
    () => false,
    (error: { code?: string }) => error.code === 'REPOSITORY_KEY_DAMAGED',
  )
}

it('damaged key files keep neither backups nor tasks out, while the spare one is sound', async () => {
  const { keyId, spareKeyId } = await repository()
  await home.addSqlite('shop', 10)
  await damage(keyId as string)
  for (let i = 0; i < 50 && !(await isKeptOut()); i++) await damage(createHash('sha256').update(`${i}`).digest('hex'))
  expect(await isKeptOut()).toBe(true)

  await home.startWorker()
  const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'DATABASE' })
  const backup = await home.ended(id)
  expect(backup.runs.map((run) => [run.state, run.attempt])).toEqual([['SUCCEEDED', 1]])
  expect(backup.events.map((event) => event.message)).toContainEqual(expect.stringContaining('The spare key opens it'))
  expect(await repository()).toMatchObject({ keyId: spareKeyId, spareKeyId: null })

  await home.runtime.prisma.repository.updateMany({ data: { keyId, spareKeyId } })
  expect(await isKeptOut()).toBe(true)
  await home.startMaintenance()
  const task = await startTask(home.runtime, home.admin, { repositoryId: (await repository()).id, kind: 'PRUNE' })
  const state = async () =>
    (await home.runtime.prisma.repositoryTask.findUniqueOrThrow({ where: { id: task.id } })).state
  await expect.poll(state, { timeout: 60_000 }).toBe('SUCCEEDED')
})
