import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextTimes, timesUntil } from './schedule.ts'

const DAY_MS = 86_400_000
/** With clocks that change at two, at midnight, by half an hour, in the south, and never; one is a quarter of an hour off. */
const zones = [
  'Europe/Berlin',
  'America/New_York',
  'Africa/Cairo',
  'America/Santiago',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'UTC',
]
const zone = fc.constantFrom(...zones)
const minute = fc.integer({ min: 0, max: 59 })
const hour = fc.integer({ min: 0, max: 23 })
const instant = fc
  .integer({ min: Date.UTC(2026, 0, 1) / 1000, max: Date.UTC(2032, 0, 1) / 1000 })
  .map((seconds) => new Date(seconds * 1000))

/** What a clock on the wall shows, by a program that is not the one under test. */
function onTheWall(timeZone: string): (time: Date) => { day: string; weekday: number; hour: number; minute: number } {
  const format = new Intl.DateTimeFormat('sv', { timeZone, dateStyle: 'short', timeStyle: 'short' })
  return (time) => {
    const [day = '', clock = ''] = format.format(time).split(' ')
    const [hours, minutes] = clock.split(':').map(Number)
    return { day, weekday: new Date(`${day}T00:00Z`).getUTCDay(), hour: hours as number, minute: minutes as number }
  }
}

const dayAfter = (day: string): string => new Date(Date.parse(`${day}T00:00Z`) + DAY_MS).toISOString().slice(0, 10)

describe('a schedule, whatever its zone and time', () => {
  it('runs once on every day of its zone, at its time or, where the clock skips that, right after the gap', () => {
    fc.assert(
      fc.property(zone, minute, hour, instant, (timeZone, m, h, from) => {
        const wall = onTheWall(timeZone)
        const times = nextTimes(`${m} ${h} * * *`, timeZone, from, 400)
        let before: string | undefined
        for (const time of times) {
          const { day, ...shown } = wall(time)
          if (before !== undefined) expect(day).toBe(dayAfter(before))
          before = day
          if (shown.hour === h && shown.minute === m) continue
          const earlier = wall(new Date(time.getTime() - 60_000))
          expect(shown.hour * 60 + shown.minute).toBeGreaterThan(h * 60 + m)
          expect(earlier.day < day || earlier.hour * 60 + earlier.minute < h * 60 + m, 'the clock jumped there').toBe(
            true,
          )
        }
      }),
      { numRuns: 60 },
    )
  })

  it('goes on after each time, and leaves none out that the wall shows', () => {
    const every = fc.constantFrom(1, 5, 15, 30)
    fc.assert(
      fc.property(zone, every, hour, hour, instant, (timeZone, step, one, other, from) => {
        const [first, last] = one < other ? [one, other] : [other, one]
        const wall = onTheWall(timeZone)
        const times = nextTimes(`*/${step} ${first}-${last} * * *`, timeZone, from, 50)
        const found = new Set(times.map((time) => time.getTime()))
        const shown = new Set<string>()
        let at = Math.floor(from.getTime() / 60_000) * 60_000 + 60_000
        for (const end = (times.at(-1) as Date).getTime(); at <= end; at += 60_000) {
          const { day, hour: h, minute: m } = wall(new Date(at))
          if (h < first || h > last || m % step !== 0) continue
          // A minute that the clock shows twice may come once.
          if (found.has(at)) shown.add(`${day} ${h}:${m}`)
          else expect(shown, `${day} ${h}:${m}`).toContain(`${day} ${h}:${m}`)
        }
        expect(times.every((time, i) => time > (times[i - 1] ?? from))).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('keeps to its weekdays', () => {
    const weekdays = fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 })
    fc.assert(
      fc.property(zone, minute, hour, weekdays, instant, (timeZone, m, h, days, from) => {
        const times = nextTimes(`${m} ${h} * * ${days.join(',')}`, timeZone, from, 60)
        for (const time of times) expect(days).toContain(onTheWall(timeZone)(time).weekday)
      }),
      { numRuns: 60 },
    )
  })

  it('counts the times that have come as it gives them, and starts none again when the clock was set back', () => {
    const count = fc.integer({ min: 1, max: 40 })
    fc.assert(
      fc.property(zone, minute, hour, instant, count, fc.nat(DAY_MS), (timeZone, m, h, from, n, late) => {
        const schedule = `${m} ${h} * * *`
        const times = nextTimes(schedule, timeZone, from, n + 1)
        const [first, next] = [times[0] as Date, times[n] as Date]
        const now = new Date(Math.min((times[n - 1] as Date).getTime() + late, next.getTime() - 1))
        expect(timesUntil(schedule, timeZone, first, now)).toEqual({ last: times[n - 1], count: n })
        // The clock went back to before the first: that one came, no other.
        const earlier = new Date(first.getTime() - 1 - late)
        expect(timesUntil(schedule, timeZone, first, earlier)).toEqual({ last: first, count: 1 })
      }),
      { numRuns: 200 },
    )
  })
})
