import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { deleteSource, setSourceEnabled } from '#lib/environments/change.ts'
import { updateEnvironment } from '#lib/environments/update-environment.ts'
import { createPlan, deletePlan, pausePlan, updatePlan } from '#lib/plans/change.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import type { Plan } from '#prisma/client/client.ts'
import { fireDue } from './fire.ts'
import { runPlan } from './run-plan.ts'

let home: Installation
let now = new Date('2026-03-01T00:00:00Z')
const clock = { now: () => now }
const deps = () => ({ ...home.runtime, clock })
const prisma = () => home.runtime.prisma
const refusal = (code: string) => expect.objectContaining({ code })
const at = async (time: string) => {
  now = new Date(time)
  await fireDue(deps())
}
/** As often as keeps a time from counting as missed. */
const lookOnUntil = async (time: string) => {
  const last = new Date(time).getTime()
  while (now.getTime() < last) await at(new Date(Math.min(now.getTime() + 5 * 60_000, last)).toISOString())
}
const plan = async (more: object = {}): Promise<Plan> =>
  createPlan(deps(), home.admin, { name: 'nightly', selection: {}, schedule: '0 4 * * *', ...more })
const events = async () =>
  (await prisma().planEvent.findMany({ orderBy: { id: 'asc' } })).map(({ kind, dueAt }) => [kind, dueAt.toISOString()])
const backups = () => prisma().backup.findMany({ include: { runs: true }, orderBy: { createdAt: 'asc' } })
const endAll = () => prisma().backupRun.updateMany({ data: { state: 'SUCCEEDED', snapshotId: 'x', finishedAt: now } })

beforeAll(async () => {
  home = await openInstallation()
  await home.addFiles('notes', { 'a.txt': 'a' })
})
afterEach(async () => {
  await prisma().backup.deleteMany()
  await prisma().plan.deleteMany()
  now = new Date('2026-03-01T00:00:00Z')
})
afterAll(() => home?.close())

