import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { addSource } from '#lib/environments/sources.ts'
import { readTurns } from '#lib/repositories/read-turns.ts'
import { decideTurns } from '#lib/repositories/turns.ts'
import { freePort } from '#lib/testing/free-port.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { triggerBackup } from './trigger.ts'

let home: Installation

beforeAll(async () => {
  home = await openInstallation({ WORKER_RUNS: '4' })
  await home.addFiles('uploads', { 'a.txt': 'a' })
  await home.addFiles('documents', { 'b.txt': 'b' })
  await home.addSqlite('shop', 10)
  await home.addSqlite('stock', 10)
})
beforeEach(() => home.runtime.prisma.rateHit.deleteMany())
afterAll(() => home?.close())

const trigger = (more: object = {}) => triggerBackup(home.runtime, home.admin, 'API', { type: 'FULL' }, more)

/** The runs of a backup that has ended, by the name of their source and their attempt. */
async function runsOf(backupId: string) {
  const { state } = await home.ended(backupId)
  const runs = await home.runtime.prisma.backupRun.findMany({ where: { backupId }, include: { source: true } })
  const at = (date: Date | null) => date?.getTime() ?? Number.NaN
  const named = runs.map((run) => [
    `${run.source.name} ${run.attempt}`,
    { state: run.state, began: at(run.startedAt), ended: at(run.finishedAt) },
  ])
  return { state, runs: Object.fromEntries(named) as Record<string, { state: string; began: number; ended: number }> }
}

describe('a full backup', () => {
  it('saves the databases first and the files once they are done, and says that they wait', async () => {
    const { prisma, config } = home.runtime
    // Another worker, that is busy.
    await prisma.worker.create({ data: { name: 'elsewhere:1', environments: ['test'] } })
    const backup = await trigger()
    const files = await prisma.backupRun.findMany({ where: { backupId: backup.id, source: { type: 'STORAGE' } } })
    const { ready, reasons } = decideTurns(await readTurns(prisma, config))
    expect(ready).toHaveLength(2)
    expect(files.map(({ id }) => reasons.get(id))).toEqual(Array(2).fill('the databases of this backup'))
    await home.startWorker()
    const { state, runs } = await runsOf(backup.id)
    expect(state).toBe('SUCCEEDED')
    const databasesEnded = Math.max(runs['shop 1']?.ended as number, runs['stock 1']?.ended as number)
    expect(runs['uploads 1']?.began).toBeGreaterThanOrEqual(databasesEnded)
    expect(runs['documents 1']?.began).toBeGreaterThanOrEqual(databasesEnded)
  })

  it('is PARTIAL when a database cannot be saved, and the files do not wait until it is tried again', async () => {
    const { prisma, secretKey } = home.runtime
    const settings = { host: '127.0.0.1', port: await freePort() }
    await addSource(prisma, secretKey, { environmentId: home.environmentId, name: 'cache', kind: 'redis', settings })
    const backup = await trigger({ retries: 1, retryPauseSeconds: 8 })
    const { state, runs } = await runsOf(backup.id)
    expect(state).toBe('PARTIAL')
    expect(runs).toMatchObject({
      'cache 1': { state: 'FAILED' },
      'cache 2': { state: 'FAILED' },
      'stock 1': { state: 'SUCCEEDED' },
      'uploads 1': { state: 'SUCCEEDED' },
    })
    expect(runs['uploads 1']?.began).toBeLessThan(runs['cache 2']?.began as number)
  })
})
