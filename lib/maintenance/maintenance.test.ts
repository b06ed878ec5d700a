import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { openAccess } from '#lib/repositories/access.ts'
import { readTurns } from '#lib/repositories/read-turns.ts'
import { decideTurns } from '#lib/repositories/turns.ts'
import { forgetSnapshots } from '#lib/restic/forget.ts'
import { listSnapshotIds } from '#lib/restic/snapshots.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import type { Repository } from '#prisma/client/client.ts'
import { cancelTask, startTask } from './tasks.ts'
import { interruptSilent, type MaintenanceWorker } from './worker.ts'

let home: Installation
let repository: Repository
let maintenance: MaintenanceWorker | undefined
const refusal = (code: string) => expect.objectContaining({ code })
const tasks = () => home.runtime.prisma.repositoryTask
const start = (kind: string) => startTask(home.runtime, home.admin, { repositoryId: repository.id, kind })
const reasons = async () => decideTurns(await readTurns(home.runtime.prisma, home.runtime.config)).reasons
const stateOf = async (id: string) => (await tasks().findUniqueOrThrow({ where: { id } })).state
const claimed = () => ({ state: 'RUNNING' as const, claimId: randomUUID(), heartbeatAt: new Date() })
const trigger = () => triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE' })

beforeAll(async () => {
  home = await openInstallation()
  repository = await home.runtime.prisma.repository.findFirstOrThrow()
  await home.addFiles('notes', { 'a.txt': 'a' })
})
beforeEach(() => home.runtime.prisma.rateHit.deleteMany())
afterEach(async () => {
  await maintenance?.stop()
  maintenance = undefined
  await tasks().deleteMany()
})
afterAll(() => home?.close())

describe('a prune', () => {
  it('is queued once, however often it is asked for, and noted in the audit log', async () => {
    const { id } = await start('PRUNE')
    await expect(start('PRUNE')).rejects.toThrow(refusal('TASK_ALREADY_ACTIVE'))
    const audited = await home.runtime.prisma.auditEvent.findFirstOrThrow({ where: { action: 'repository.task' } })
    expect(audited.details).toEqual({ kind: 'PRUNE', taskId: id })
  })

  it('is cancelled at once while it is queued', async () => {
    const { id } = await start('PRUNE')
    expect(await cancelTask(home.runtime, home.admin, id)).toMatchObject({
      state: 'CANCELLED',
      errorCode: 'RUN_CANCELLED',
    })
    await expect(cancelTask(home.runtime, home.admin, id)).rejects.toThrow(refusal('TASK_ALREADY_ENDED'))
  })

  it('is not for operators', async () => {
    const operator = { ...home.admin, role: 'OPERATOR' as const }
    await expect(startTask(home.runtime, operator, { repositoryId: repository.id, kind: 'PRUNE' })).rejects.toThrow(
      refusal('FORBIDDEN'),
    )
  })

  it('waits while a backup runs, and says so', async () => {
    const backup = await trigger()
    const run = { backupId: backup.id }
    await home.runtime.prisma.backupRun.updateMany({ where: run, data: claimed() })
    const { id } = await start('PRUNE')
    maintenance = await home.startMaintenance()
    expect((await reasons()).get(id)).toBe('a backup into default')
    expect(await stateOf(id)).toBe('QUEUED')
    await home.runtime.prisma.backup.delete({ where: { id: backup.id } })
    await expect.poll(() => stateOf(id), { timeout: 30_000 }).toBe('SUCCEEDED')
  })

  it('keeps a backup waiting, which says so and goes on afterwards', async () => {
    const { id } = await start('PRUNE')
    await tasks().update({ where: { id }, data: claimed() })
    const backup = await trigger()
    const worker = await home.startWorker()
    const run = await home.runtime.prisma.backupRun.findFirstOrThrow({ where: { backupId: backup.id } })
    expect(run.state).toBe('QUEUED')
    expect((await reasons()).get(run.id)).toBe('prune of default')
    await tasks().delete({ where: { id } })
    expect((await home.ended(backup.id)).state).toBe('SUCCEEDED')
    await worker.stop(0)
  })

  it('removes what no snapshot needs, and leaves its words and its process with the task', async () => {
    await using access = await openAccess(home.runtime, repository)
    const restic = await home.runtime.restic()
    await forgetSnapshots(restic, access, await listSnapshotIds(restic, access))
    maintenance = await home.startMaintenance()
    const { id } = await start('PRUNE')
    await expect.poll(() => stateOf(id), { timeout: 30_000 }).toBe('SUCCEEDED')
    const task = await tasks().findUniqueOrThrow({ where: { id } })
    expect(task.output).toMatch(/to delete|total prune|unused/)
    expect(task).toMatchObject({ errorCode: null, resticPid: expect.any(Number), result: { removedSnapshots: 0 } })
  })
})

describe('a task whose worker died', () => {
  it('is queued again, until it has taken three workers with it', async () => {
    const { id } = await start('PRUNE')
    const die = async () => {
      await tasks().update({
        where: { id },
        data: { state: 'RUNNING', heartbeatAt: new Date(0), worker: 'gone:1', notBefore: null },
      })
      await interruptSilent(home.runtime)
      return tasks().findUniqueOrThrow({ where: { id } })
    }
    expect(await die()).toMatchObject({ state: 'QUEUED', attempt: 2, errorCode: 'WORKER_LOST' })
    expect(await die()).toMatchObject({ state: 'QUEUED', attempt: 3 })
    expect(await die()).toMatchObject({ state: 'INTERRUPTED', attempt: 3, finishedAt: expect.any(Date) })
  })
})
