import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type GoodRun, keepList, type ZonedRule } from './keep.ts'

const nothing: ZonedRule = { days: 0, last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, timeZone: 'UTC' }
const now = new Date('2028-01-01T00:00Z')
const run = (time: string, more: Partial<GoodRun> = {}): GoodRun => ({
  id: time,
  finishedAt: new Date(time),
  state: 'SUCCEEDED',
  ruleId: 'plan',
  isPinned: false,
  isVerified: false,
  ...more,
})
function stay(rule: Partial<ZonedRule>, runs: GoodRun[]): string[] {
  const kept = keepList(runs, new Map([['plan', { ...nothing, ...rule }]]), now)
  return runs.filter(({ id }) => kept.get(id)?.length).map(({ id }) => id)
}

/** The runs, and after each whether it stays and why; the newest last. */
const tables: [string, Partial<ZonedRule>, [string, boolean, string, Partial<GoodRun>?][]][] = [
  [
    'the last two',
    { last: 2 },
    [
      ['2026-03-01T03:00Z', false, 'older than the two'],
      ['2026-03-02T03:00Z', true, 'second'],
      ['2026-03-03T03:00Z', true, 'first'],
    ],
  ],
  [
    'the newest verified one, whatever the rule is',
    { last: 1 },
    [
      ['2026-03-01T03:00Z', false, 'an older verified one', { isVerified: true }],
      ['2026-03-02T03:00Z', true, 'the newest verified one', { isVerified: true }],
      ['2026-03-03T03:00Z', false, 'not verified'],
      ['2026-03-04T03:00Z', true, 'the newest'],
    ],
  ],
  [
    'by days, counted from the newest good one',
    { days: 30 },
    [
      ['2026-01-01T03:00Z', false, '59 days older'],
      ['2026-01-30T02:59Z', false, 'a minute too old'],
      ['2026-01-30T03:00Z', true, 'exactly 30 days older'],
      ['2026-03-01T03:00Z', true, 'the newest'],
    ],
  ],
  [
    'one a day',
    { daily: 2 },
    [
      ['2026-03-01T23:00Z', false, 'the third day'],
      ['2026-03-02T03:00Z', false, 'newer one that day'],
      ['2026-03-02T23:00Z', true, 'newest of the second day'],
      ['2026-03-04T03:00Z', true, 'newest of the first day; the day without any does not count'],
    ],
  ],
  [
    'days of the plan’s own zone',
    { daily: 2, timeZone: 'Europe/Berlin' },
    [
      ['2026-03-01T22:30Z', true, 'half past eleven in the evening of March 1st'],
      ['2026-03-01T23:30Z', false, 'half past midnight of March 2nd; newer one that day'],
      ['2026-03-02T03:00Z', true, 'March 2nd'],
    ],
  ],
  [
    'the day on which the clock is put back',
    { daily: 2, timeZone: 'Europe/Berlin' },
    [
      ['2026-10-24T21:30Z', true, 'the day before'],
      ['2026-10-24T22:30Z', false, 'the day begins; newer one that day'],
      ['2026-10-25T22:30Z', true, '25 hours later, still the same day'],
    ],
  ],
  [
    'weeks that begin on Monday, over the end of the year',
    { weekly: 2 },
    [
      ['2026-12-27T03:00Z', true, 'Sunday of week 52'],
      ['2026-12-28T03:00Z', false, 'Monday of week 53; newer one that week'],
      ['2027-01-03T03:00Z', true, 'Sunday of the same week 53'],
    ],
  ],
  [
    'months and years',
    { monthly: 2, yearly: 2 },
    [
      ['2024-02-29T03:00Z', false, 'the third year'],
      ['2025-12-31T03:00Z', true, 'newest of 2025'],
      ['2026-01-31T03:00Z', true, 'newest of January'],
      ['2026-02-01T03:00Z', false, 'newer one that month'],
      ['2026-02-28T03:00Z', true, 'newest of February and of 2026'],
    ],
  ],
  [
    'a period’s whole run before a later partial one',
    { daily: 2 },
    [
      ['2026-03-01T03:00Z', true, 'whole'],
      ['2026-03-01T09:00Z', false, 'partial, and later', { state: 'PARTIAL' }],
      ['2026-03-02T03:00Z', true, 'the newest'],
    ],
  ],
  [
    'partial runs where there are no others',
    { daily: 2 },
    [
      ['2026-03-01T03:00Z', true, 'the newest of its day', { state: 'PARTIAL' }],
      ['2026-03-02T03:00Z', true, 'the newest', { state: 'PARTIAL' }],
    ],
  ],
  [
    'the newest whole one, however old',
    { last: 1 },
    [
      ['2025-03-01T03:00Z', false, 'older'],
      ['2025-03-02T03:00Z', true, 'the newest whole one'],
      ['2026-03-01T03:00Z', false, 'partial', { state: 'PARTIAL' }],
      ['2026-03-02T03:00Z', true, 'the newest good one', { state: 'PARTIAL' }],
    ],
  ],
  [
    'what is pinned',
    { last: 1 },
    [
      ['2025-03-01T03:00Z', true, 'pinned', { isPinned: true }],
      ['2025-03-02T03:00Z', false, 'not'],
      ['2026-03-02T03:00Z', true, 'the newest'],
    ],
  ],
  [
    'what ended while the clock was wrong, and pushes nothing out once it is right again',
    { days: 30, last: 1 },
    [
      ['2026-03-01T03:00Z', false, 'more than 30 days older than the newest'],
      ['2027-12-01T03:00Z', true, 'within 30 days of the newest'],
      ['2027-12-31T03:00Z', true, 'the newest'],
      ['2031-01-01T03:00Z', true, 'its time has not come'],
    ],
  ],
  [
    'what another rule keeps is not counted',
    { last: 1 },
    [
      ['2025-03-01T03:00Z', true, 'the last of this plan'],
      ['2025-03-02T03:00Z', true, 'without a rule', { ruleId: 'other' }],
      ['2026-03-02T03:00Z', true, 'the newest, without a rule', { ruleId: 'other' }],
    ],
  ],
]

