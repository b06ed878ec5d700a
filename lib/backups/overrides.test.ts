import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createPlan } from '#lib/plans/change.ts'
import { applyRetention } from '#lib/retention/apply.ts'
import { setOption } from '#lib/settings/set-option.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { triggerBackup } from './trigger.ts'

let home: Installation
let sourceId: string

beforeAll(async () => {
  home = await openInstallation({ RETENTION_POLICY: '40' })
  sourceId = (await home.addFiles('notes', { 'a.txt': 'a' })).source.id
  await home.startWorker()
})
beforeEach(() => home.runtime.prisma.rateHit.deleteMany())
afterAll(() => home?.close())

const trigger = (more: object = {}, plan: object = {}) =>
  triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE', sourceIds: [sourceId], ...more }, plan)
const logOf = async (id: string) => {
  const { events } = await home.ended(id)
  return events.filter((event) => event.kind === 'LOG').map((event) => event.level)
}

it('a backup shows the options that it goes by, and who said so', async () => {
  await setOption(home.runtime, home.admin, { name: 'notification_enabled', value: 'false' })
  const { id } = await trigger({ compressionLevel: 7, retentionDays: 3 })
  const { options } = await home.ended(id)
  expect(options).toEqual([
    { name: 'data_selection', value: 'files', origin: 'TRIGGER' },
    { name: 'retention_policy', value: '3', origin: 'TRIGGER' },
    { name: 'compression_level', value: '7', origin: 'TRIGGER' },
    { name: 'notification_enabled', value: 'false', origin: 'SETTINGS' },
  ])
  await setOption(home.runtime, home.admin, { name: 'notification_enabled', value: null })
  const plan = await createPlan(home.runtime, home.admin, { name: 'nightly', selection: { sourceIds: [sourceId] } })
  const ofPlan = await home.ended(
    (await trigger({ notificationEnabled: true, logVerbosity: 'INFO' }, { planId: plan.id })).id,
  )
  expect(ofPlan.options).toContainEqual({ name: 'notification_enabled', value: 'true', origin: 'PLAN' })
  expect(ofPlan.options).toContainEqual({ name: 'log_verbosity', value: 'INFO', origin: 'PLAN' })
  expect(ofPlan.options).not.toContainEqual(expect.objectContaining({ name: 'retention_policy' }))
})

it('a run’s log holds what its trigger wants of it', async () => {
  const { source, path } = await home.addSqlite('shop', 1)
  const settings = { pattern: path.replace('shop', 's*') }
  await home.runtime.prisma.source.update({ where: { id: source.id }, data: { settings } })
  const input = { type: 'DATABASE', sourceIds: [source.id] }
  expect(await logOf((await trigger(input)).id)).toContain('INFO')
  expect(await logOf((await trigger({ ...input, logVerbosity: 'WARNING' })).id)).toEqual([])
})

it('snapshots are kept for the days that their trigger says, in place of any rule', async () => {
  const { prisma, clock } = home.runtime
  await prisma.backup.deleteMany()
  const ago = (days: number) => new Date(clock.now().getTime() - days * 86_400_000)
  const made = async (days: number, retentionDays?: number) => {
    await prisma.rateHit.deleteMany()
    const { id } = await trigger(retentionDays ? { retentionDays } : {})
    await home.ended(id)
    await prisma.backupRun.updateMany({ where: { backupId: id }, data: { finishedAt: ago(days), storedBytes: 1 } })
    return id
  }
  const ids = { longer: await made(300, 365), past: await made(50), sooner: await made(20, 10), fresh: await made(0) }
  await applyRetention(home.runtime)
  const expired = await prisma.backupRun.findMany({ where: { expiredAt: { not: null } } })
  expect(expired.map((run) => run.backupId).sort()).toEqual([ids.past, ids.sooner].sort())
}, 60_000)
