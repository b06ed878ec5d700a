import { describe, expect, it } from 'vitest'
import { type FreshPlan, type FreshSource, lateSince, objectiveOf } from './freshness.ts'

const now = new Date('2026-03-10T12:00:00Z')
const source = (more: Partial<FreshSource> = {}): FreshSource => ({
  id: '00000000-0000-7000-8000-000000000001',
  type: 'DATABASE',
  enabled: true,
  tags: [],
  environment: { name: 'production' },
  kind: 'postgres',
  maxAgeHours: null,
  createdAt: new Date('2026-03-01T00:00:00Z'),
  ...more,
})
const plan = (schedule: string | null, more: Partial<FreshPlan> = {}): FreshPlan => ({
  selection: {},
  schedule,
  timeZone: 'UTC',
  isPaused: false,
  ...more,
})
const hours = (many: number) => many * 3600

describe('how old a backup may become', () => {
  it.each([
    ['a day and two hours with a daily plan', source(), [plan('daily')], hours(26)],
    ['three hours with an hourly one beside it', source(), [plan('daily'), plan('hourly')], hours(3)],
    ['over the weekend with one on workdays', source(), [plan('0 20 * * 1-5')], hours(74)],
    ['what was set for it, whatever the plans', source({ maxAgeHours: 5 }), [plan('daily')], hours(5)],
    ['nothing says with plans by hand', source(), [plan(null)], null],
    ['nothing says while its plan is paused', source(), [plan('daily', { isPaused: true })], null],
    [
      'nothing says with plans of others',
      source(),
      [plan('daily', { selection: { environments: ['staging'] } })],
      null,
    ],
  ])('%s', (_title, of, plans, expected) => {
    expect(objectiveOf(of, plans, now)).toBe(expected)
  })
})

describe('a source', () => {
  it.each([
    ['is late from the moment on at which its backup is too old', '2026-03-09T09:00:00Z', '2026-03-10T11:00:00Z'],
    ['is not late a moment before', '2026-03-09T10:00:01Z', null],
    ['that was never backed up counts from when it was added', null, '2026-03-02T02:00:00Z'],
  ])('%s', (_title, lastGood, expected) => {
    const late = lateSince(source(), lastGood === null ? null : new Date(lastGood), hours(26), now)
    expect(late).toEqual(expected === null ? null : new Date(expected))
  })

  it('that is disabled, or of which nothing says so, is never late', () => {
    expect(lateSince(source({ enabled: false }), null, hours(1), now)).toBeNull()
    expect(lateSince(source(), null, null, now)).toBeNull()
  })
})