describe('a plan that is due', () => {
  it('starts once, with what it says, and knows its next time', async () => {
    const { id, dueAt } = await plan({ retries: 2, retryPauseSeconds: 60, timeLimitSeconds: 600, compressionLevel: 9 })
    expect(dueAt).toEqual(new Date('2026-03-01T04:00:00Z'))
    await at('2026-03-01T03:59:00Z')
    expect(await backups()).toHaveLength(0)
    await at('2026-03-01T04:00:30Z')
    await endAll()
    await at('2026-03-01T04:01:30Z')
    expect(await backups()).toMatchObject([
      {
        planId: id,
        origin: 'SCHEDULE',
        requestedById: null,
        description: 'nightly',
        retries: 2,
        retryPauseSeconds: 60,
        timeLimitSeconds: 600,
        type: 'FULL',
        runs: [{ compressionLevel: 9 }, { compressionLevel: 9, stage: 4 }],
      },
    ])
    expect(await events()).toEqual([['STARTED', '2026-03-01T04:00:00.000Z']])
    expect((await prisma().plan.findUniqueOrThrow({ where: { id } })).dueAt).toEqual(new Date('2026-03-02T04:00:00Z'))
  })

  it('starts once when three processes look at once', async () => {
    await plan()
    now = new Date('2026-03-01T04:00:10Z')
    await Promise.all([fireDue(deps()), fireDue(deps()), fireDue(deps())])
    expect(await backups()).toHaveLength(1)
    expect(await events()).toHaveLength(1)
  })

  it('waits while a time of the week lasts at which it, or an environment of its sources, does not start', async () => {
    // A Sunday.
    const { id } = await plan({ blackouts: [{ days: [7], from: '03:00', to: '04:30' }] })
    const { environmentId } = home
    const blackouts = [{ days: [6], from: '22:00', to: '05:00' }]
    await updateEnvironment(home.runtime, home.admin, { id: environmentId, blackouts })
    await at('2026-03-01T04:00:30Z')
    await lookOnUntil('2026-03-01T04:29:00Z')
    expect(await events()).toEqual([['DEFERRED', '2026-03-01T04:00:00.000Z']])
    expect(await prisma().planEvent.findMany()).toMatchObject([
      { message: 'It waits: it does not start Sun 03:00–04:30.' },
    ])
    await lookOnUntil('2026-03-01T04:59:30Z')
    expect(await backups()).toHaveLength(0)
    await lookOnUntil('2026-03-01T05:01:00Z')
    expect(await backups()).toHaveLength(1)
    await endAll()
    await updateEnvironment(home.runtime, home.admin, { id: environmentId, blackouts: [] })
    await expect(
      updatePlan(deps(), home.admin, {
        id,
        windowFrom: '03:10',
        windowTo: '04:00',
        blackouts: [{ days: [1, 2, 3, 4, 5, 6, 7], from: '03:00', to: '04:30' }],
      }),
    ).rejects.toThrow(refusal('INPUT_INVALID'))
    await updatePlan(deps(), home.admin, { id, windowFrom: '03:10', windowTo: '04:00' })
    const always = [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '00:00' }]
    for (const change of [
      () => updatePlan(deps(), home.admin, { id, blackouts: always }),
      () => plan({ name: 'never', blackouts: always }),
      () => updateEnvironment(home.runtime, home.admin, { id: environmentId, blackouts: always }),
    ])
      await expect(change()).rejects.toThrow(refusal('INPUT_INVALID'))
  })

  it('starts in such a time when somebody asks for it', async () => {
    const { id } = await plan({ blackouts: [{ days: [7], from: '00:00', to: '23:00' }] })
    await runPlan(home.runtime, home.admin, 'API', id)
    expect(await backups()).toHaveLength(1)
  })

  it('does not start again when the clock is set back', async () => {
    await plan()
    await at('2026-03-01T04:00:30Z')
    await endAll()
    await at('2026-03-01T03:30:00Z')
    await at('2026-03-01T04:00:30Z')
    expect(await backups()).toHaveLength(1)
  })

  it('starts at most its jitter later, always the same for the same time', async () => {
    const { lookAt, dueAt } = await plan({ jitterSeconds: 600 })
    const late = (lookAt as Date).getTime() - (dueAt as Date).getTime()
    expect(late).toBeGreaterThanOrEqual(0)
    expect(late).toBeLessThan(600_000)
    await at(new Date((lookAt as Date).getTime() - 1).toISOString())
    expect(await backups()).toHaveLength(0)
    await at((lookAt as Date).toISOString())
    expect(await backups()).toHaveLength(1)
  })

  it('waits for its hours, and says so once', async () => {
    await plan({ windowFrom: '05:00', windowTo: '06:00' })
    await at('2026-03-01T04:00:30Z')
    await lookOnUntil('2026-03-01T05:00:30Z')
    expect((await events()).map(([kind]) => kind)).toEqual(['DEFERRED', 'STARTED'])
  })

  it('waits for a backup of its sources that is not over, and then starts once, however many times came meanwhile', async () => {
    const { id } = await plan({ schedule: 'hourly' })
    await runPlan(deps(), home.admin, 'API', id)
    await at('2026-03-01T01:00:30Z')
    await lookOnUntil('2026-03-01T03:00:30Z')
    expect(await backups()).toHaveLength(1)
    await endAll()
    await at('2026-03-01T03:02:00Z')
    expect(await backups()).toHaveLength(2)
    expect(await events()).toEqual([
      ['DEFERRED', '2026-03-01T01:00:00.000Z'],
      ['STARTED', '2026-03-01T03:00:00.000Z'],
    ])
  })

  it('says that it takes no source, and goes on to its next time', async () => {
    const { id } = await plan({ selection: { types: ['DATABASE'] } })
    await at('2026-03-01T04:00:30Z')
    expect(await events()).toEqual([['REFUSED', '2026-03-01T04:00:00.000Z']])
    expect((await prisma().planEvent.findFirstOrThrow()).message).toContain('takes no source')
    await expect(runPlan(deps(), home.admin, 'API', id)).rejects.toThrow(refusal('PLAN_EMPTY'))
  })

  it('takes sources that were added since, and leaves out those that were disabled or deleted', async () => {
    await plan()
    const extra = await home.addFiles('extra', { 'b.txt': 'b' })
    const off = await home.addFiles('off', { 'c.txt': 'c' })
    await setSourceEnabled(deps(), home.admin, off.source.id, false)
    await at('2026-03-01T04:00:30Z')
    const names = async () =>
      (await prisma().backupRun.findMany({ include: { source: true } })).map((run) => run.source.name).sort()
    expect(await names()).toEqual(['extra', 'notes', 'system-backup-trigger'])
    await prisma().backup.deleteMany()
    await deleteSource(deps(), home.admin, extra.source.id)
    await deleteSource(deps(), home.admin, off.source.id)
    await at('2026-03-02T04:00:30Z')
    expect(await names()).toEqual(['notes', 'system-backup-trigger'])
  })
})

