import { describe, expect, it } from 'vitest'
import { inWords, nextTimes, scheduleInput, timesUntil } from './schedule.ts'

const times = (schedule: string, zone: string, from: string, count: number) =>
  nextTimes(schedule, zone, new Date(from), count).map((time) => time.toISOString().replace(':00.000Z', 'Z'))

describe('the next times of a schedule', () => {
  it.each([
    [
      'daily, in summer and in winter',
      'daily',
      'Europe/Berlin',
      '2026-10-24T12:00:00Z',
      ['2026-10-25T02:30Z', '2026-10-26T02:30Z'],
    ],
    ['weekly, on Sundays', 'weekly', 'UTC', '2026-11-26T00:00:00Z', ['2026-11-29T03:30Z', '2026-12-06T03:30Z']],
    [
      'monthly, over the end of the year',
      'monthly',
      'UTC',
      '2026-12-15T00:00:00Z',
      ['2027-01-01T03:30Z', '2027-02-01T03:30Z'],
    ],
    [
      'a time that the spring day does not have comes right after the gap',
      '30 2 * * *',
      'Europe/Berlin',
      '2026-03-28T12:00:00Z',
      ['2026-03-29T01:00Z', '2026-03-30T00:30Z'],
    ],
    [
      'the same in New York',
      '30 2 * * *',
      'America/New_York',
      '2026-03-07T12:00:00Z',
      ['2026-03-08T07:00Z', '2026-03-09T06:30Z'],
    ],
    [
      'a time that the autumn day has twice comes once',
      '30 2 * * *',
      'Europe/Berlin',
      '2026-10-24T12:00:00Z',
      ['2026-10-25T00:30Z', '2026-10-26T01:30Z'],
    ],
    [
      'the same in New York',
      '30 1 * * *',
      'America/New_York',
      '2026-10-31T12:00:00Z',
      ['2026-11-01T05:30Z', '2026-11-02T06:30Z'],
    ],
    [
      'every hour goes on every hour over both',
      'hourly',
      'Europe/Berlin',
      '2026-10-25T00:30:00Z',
      ['2026-10-25T01:00Z', '2026-10-25T02:00Z', '2026-10-25T03:00Z'],
    ],
    ['and in spring', 'hourly', 'Europe/Berlin', '2026-03-29T00:30:00Z', ['2026-03-29T01:00Z', '2026-03-29T02:00Z']],
    [
      'a zone that moves by half an hour',
      'daily',
      'Australia/Lord_Howe',
      '2026-04-03T12:00:00Z',
      ['2026-04-03T16:30Z', '2026-04-04T17:00Z'],
    ],
    [
      'the leap day, when there is one',
      '0 4 29 2 *',
      'UTC',
      '2026-01-01T00:00:00Z',
      ['2028-02-29T04:00Z', '2032-02-29T04:00Z'],
    ],
  ])('%s', (_reason, schedule, zone, from, expected) => {
    expect(times(schedule, zone, from, expected.length)).toEqual(expected)
  })

  it('are known in words', () => {
    expect(inWords('daily')).toBe('every day at 03:30')
    expect(inWords('15 22 * * 1-5')).toBe('At 22:15, Monday through Friday')
  })

  it.each(['', 'dailyy', '* * * *', '0 0 30 2 *', '61 * * * *', '0 30 3 * * *', '@daily', 'constructor'])(
    'refuses “%s”',
    (text) => {
      expect(scheduleInput.safeParse(text).success).toBe(false)
    },
  )
})

describe('the times that have come', () => {
  const until = (now: string) => timesUntil('hourly', 'UTC', new Date('2026-01-01T10:00:00Z'), new Date(now))
  it('is the first itself at its time', () => {
    expect(until('2026-01-01T10:00:00Z')).toEqual({ last: new Date('2026-01-01T10:00:00Z'), count: 1 })
  })
  it('counts those that were missed', () => {
    expect(until('2026-01-01T14:30:00Z')).toEqual({ last: new Date('2026-01-01T14:00:00Z'), count: 5 })
  })
  it('stops counting at a thousand', () => {
    expect(until('2027-01-01T00:00:00Z')).toEqual({ last: new Date('2027-01-01T00:00:00Z'), count: 1000 })
  })
})
