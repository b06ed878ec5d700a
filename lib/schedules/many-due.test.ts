import { afterAll, beforeAll, expect, it } from 'vitest'
import { select, selectionInput } from '#lib/plans/selection.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { fireDue } from './fire.ts'
import { sourcesOf } from './run-plan.ts'

const PLANS = 1000
const dueAt = new Date('2026-03-01T04:00:00Z')
let home: Installation
const prisma = () => home.runtime.prisma
const schedulerAt = (time: string) => fireDue({ ...home.runtime, clock: { now: () => new Date(time) } })

beforeAll(async () => {
  home = await openInstallation()
})
afterAll(() => home?.close())

it('a plan reads from the database what its selection takes of all sources', async () => {
  const other = await prisma().environment.create({ data: { name: 'other' } })
  const source = { environmentId: home.environmentId, type: 'DATABASE', kind: 'postgres', settings: {} } as const
  await prisma().source.createMany({
    data: [
      { ...source, name: 'plain' },
      { ...source, name: 'tagged', tags: ['night', 'shop'] },
      { ...source, name: 'files', type: 'STORAGE', kind: 'files', tags: ['night'] },
      { ...source, name: 'off', enabled: false, tags: ['night'] },
      { ...source, name: 'elsewhere', environmentId: other.id, tags: ['night'] },
      { ...source, name: 'ours', kind: 'installation', tags: ['ours'] },
    ],
  })
  const all = await prisma().source.findMany({ include: { environment: true } })
  const { id } = all.find(({ name }) => name === 'tagged') as (typeof all)[number]
  for (const selection of [
    {},
    { environments: ['other'] },
    { environments: ['other'], types: ['DATABASE'] },
    { environments: ['test'], tags: ['night'] },
    { types: ['DATABASE'] },
    { types: ['DATABASE'], tags: ['ours', 'shop'] },
    { tags: ['night'] },
    { sourceIds: [id] },
  ]) {
    const taken = await sourcesOf(prisma(), { selection })
    const expected = select(selectionInput.parse(selection), all)
    expect(taken.map(({ name }) => name).sort(), JSON.stringify(selection)).toEqual(
      expected.map(({ name }) => name).sort(),
    )
    expect(expected).not.toHaveLength(0)
  }
  await prisma().source.deleteMany()
})

it('a thousand plans that are due in the same minute start one backup each, of their own source, when three schedulers look at once', async () => {
  const { source } = await home.addFiles('notes', { 'a.txt': 'a' })
  const { environmentId, type, kind, settings } = source
  const names = Array.from({ length: PLANS }, (_, i) => `plan ${i}`)
  const sources = await prisma().source.createManyAndReturn({
    data: names.map((name) => ({ environmentId, type, kind, settings: settings as object, name, tags: [name] })),
  })
  // Half of them by name, half by a tag.
  const selectionOf = ({ id, tags }: { id: string; tags: string[] }, i: number) =>
    i % 2 ? { tags } : { sourceIds: [id] }
  await prisma().plan.createMany({
    data: sources.map((one, i) => ({
      name: one.name,
      selection: selectionOf(one, i),
      schedule: '0 4 * * *',
      dueAt,
      lookAt: dueAt,
    })),
  })

  const rounds = Array.from({ length: 3 }, () => schedulerAt('2026-03-01T04:00:10Z'))
  expect(await Promise.all(rounds)).toEqual([true, true, true])
  // Once more, with all of them waiting for the backups: nothing is due.
  expect(await schedulerAt('2026-03-01T04:01:10Z')).toBe(true)

  const backups = await prisma().backup.findMany({ include: { plan: true, runs: { include: { source: true } } } })
  expect(backups.map((backup) => backup.plan?.name).sort()).toEqual([...names].sort())
  const runs = backups.flatMap((backup) => backup.runs.map((run) => ({ plan: backup.plan?.name, ...run })))
  expect(runs).toHaveLength(PLANS)
  expect(runs.filter((run) => run.plan !== run.source.name || run.state !== 'QUEUED')).toEqual([])
  const lane = await prisma().$queryRaw<{ id: string }[]>`
    select data->>'runId' as id from pgboss.job where name = ${`backup.run/${environmentId}`}`
  expect(lane.map(({ id }) => id).sort()).toEqual(runs.map(({ id }) => id).sort())
  expect(await prisma().planEvent.groupBy({ by: ['kind', 'dueAt'], _count: true })).toEqual([
    { kind: 'STARTED', dueAt, _count: PLANS },
  ])
  const next = new Date('2026-03-02T04:00:00Z')
  expect(await prisma().plan.count({ where: { dueAt: next, lookAt: next } })).toBe(PLANS)
}, 300_000)
