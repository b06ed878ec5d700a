import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { createPlan } from '#lib/plans/change.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import type { Plan, Restore, Source } from '#prisma/client/client.ts'
import { queueDueVerifications } from './schedule-verifications.ts'

let home: Installation
let plan: Plan
let source: Source

beforeAll(async () => {
  home = await openInstallation()
  await home.startWorker()
  source = (await home.addFiles('uploads', { 'a.txt': 'a' })).source
  plan = await createPlan(home.runtime, home.admin, { name: 'nightly', selection: { types: ['STORAGE'] } })
})
beforeEach(() => home.runtime.prisma.restore.deleteMany())
afterAll(() => home?.close())

const DAY_MS = 86_400_000
const ago = (days: number) => new Date(Date.now() - days * DAY_MS)
const rows = () => home.runtime.prisma.restore

async function backUp(): Promise<string> {
  await home.runtime.prisma.rateHit.deleteMany()
  const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE', sourceIds: [source.id] })
  await home.runtime.prisma.backup.update({ where: { id }, data: { planId: plan.id } })
  return (await home.ended(id)).runs[0]?.id as string
}

/** Those that are queued now, after what was before. */
async function due(...before: Partial<Restore>[]): Promise<Restore[]> {
  await rows().updateMany({ where: { state: 'QUEUED' }, data: { state: 'INTERRUPTED' } })
  await rows().deleteMany()
  for (const one of before) {
    const { findings: _, changes: __, ...given } = one
    const to = { folder: '', requestedFolder: '', requestedBy: 'plan nightly', purpose: 'VERIFICATION' } as const
    await rows().create({ data: { ...to, runId: given.runId as string, ...given } })
  }
  await Promise.all([queueDueVerifications(home.runtime), queueDueVerifications(home.runtime)])
  return rows().findMany({ where: { state: 'QUEUED' } })
}

it('verifies the newest good backup of each source of a plan, once, as soon as there is one', async () => {
  expect(await due()).toEqual([])
  const first = await backUp()
  expect(await due()).toMatchObject([{ runId: first, purpose: 'VERIFICATION', requestedBy: 'plan nightly' }])
  const second = await backUp()
  expect(await due()).toMatchObject([{ runId: second }])
})

it('again when the days of the plan have passed, and a day after one that came to no result', async () => {
  const runId = await backUp()
  const ended = (state: Restore['state'], days: number, errorCode: string | null = null) =>
    ({ runId, state, errorCode, queuedAt: ago(days), finishedAt: ago(days) }) as const
  expect(await due(ended('SUCCEEDED', 6.9))).toEqual([])
  expect(await due(ended('SUCCEEDED', 7.1))).toHaveLength(1)
  expect(await due(ended('FAILED', 6.9, 'VERIFICATION_MISMATCH'))).toEqual([])
  expect(await due(ended('FAILED', 0.9, 'RESTORE_INCOMPLETE'))).toEqual([])
  expect(await due(ended('FAILED', 1.1, 'RESTORE_INCOMPLETE'))).toHaveLength(1)
  expect(await due(ended('INTERRUPTED', 1.1))).toHaveLength(1)
  expect(await due(ended('CANCELLED', 0.1), ended('SUCCEEDED', 8))).toHaveLength(1)
  expect(await due({ runId, state: 'RUNNING', queuedAt: ago(9) })).toEqual([])
})

it('nothing where the plan is paused or says so, or the source is disabled or gone', async () => {
  await backUp()
  const { prisma } = home.runtime
  const where = { id: plan.id }
  await prisma.plan.update({ where, data: { verifyEveryDays: 0 } })
  expect(await due()).toEqual([])
  await prisma.plan.update({ where, data: { verifyEveryDays: 7, pausedAt: new Date() } })
  expect(await due()).toEqual([])
  await prisma.plan.update({ where, data: { pausedAt: null } })
  await prisma.source.update({ where: { id: source.id }, data: { enabled: false } })
  expect(await due()).toEqual([])
  await prisma.source.update({ where: { id: source.id }, data: { enabled: true } })
  expect(await due()).toHaveLength(1)
})
