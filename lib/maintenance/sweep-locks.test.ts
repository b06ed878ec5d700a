import { readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { openAccess } from '#lib/repositories/access.ts'
import { holdLock, type LockHolder } from '#lib/restic/testing/lock-holder.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { randomFiles, slowRestic } from '#lib/testing/server.ts'
import type { Repository } from '#prisma/client/client.ts'
import type { MaintenanceWorker } from './worker.ts'

let home: Installation
let repository: Repository
let maintenance: MaintenanceWorker | undefined
const holders: LockHolder[] = []

beforeAll(async () => {
  home = await openInstallation()
  repository = await home.runtime.prisma.repository.findFirstOrThrow()
})
afterEach(async () => {
  await maintenance?.stop()
  maintenance = undefined
  for (const holder of holders.splice(0)) await holder.kill().catch(() => {})
})
afterAll(() => home?.close())

const rows = () => home.runtime.prisma.resticProcess.findMany()
const locks = (location = repository.location) => readdir(join(location, 'locks'))

/** A restic of ours, or one that nobody noted, which holds a lock. */
async function lockHolder(whose: 'ours' | 'foreign') {
  const { noteProcess, ...access } = await openAccess(home.runtime, repository)
  const holder = await holdLock(await home.runtime.restic(), whose === 'ours' ? { ...access, noteProcess } : access)
  holders.push(holder)
  return holder
}

it('removes the lock of a backup that was killed while its repository could not be reached, once it can be', async () => {
  const real = home.runtime.restic
  const slow = await slowRestic(home.folder, 1000)
  home.runtime.restic = async () => ({ ...(await real()), binary: slow })
  const { source, path } = await home.addFiles('uploads', {})
  await randomFiles(path, 8)
  await home.startWorker()
  const backup = await triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE', sourceIds: [source.id] })
  await expect.poll(() => locks(), { timeout: 30_000 }).toHaveLength(1)
  const run = await home.runtime.prisma.backupRun.findFirstOrThrow({ where: { backupId: backup.id } })

  const away = `${repository.location}-away`
  await rename(repository.location, away)
  process.kill(run.resticPid as number, 'SIGKILL')
  expect((await home.ended(backup.id)).state).toBe('FAILED')
  home.runtime.restic = real
  expect(await locks(away)).toHaveLength(1)
  expect(await rows()).toMatchObject([{ pid: run.resticPid, command: 'backup', ended: true }])

  maintenance = await home.startMaintenance()
  await rename(away, repository.location)
  await expect.poll(() => locks(), { timeout: 60_000 }).toEqual([])
  await expect.poll(rows, { timeout: 10_000 }).toEqual([])
})

it('removes none of a living restic of ours, and none of somebody else’s', async () => {
  const living = await lockHolder('ours')
  const dead = await lockHolder('ours')
  const foreign = await lockHolder('foreign')
  await dead.kill()
  await foreign.kill()
  expect(await locks()).toHaveLength(3)
  maintenance = await home.startMaintenance()
  await expect.poll(() => locks(), { timeout: 30_000 }).toHaveLength(2)
  await expect.poll(rows, { timeout: 10_000 }).toMatchObject([{ pid: living.pid, ended: false }])
})

it('leaves processes of another machine alone until they cannot live any more', async () => {
  await home.runtime.prisma.resticProcess.deleteMany()
  const elsewhere = { repositoryId: repository.id, host: 'elsewhere', command: 'backup' }
  const ago = (hours: number) => new Date(home.runtime.clock.now().getTime() - hours * 3_600_000)
  await home.runtime.prisma.resticProcess.createMany({
    data: [
      { ...elsewhere, pid: 1, startedAt: ago(20) },
      { ...elsewhere, pid: 2, startedAt: ago(26) },
      { ...elsewhere, pid: 3, startedAt: ago(1), ended: true },
    ],
  })
  maintenance = await home.startMaintenance()
  await expect.poll(rows, { timeout: 30_000 }).toMatchObject([{ pid: 1 }])
})
