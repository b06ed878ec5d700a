import { randomBytes } from 'node:crypto'
import { appendFile, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { sealPassword } from '#lib/repositories/access.ts'
import { Secret } from '#lib/secrets/secret.ts'
import { removeLargePacks } from '#lib/testing/damage-packs.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { mountSmallDisk, smallDiskMissing } from '#lib/testing/small-disk.ts'
import type { BackupRun, Restore } from '#prisma/client/client.ts'
import { triggerRestore } from './trigger.ts'

let home: Installation
let run: BackupRun
let path: string
const content = randomBytes(1_500_000).toString('hex')
const rows = () => home.runtime.prisma.restore
const trigger = (given: object) => triggerRestore(home.runtime, home.admin, { runId: run.id, ...given })
const folder = (name: string) => join(home.folder, 'files', name)

async function ended({ id }: { id: string }): Promise<Restore> {
  const row = () => rows().findUniqueOrThrow({ where: { id } })
  await expect.poll(async () => (await row()).state, { timeout: 60_000 }).not.toMatch(/QUEUED|RUNNING/)
  return row()
}

async function limitDownload(downloadKibPerSecond: number | undefined) {
  const options = downloadKibPerSecond === undefined ? {} : { downloadKibPerSecond }
  await home.runtime.prisma.repository.updateMany({ data: { options } })
}

beforeAll(async () => {
  home = await openInstallation()
  await Promise.all([home.startWorker(), home.startRestores()])
  const added = await home.addFiles('noise', { empty: '', small: 'small', zlarge: content })
  const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE', sourceIds: [added.source.id] })
  run = (await home.ended(id)).runs[0] as BackupRun
  path = added.path
})
afterEach(async () => {
  await rows().deleteMany()
  await limitDownload(undefined)
})
afterAll(() => home?.close())

if (!smallDiskMissing)
  it('a disk that is full in the middle is never a success, with or without files that are there', async () => {
    const disk = await mountSmallDisk(folder('disk'), 8)
    try {
      await disk.fill(1_000_000)
      for (const overwrite of [null, 'ALWAYS']) {
        const target = join(folder('disk'), `restored ${overwrite}`)
        const full = await ended(await trigger({ folder: target, overwrite }))
        expect(full).toMatchObject({ state: 'PARTIAL', errorCode: 'RESTORE_INCOMPLETE', filesTotal: 3n })
        // The empty file needs no room. Whether the small one is written before the disk is full is restic's affair.
        expect([1n, 2n]).toContain(full.filesDone)
        expect(full.errorMessage).toMatch(/zlarge.*no space left on device/)
        await rm(target, { recursive: true })
      }
      await disk.empty()
      const target = join(folder('disk'), 'enough')
      expect(await ended(await trigger({ folder: target }))).toMatchObject({ state: 'SUCCEEDED' })
      expect(await readFile(join(target, path, 'zlarge'), 'utf8')).toBe(content)
    } finally {
      disk.unmount()
    }
  })

it('a snapshot that is forgotten in the middle is no success: it cannot be compared in the end', async () => {
  const { location } = await home.runtime.prisma.repository.findFirstOrThrow()
  await limitDownload(200)
  const target = folder('forgotten')
  await mkdir(target)
  const over = await trigger({ folder: target, overwrite: 'ALWAYS' })
  await expect.poll(() => readdir(target), { timeout: 30_000 }).not.toHaveLength(0)
  const snapshot = join(location, 'snapshots', run.snapshotId as string)
  await rename(snapshot, folder('snapshot'))
  const restore = await ended(over)
  await rename(folder('snapshot'), snapshot)
  expect(restore).toMatchObject({ state: 'FAILED', errorCode: 'RESTIC_FAILED' })
})

it('a file that somebody changes while others are restored is no success', async () => {
  await limitDownload(200)
  const target = folder('changed')
  await mkdir(target)
  const over = await trigger({ folder: target, overwrite: 'ALWAYS' })
  const small = join(target, path, 'small')
  await expect.poll(() => readFile(small, 'utf8').catch(() => ''), { timeout: 30_000, interval: 20 }).toBe('small')
  await appendFile(small, ' and more')
  const restore = await ended(over)
  expect(restore).toMatchObject({ state: 'FAILED', errorCode: 'RESTORE_INCOMPLETE' })
  expect(restore.errorMessage).toContain('has 14 bytes instead of 5')
})

it('a repository whose password is another one now is read by nobody', async () => {
  const { prisma, secretKey } = home.runtime
  const { id, sealedPassword } = await prisma.repository.findFirstOrThrow()
  const wrong = sealPassword(secretKey, id, new Secret('another password'))
  await prisma.repository.update({ where: { id }, data: { sealedPassword: wrong } })
  const target = folder('locked')
  const restore = await ended(await trigger({ folder: target }))
  await prisma.repository.update({ where: { id }, data: { sealedPassword } })
  expect(restore).toMatchObject({ state: 'FAILED', errorCode: 'REPOSITORY_WRONG_PASSWORD' })
  expect(await readdir(target)).toEqual([])
})

// Last: it damages the repository.
it('a pack that is gone is no success', async () => {
  const { location } = await home.runtime.prisma.repository.findFirstOrThrow()
  await removeLargePacks(location)
  const target = folder('without a pack')
  const restore = await ended(await trigger({ folder: target }))
  expect(restore).toMatchObject({ state: 'PARTIAL', errorCode: 'RESTORE_INCOMPLETE' })
  expect(restore.errorMessage).toContain(join(path, 'zlarge'))
  // The small one was in the same pack.
  expect(restore.filesDone).toBe(1n)
  expect(await readdir(join(target, path))).toContain('empty')
})
