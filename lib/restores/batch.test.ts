import { randomUUID } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { serveClient } from '#lib/cli/served-client.fixture.ts'
import { readTurns } from '#lib/repositories/read-turns.ts'
import { decideTurns } from '#lib/repositories/turns.ts'
import { countSqlite } from '#lib/sources/connections/sqlite.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import type { Restore } from '#prisma/client/client.ts'
import { planBatch, triggerBatch } from './batch.ts'
import type { RestoreWorker } from './worker.ts'

let home: Installation
let backupId: string
let paths: { notes: string; shop: string }
let worker: RestoreWorker | undefined
let next = 0
const refusal = (code: string) => expect.objectContaining({ code })
const rows = () => home.runtime.prisma.restore
const folder = () => join(home.folder, 'files', `all-${next++}`)
const trigger = (given: object) => triggerBatch(home.runtime, home.admin, { backupId, ...given })
const items = async (path: string) => (await countSqlite(path, { signal: new AbortController().signal })).tables.item

async function ended(batch: readonly Restore[]): Promise<Restore[]> {
  const where = { id: { in: batch.map(({ id }) => id) } }
  const read = () => rows().findMany({ where, orderBy: { position: 'asc' } })
  const active = async () => (await read()).filter(({ state }) => state === 'QUEUED' || state === 'RUNNING')
  await expect.poll(active, { timeout: 60_000 }).toEqual([])
  return read()
}

beforeAll(async () => {
  home = await openInstallation()
  await home.startWorker()
  const shop = await home.addSqlite('shop', 3)
  const notes = await home.addFiles('notes', { one: 'one', two: 'two' })
  const empty = await home.addFiles('empty', {})
  paths = { notes: notes.path, shop: shop.path }
  const sourceIds = [shop, notes, empty].map(({ source }) => source.id)
  backupId = (await triggerBackup(home.runtime, home.admin, 'API', { type: 'FULL', sourceIds })).id
  expect((await home.ended(backupId)).state).toBe('PARTIAL')
})
afterEach(async () => {
  await worker?.stop()
  worker = undefined
  await rows().deleteMany()
})
afterAll(() => home?.close())

it('a whole backup is planned in the order of its restore document, with what is not there', async () => {
  const plan = (given: object) => planBatch(home.runtime, home.admin, { backupId, folder: '/srv/all', ...given })
  const into = ({ steps }: Awaited<ReturnType<typeof plan>>) => steps.map((step) => step.into)
  const plain = await plan({})
  expect(into(plain)).toEqual(['/srv/all/1-test-notes', '/srv/all/2-test-shop'])
  expect(plain.missing).toMatchObject([{ state: 'FAILED' }])
  const placed = await plan({ suffix: '_new', original: true })
  expect(into(placed)).toEqual([paths.notes, join(dirname(paths.shop), 'shop_new.sqlite')])
  await expect(plan({ backupId: randomUUID() })).rejects.toThrow(refusal('BACKUP_UNKNOWN'))
  for (const wrong of [{ folder: 'relative' }, { suffix: '/../x' }])
    await expect(plan(wrong)).rejects.toThrow(refusal('INPUT_INVALID'))
  const operator = { ...home.admin, role: 'OPERATOR' as const }
  await expect(planBatch(home.runtime, operator, { backupId, folder: '/x' })).rejects.toThrow(refusal('FORBIDDEN'))
})

it('is restored one after the other, to where files are missing and into new databases', async () => {
  await rm(join(paths.notes, 'one'))
  await writeFile(join(paths.notes, 'two'), 'changed')
  const wish = { folder: folder(), suffix: '_new', original: true, idempotencyKey: 'all of it' }
  const batch = await trigger(wish)
  const ids = batch.map(({ id }) => id)
  expect((await trigger(wish)).map(({ id }) => id)).toEqual(ids)
  worker = await home.startRestores()
  const [notes, shop] = (await ended(batch)) as [Restore, Restore]
  expect([notes.state, shop.state]).toEqual(['SUCCEEDED', 'SUCCEEDED'])
  expect(Number(shop.startedAt)).toBeGreaterThanOrEqual(Number(notes.finishedAt))
  expect([await readFile(join(paths.notes, 'one'), 'utf8'), await readFile(join(paths.notes, 'two'), 'utf8')]).toEqual([
    ...['one', 'changed'],
  ])
  expect(await items(join(dirname(paths.shop), 'shop_new.sqlite'))).toBe(3)
  await rm(join(dirname(paths.shop), 'shop_new.sqlite'))
})

it('goes on after one that fails, and waits for the one before', async () => {
  const target = folder()
  const batch = await trigger({ folder: target, suffix: '_new', original: false })
  const [first, second] = batch as [Restore, Restore]
  const turns = await readTurns(home.runtime.prisma, home.runtime.config)
  const served = decideTurns({ ...turns, workers: [['test']] })
  expect(served.ready.map(({ id }) => id)).toEqual([first.id])
  expect(served.reasons.get(second.id)).toBe('the restores that go before it')
  // A file where the folder would be.
  await writeFile(target, 'x')
  worker = await home.startRestores()
  const [notes, shop] = (await ended(batch)) as [Restore, Restore]
  expect([notes.state, shop.state]).toEqual(['FAILED', 'SUCCEEDED'])
  await rm(join(dirname(paths.shop), 'shop_new.sqlite'))
})

it('is queued whole or not at all', async () => {
  const { prisma } = home.runtime
  await prisma.environment.updateMany({ data: { protected: true } })
  await expect(trigger({ folder: folder() })).rejects.toThrow(refusal('ENVIRONMENT_NOT_CONFIRMED'))
  const confirmed = await trigger({ folder: folder(), confirmEnvironments: ['test'] })
  expect(confirmed).toHaveLength(2)
  await prisma.environment.updateMany({ data: { protected: false } })
  await rows().deleteMany()
  const target = folder()
  await rows().create({
    data: {
      ...{ runId: (confirmed[1] as Restore).runId, folder: join(target, '2-test-shop'), requestedFolder: '' },
      ...{ requestedBy: 'x', state: 'RUNNING', heartbeatAt: new Date(Date.now() + 3_600_000) },
    },
  })
  await expect(trigger({ folder: target })).rejects.toThrow(refusal('RESTORE_TARGET_BUSY'))
  expect(await rows().count()).toBe(1)
})

it('is planned and awaited on the command line', async () => {
  worker = await home.startRestores()
  const client = await serveClient(home, 'restore-backup')
  const target = folder()
  const planned = await client.run([backupId, '--to-folder', target, '--plan'])
  expect(planned).toMatchObject({ code: 0, stderr: '' })
  expect(planned.stdout).toContain(join(target, '1-test-notes'))
  expect(planned.stdout).toContain('Nothing is there to be restored of test: empty: FAILED')
  expect(await rows().count()).toBe(0)
  const done = await client.run([backupId, '--to-folder', target, '--wait'])
  expect(done).toMatchObject({ code: 0, stderr: '' })
  expect(done.stdout.match(/SUCCEEDED/g)).toHaveLength(2)
  const again = await client.run([backupId, '--to-folder', target, '--wait'])
  expect(again.code).toBe(1)
  expect(again.stdout).toContain('RESTORE_TARGET_NOT_EMPTY')
  client.close()
})
