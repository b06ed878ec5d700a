import { describe, expect, it } from 'vitest'
import { type Blackout, blackoutAt, blackoutsInput, blackoutText, leavesTime } from './blackouts.ts'

const workdays: Blackout = { days: [1, 2, 3, 4, 5], from: '08:00', to: '18:00' }
const nights: Blackout = { days: [5], from: '22:00', to: '04:00' }
const sunday: Blackout = { days: [7], from: '00:00', to: '00:00' }

it.each<[at: string, zone: string, blackout: Blackout, isOn: boolean, because: string]>([
  ['2026-03-02T07:59:59Z', 'UTC', workdays, false, 'a minute before, on a Monday'],
  ['2026-03-02T08:00:00Z', 'UTC', workdays, true, 'it begins'],
  ['2026-03-02T17:59:59Z', 'UTC', workdays, true, 'its last second'],
  ['2026-03-02T18:00:00Z', 'UTC', workdays, false, 'it is over'],
  ['2026-03-01T12:00:00Z', 'UTC', workdays, false, 'a Sunday'],
  ['2026-03-06T22:00:00Z', 'UTC', nights, true, 'Friday night'],
  ['2026-03-07T03:59:00Z', 'UTC', nights, true, 'the morning after it'],
  ['2026-03-07T04:00:00Z', 'UTC', nights, false, 'it is over'],
  ['2026-03-07T22:30:00Z', 'UTC', nights, false, 'Saturday night'],
  ['2026-03-06T03:00:00Z', 'UTC', nights, false, 'the morning of Friday is of Thursday night'],
  ['2026-03-01T00:00:00Z', 'UTC', sunday, true, 'all of a Sunday'],
  ['2026-03-01T23:59:00Z', 'UTC', sunday, true, 'all of a Sunday'],
  ['2026-03-02T00:00:00Z', 'UTC', sunday, false, 'Monday'],
  ['2026-03-01T23:30:00Z', 'Asia/Tokyo', workdays, true, 'Monday morning there'],
  ['2026-03-02T09:30:00Z', 'Asia/Tokyo', workdays, false, 'Monday evening there'],
  ['2026-03-27T07:30:00Z', 'Europe/Berlin', workdays, true, 'before the clock is put forward, 08:30'],
  ['2026-03-30T06:30:00Z', 'Europe/Berlin', workdays, true, 'after it, 08:30 comes an hour earlier'],
  ['2026-03-30T16:00:00Z', 'Europe/Berlin', workdays, false, 'after it, 18:00 comes an hour earlier'],
  ['2026-10-25T00:30:00Z', 'Europe/Berlin', { days: [7], from: '02:00', to: '03:00' }, true, '02:30, the first time'],
  ['2026-10-25T01:30:00Z', 'Europe/Berlin', { days: [7], from: '02:00', to: '03:00' }, true, '02:30 once more'],
  ['2026-10-25T02:00:00Z', 'Europe/Berlin', { days: [7], from: '02:00', to: '03:00' }, false, '03:00'],
  [
    '2026-03-29T01:00:00Z',
    'Europe/Berlin',
    { days: [7], from: '02:00', to: '03:00' },
    false,
    '03:00: there is no 02:30',
  ],
])('at %s in %s, %j is on: %s (%s is the reason)', (at, zone, blackout, isOn) => {
  expect(blackoutAt([blackout], zone, new Date(at))).toBe(isOn ? blackout : null)
})

describe('blackouts', () => {
  it('are days of the week and times', () => {
    const parsed = blackoutsInput.parse([{ days: [5, 1, 5], from: '08:00', to: '18:00' }])
    expect(parsed[0]?.days).toEqual([1, 5])
    for (const wrong of [
      { days: [] },
      { days: [0] },
      { days: [8] },
      { from: '24:00' },
      { to: '8:00' },
      { zone: 'UTC' },
    ])
      expect(blackoutsInput.safeParse([{ ...workdays, ...wrong }]).success).toBe(false)
  })

  it('leave some time of the week, or none', () => {
    const always: Blackout = { days: [1, 2, 3, 4, 5, 6, 7], from: '12:00', to: '12:00' }
    const anytime = () => true
    expect(leavesTime([workdays, nights, sunday], anytime)).toBe(true)
    expect(leavesTime([always], anytime)).toBe(false)
    expect(leavesTime([{ ...always, to: '11:59' }], anytime)).toBe(true)
    expect(leavesTime([{ ...workdays, days: always.days }], (time) => time >= '09:00' && time < '10:00')).toBe(false)
  })

  it('are said in words', () => {
    expect(blackoutText(nights)).toBe('Fri 22:00–04:00')
    expect(blackoutText({ ...sunday, days: [1, 2, 3, 4, 5, 6, 7] })).toBe('every day 00:00–00:00')
  })
})