describe('plans that take all of an environment each', () => {
  it('save the installation as well, once, and do not wait for each other because of it', async () => {
    const other = await prisma().environment.create({ data: { name: 'other', position: 1, protected: false } })
    const elsewhere = await home.addFiles('elsewhere', { 'd.txt': 'd' })
    await prisma().source.update({ where: { id: elsewhere.source.id }, data: { environmentId: other.id } })
    await plan({ name: 'one', selection: { environments: ['test'] } })
    const { id } = await plan({ name: 'two', selection: { environments: ['other'] }, schedule: '5 4 * * *' })
    await at('2026-03-01T04:00:30Z')
    await at('2026-03-01T04:05:30Z')
    const saved = await prisma().backup.findMany({
      include: { runs: { select: { source: { select: { name: true } } }, orderBy: { stage: 'asc' } } },
      orderBy: { createdAt: 'asc' },
    })
    expect(saved.map(({ runs }) => runs.map(({ source }) => source.name))).toEqual([
      ['notes', 'system-backup-trigger'],
      ['elsewhere'],
    ])
    await endAll()
    await deleteSource(deps(), home.admin, elsewhere.source.id)
    await expect(runPlan(deps(), home.admin, 'API', id)).rejects.toThrow(refusal('PLAN_EMPTY'))
  })
})

it('a source whose earlier run waits for a worker that is not there holds up no others', async () => {
  const other = await prisma().environment.create({ data: { name: 'unserved', position: 2, protected: false } })
  const { source } = await home.addFiles('far', { 'e.txt': 'e' })
  await prisma().source.update({ where: { id: source.id }, data: { environmentId: other.id } })
  const near = await prisma().source.findFirstOrThrow({ where: { name: 'notes' } })
  await plan({ selection: { sourceIds: [source.id, near.id] } })
  const alive = await prisma().worker.create({ data: { name: 'elsewhere:1', environments: ['test'] } })
  await at('2026-03-01T04:00:30Z')
  await prisma().backupRun.updateMany({ where: { sourceId: near.id }, data: { state: 'CANCELLED', finishedAt: now } })
  await at('2026-03-02T04:00:30Z')
  const runs = await prisma().backupRun.findMany({ include: { source: true }, orderBy: { queuedAt: 'asc' } })
  expect(runs.map((run) => run.source.name).sort()).toEqual(['far', 'notes', 'notes'])
  const last = await prisma().planEvent.findFirstOrThrow({ orderBy: { id: 'desc' } })
  expect([last.kind, last.message]).toEqual(['STARTED', 'Without far: an earlier backup waits for a worker.'])
  // That of the source near by is begun soon: it is waited for.
  await at('2026-03-03T04:00:30Z')
  expect((await events()).at(-1)).toEqual(['DEFERRED', '2026-03-03T04:00:00.000Z'])
  await prisma().worker.delete({ where: { name: alive.name } })
  await prisma().backupRun.updateMany({ data: { state: 'CANCELLED', finishedAt: now } })
  await deleteSource(deps(), home.admin, source.id)
})

describe('a time that was missed', () => {
  it('is made up for once, and reported with how many there were', async () => {
    await plan({ schedule: 'hourly' })
    await at('2026-03-01T10:30:00Z')
    expect(await events()).toEqual([
      ['MISSED', '2026-03-01T01:00:00.000Z'],
      ['STARTED', '2026-03-01T10:00:00.000Z'],
    ])
    expect((await prisma().planEvent.findFirstOrThrow()).message).toContain('10 times were missed')
    await endAll()
    await at('2026-03-01T10:31:00Z')
    expect(await backups()).toHaveLength(1)
    const { id } = await prisma().planEvent.findFirstOrThrow({ where: { kind: 'MISSED' } })
    expect(await home.runtime.queue.hasJob('notify.plan-event', { planEventId: id })).toBe(true)
  })

  it('is only reported by a plan that does not make up for it', async () => {
    await plan({ catchUp: false })
    await at('2026-03-01T10:30:00Z')
    expect(await events()).toEqual([['MISSED', '2026-03-01T04:00:00.000Z']])
    expect(await backups()).toHaveLength(0)
    await at('2026-03-02T04:00:30Z')
    expect(await backups()).toHaveLength(1)
  })
})

describe('a plan that breaks', () => {
  it('holds up no other, and is not called a good round', async () => {
    await plan({ name: 'whole' })
    expect(await fireDue(deps())).toBe(true)
    const { id } = await plan({ name: 'broken', schedule: '0 3 * * *' })
    await prisma().plan.update({ where: { id }, data: { selection: { what: 'no version of this program wrote' } } })
    now = new Date('2026-03-01T04:00:30Z')
    expect(await fireDue(deps())).toBe(false)
    expect(await backups()).toMatchObject([{ description: 'whole' }])
  })
})

describe('a plan that waited when everything went down', () => {
  it('reports the times that were missed', async () => {
    const { id } = await plan({ schedule: 'hourly' })
    await runPlan(deps(), home.admin, 'API', id)
    await at('2026-03-01T01:00:30Z')
    await endAll()
    await at('2026-03-01T10:30:00Z')
    expect(await events()).toEqual([
      ['DEFERRED', '2026-03-01T01:00:00.000Z'],
      ['MISSED', '2026-03-01T01:00:00.000Z'],
      ['STARTED', '2026-03-01T10:00:00.000Z'],
    ])
  })
})

