import { once } from 'node:events'
import { createServer } from 'node:http'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { createPlan } from '#lib/plans/change.ts'
import { Secret } from '#lib/secrets/secret.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { beat, markLate } from './watch.ts'

let home: Installation
let sourceId: string
const prisma = () => home.runtime.prisma
const after = (hours: number) => {
  const now = new Date(home.runtime.clock.now().getTime() + hours * 3_600_000)
  return markLate({ ...home.runtime, clock: { now: () => now } })
}
const late = async () => (await prisma().source.findUniqueOrThrow({ where: { id: sourceId } })).lateSince

beforeAll(async () => {
  home = await openInstallation()
  sourceId = (await home.addFiles('notes', { 'a.txt': 'a' })).source.id
})
afterAll(() => home?.close())

it('a source is late when its plan’s backups do not come, people are told once, and it is not any more after a good one', async () => {
  await after(1000)
  expect(await late()).toBeNull()
  await createPlan(home.runtime, home.admin, { name: 'daily', selection: {}, schedule: 'daily' })
  await after(25)
  expect(await late()).toBeNull()
  await Promise.all([after(27), after(27), after(28)])
  const since = await late()
  expect(since).not.toBeNull()
  const told = { sourceId, since: since?.toISOString() ?? '' }
  expect(await home.runtime.queue.hasJob('notify.source-late', told)).toBe(true)

  const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE' })
  const finishedAt = new Date(home.runtime.clock.now().getTime() + 29 * 3_600_000)
  await prisma().backupRun.updateMany({ where: { backupId: id }, data: { state: 'FAILED', finishedAt } })
  await after(30)
  expect(await late()).toEqual(since)
  await prisma().backupRun.updateMany({ where: { backupId: id }, data: { state: 'SUCCEEDED', snapshotId: 'x' } })
  await after(30)
  expect(await late()).toBeNull()
  await after(29 + 27)
  expect(await late()).not.toEqual(since)
})

it('the watchdog outside is called, and its absence harms nothing', async () => {
  let calls = 0
  const server = createServer((_request, response) => {
    calls++
    response.writeHead(calls === 1 ? 200 : 500).end('ok')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}/ping/secret`
  const deps = { ...home.runtime, config: { ...home.runtime.config, HEARTBEAT_URL: new Secret(url) } }
  await beat(deps)
  await beat(deps)
  expect(calls).toBe(2)
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
  await expect(beat(deps)).resolves.toBeUndefined()
  await expect(beat(home.runtime)).resolves.toBeUndefined()
})
