import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { fireDue } from './fire.ts'

const PLANS = 1_000
let home: Installation

beforeAll(async () => {
  home = await openInstallation()
  const { prisma } = home.runtime
  const source = (n: number) => ({
    environmentId: home.environmentId,
    name: `source ${n}`,
    type: 'DATABASE' as const,
    kind: 'sqlite',
    settings: { path: `/srv/${n}.sqlite` },
  })
  const sources = await prisma.source.createManyAndReturn({
    data: Array.from({ length: PLANS }, (_, n) => source(n)),
    select: { id: true },
  })
  const due = new Date('2026-03-01T04:00:00Z')
  await prisma.plan.createMany({
    data: sources.map(({ id }, n) => ({
      name: `plan ${n}`,
      selection: { sourceIds: [id] },
      schedule: '0 4 * * *',
      timeZone: 'UTC',
      retention: {},
      dueAt: due,
      lookAt: due,
    })),
  })
}, 60_000)
afterAll(() => home?.close())

it('a thousand plans that are due in the same minute start once each, whoever looks at once', async () => {
  const clock = { now: () => new Date('2026-03-01T04:00:30Z') }
  const deps = { ...home.runtime, clock }
  expect(await Promise.all([fireDue(deps), fireDue(deps), fireDue(deps)])).toEqual([true, true, true])
  const { prisma } = home.runtime
  const backups = await prisma.backup.findMany({
    select: { planId: true, runs: { select: { sourceId: true, state: true } } },
  })
  expect(backups).toHaveLength(PLANS)
  expect(new Set(backups.map(({ planId }) => planId)).size).toBe(PLANS)
  expect(new Set(backups.flatMap(({ runs }) => runs.map(({ sourceId }) => sourceId))).size).toBe(PLANS)
  const jobs = await prisma.$queryRaw<{ n: number }[]>`
    select count(*)::int as n from pgboss.job where name like 'backup.run%' and state = 'created'`
  expect(jobs).toEqual([{ n: PLANS }])
  expect(await prisma.plan.count({ where: { dueAt: new Date('2026-03-02T04:00:00Z') } })).toBe(PLANS)
  expect(await prisma.planEvent.count({ where: { kind: 'STARTED' } })).toBe(PLANS)
}, 300_000)