describe('a paused plan', () => {
  it('lets its times pass, each noted, until its end date', async () => {
    const { id } = await plan()
    await pausePlan(deps(), home.admin, { id, reason: 'the database moves', until: new Date('2026-03-02T12:00:00Z') })
    await at('2026-03-01T04:00:30Z')
    await at('2026-03-02T04:00:30Z')
    expect(await events()).toEqual([
      ['PAUSED', '2026-03-01T04:00:00.000Z'],
      ['PAUSED', '2026-03-02T04:00:00.000Z'],
    ])
    await at('2026-03-03T04:00:30Z')
    expect(await backups()).toHaveLength(1)
    expect(await prisma().plan.findUniqueOrThrow({ where: { id } })).toMatchObject({ pausedAt: null, pauseReason: '' })
  })

  it('runs when somebody asks for it', async () => {
    const { id } = await plan()
    await pausePlan(deps(), home.admin, { id, reason: 'the database moves' })
    expect(await runPlan(deps(), home.admin, 'API', id)).toMatchObject({ planId: id, state: 'QUEUED' })
  })

  it('needs a reason, and an end that is to come', async () => {
    const { id } = await plan()
    await expect(pausePlan(deps(), home.admin, { id, reason: ' ' })).rejects.toThrow(refusal('INPUT_INVALID'))
    const until = new Date('2026-02-01T00:00:00Z')
    await expect(pausePlan(deps(), home.admin, { id, reason: 'x', until })).rejects.toThrow(refusal('INPUT_INVALID'))
  })
})

describe('changing a plan', () => {
  it('counts a new schedule from now on, and leaves the time alone when something else changes', async () => {
    const { id, dueAt } = await plan()
    expect((await updatePlan(deps(), home.admin, { id, description: 'all' })).dueAt).toEqual(dueAt)
    const hourly = await updatePlan(deps(), home.admin, { id, schedule: 'hourly', timeZone: 'Asia/Kolkata' })
    expect(hourly.dueAt).toEqual(new Date('2026-03-01T00:30:00Z'))
    expect(await updatePlan(deps(), home.admin, { id, schedule: null })).toMatchObject({ dueAt: null, lookAt: null })
  })

  it('refuses what it does not know, half a window, and who is no administrator', async () => {
    const { id } = await plan()
    const update = (changes: object, actor = home.admin) => updatePlan(deps(), actor, { id, ...changes })
    await expect(update({ colour: 'red' })).rejects.toThrow(refusal('INPUT_INVALID'))
    await expect(update({ windowFrom: '01:00' })).rejects.toThrow(refusal('INPUT_INVALID'))
    await expect(update({ selection: { environments: ['nowhere'] } })).rejects.toThrow(refusal('ENVIRONMENT_UNKNOWN'))
    await expect(update({ name: 'x' }, { ...home.admin, role: 'OPERATOR' })).rejects.toThrow(refusal('FORBIDDEN'))
    await expect(plan()).rejects.toThrow(refusal('NAME_TAKEN'))
  })

  it('asks for the name of a protected environment before less is kept of it', async () => {
    const { id } = await plan({ retention: { days: 30, yearly: 2 } })
    await runPlan(deps(), home.admin, 'API', id)
    await prisma().environment.updateMany({ data: { protected: true } })
    const update = (more: object) => updatePlan(deps(), home.admin, { id, retention: { days: 1 }, ...more })
    await expect(update({})).rejects.toThrow(refusal('ENVIRONMENT_NOT_CONFIRMED'))
    await expect(update({ retention: {}, confirmEnvironment: ['other'] })).rejects.toThrow(
      refusal('ENVIRONMENT_NOT_CONFIRMED'),
    )
    const same = { retention: { days: 30, yearly: 2 }, description: 'as it was' }
    expect(await update(same)).toMatchObject({ description: 'as it was' })
    await updatePlan(deps(), home.admin, { id, selection: { types: ['DATABASE'] } })
    await expect(update({})).rejects.toThrow(refusal('ENVIRONMENT_NOT_CONFIRMED'))
    await expect(deletePlan(deps(), home.admin, id)).rejects.toThrow(refusal('ENVIRONMENT_NOT_CONFIRMED'))
    expect(await update({ confirmEnvironment: ['test'] })).toMatchObject({ retention: { days: 1, yearly: 0 } })
    await expect(update({ retention: { days: 0 } })).rejects.toThrow(refusal('INPUT_INVALID'))
    await deletePlan(deps(), home.admin, id, ['test'])
    expect(await prisma().plan.count()).toBe(0)
  })
})