describe('what is kept', () => {
  it.each(tables)('%s', (_title, rule, rows) => {
    const runs = rows.map(([time, , , more]) => run(time, more))
    expect(stay(rule, runs)).toEqual(rows.filter(([, stays]) => stays).map(([time]) => time))
  })
})

const anyRule = fc.record({
  days: fc.nat(40),
  last: fc.nat(5),
  hourly: fc.nat(5),
  daily: fc.nat(5),
  weekly: fc.nat(5),
  monthly: fc.nat(5),
  yearly: fc.nat(5),
  timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Pacific/Kiritimati'),
})
const anyRuns = fc.uniqueArray(
  fc.record({
    id: fc.uuid(),
    finishedAt: fc.date({ min: new Date('2025-01-01'), max: new Date('2027-12-31'), noInvalidDate: true }),
    state: fc.constantFrom('SUCCEEDED' as const, 'PARTIAL' as const),
    ruleId: fc.constantFrom('a', 'b', 'gone'),
    isPinned: fc.boolean(),
    isVerified: fc.boolean(),
  }),
  { selector: ({ id }) => id, maxLength: 60 },
)

describe('whatever the rules and the history', () => {
  const any = (holds: (runs: GoodRun[], rules: Map<string, ZonedRule>, stays: (run: GoodRun) => boolean) => void) =>
    fc.assert(
      fc.property(anyRuns, anyRule, anyRule, (runs, a, b) => {
        const rules = new Map([
          ['a', a],
          ['b', b],
        ])
        const kept = keepList(runs, rules, now)
        holds(runs, rules, (one) => (kept.get(one.id) as string[]).length > 0)
      }),
      { numRuns: 400 },
    )
  const newest = (runs: GoodRun[]) => runs.toSorted((x, y) => y.finishedAt.getTime() - x.finishedAt.getTime())[0]

  it('the newest good, whole and verified ones stay, and so does what is pinned or without a rule', () => {
    any((runs, _rules, stays) => {
      for (const group of [
        runs,
        runs.filter((one) => one.state === 'SUCCEEDED'),
        runs.filter((one) => one.isVerified),
      ]) {
        const last = newest(group)
        const asNew = group.filter((one) => one.finishedAt.getTime() === last?.finishedAt.getTime())
        if (asNew.length > 0) expect(asNew.some(stays)).toBe(true)
      }
      for (const one of runs) if (one.isPinned || one.ruleId === 'gone') expect(stays(one)).toBe(true)
    })
  })

  it('a partial run never pushes out a whole one', () => {
    any((runs, rules, stays) => {
      const whole = runs.filter((one) => one.state === 'SUCCEEDED')
      const kept = keepList(whole, rules, now)
      const last = newest(runs)
      // Days are counted from the newest good run, so compare where that is the same.
      if (last?.state !== 'SUCCEEDED') return
      for (const one of whole)
        if ((kept.get(one.id) as string[]).some((reason) => !reason.includes('of the'))) expect(stays(one)).toBe(true)
    })
  })

  it('what stays also stays when it is asked again of what stayed', () => {
    any((runs, rules, stays) => {
      const left = runs.filter(stays)
      const again = keepList(left, rules, now)
      for (const one of left) expect(again.get(one.id)).not.toEqual([])
    })
  })

  it('the order of the history does not matter', () => {
    any((runs, rules, stays) => {
      const again = keepList(runs.toReversed(), rules, now)
      for (const one of runs) expect((again.get(one.id) as string[]).length > 0).toBe(stays(one))
    })
  })
})
