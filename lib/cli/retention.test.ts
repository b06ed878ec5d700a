import { afterAll, beforeAll, expect, test } from 'vitest'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { createPlan } from '#lib/plans/change.ts'
import { applyRetention } from '#lib/retention/apply.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { type Client, serveClient } from './served-client.fixture.ts'

let home: Installation
let client: Client
let planId: string
const runs: string[] = []

/** Two good runs of a plan, the first a hundred days old. */
beforeAll(async () => {
  home = await openInstallation()
  client = await serveClient(home, 'retention')
  const { source } = await home.addFiles('notes', { 'a.txt': 'a' })
  planId = (await createPlan(home.runtime, home.admin, { name: 'nightly', selection: {} })).id
  for (const daysAgo of [100, 0]) {
    const input = { type: 'STORAGE', sourceIds: [source.id] }
    const { id } = await triggerBackup(home.runtime, home.admin, 'API', input, { planId })
    const finishedAt = new Date(home.runtime.clock.now().getTime() - daysAgo * 86_400_000)
    const data = { state: 'SUCCEEDED' as const, snapshotId: `${daysAgo}`, finishedAt, storedBytes: 2048, bytesDone: 1 }
    await home.runtime.prisma.backupRun.updateMany({ where: { backupId: id }, data })
    runs.push((await home.runtime.prisma.backupRun.findFirstOrThrow({ where: { backupId: id } })).id)
  }
})
afterAll(async () => {
  client?.close()
  await home?.close()
})

test('what is kept is shown with its rule, pinned and unpinned', async () => {
  const [old, fresh] = runs as [string, string]
  const { stdout } = await client.run(['preview', 'nightly'])
  expect(stdout).toMatch(
    new RegExp(`^${fresh} .* notes +the newest good one, the newest whole one, at most 30 days`, 'm'),
  )
  expect(stdout).toMatch(new RegExp(`^${old} .* notes +IS TO GO$`, 'm'))
  expect(stdout).toContain('1 stay, 1 are to go: about 2.0 kB with the next prune.')

  await applyRetention(home.runtime)
  expect((await home.runtime.prisma.backupRun.findUniqueOrThrow({ where: { id: old } })).expiredAt).not.toBeNull()
  await client.json(['pin', old, '--reason', 'before the move'])
  expect(await home.runtime.prisma.backupRun.findUniqueOrThrow({ where: { id: old } })).toMatchObject({
    expiredAt: null,
    pinReason: 'before the move',
  })
  expect((await client.run(['preview', 'nightly'])).stdout).toMatch(new RegExp(`^${old} .* notes +pinned$`, 'm'))
  await client.json(['unpin', old])
  expect(await client.run(['pin', planId, '--reason', 'x'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('RUN_UNKNOWN'),
  })
})

test('a backup that looks wrong is listed, and retention goes on when somebody says so', async () => {
  const { prisma } = home.runtime
  const run = await prisma.backupRun.findUniqueOrThrow({ where: { id: runs[1] ?? '' } })
  expect((await client.run(['holds'])).stdout).toBe('No backup looks wrong.\n')
  const { id } = await prisma.retentionHold.create({
    data: { sourceId: run.sourceId, runId: run.id, reason: 'it read 1 % of what is usual' },
  })
  expect((await client.run(['holds'])).stdout).toContain('it read 1 % of what is usual')
  await client.json(['release', id])
  expect(await prisma.retentionHold.findUniqueOrThrow({ where: { id } })).toMatchObject({
    releasedBy: home.admin.email,
  })
  expect(await client.run(['release', runs[0] ?? ''])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('HOLD_UNKNOWN'),
  })
})
