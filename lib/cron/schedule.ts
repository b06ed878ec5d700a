import { Cron } from 'croner'
import cronstrue from 'cronstrue'
import { z } from 'zod'

/** At half past three no clock is changed: the hour is there once on every day, in almost every zone. */
const named = {
  hourly: { cron: '0 * * * *', words: 'every hour' },
  daily: { cron: '30 3 * * *', words: 'every day at 03:30' },
  weekly: { cron: '30 3 * * 0', words: 'every Sunday at 03:30' },
  monthly: { cron: '30 3 1 * *', words: 'on the first day of every month at 03:30' },
} as const

const isNamed = (schedule: string): schedule is keyof typeof named => Object.hasOwn(named, schedule)
const cronOf = (schedule: string): string => (isNamed(schedule) ? named[schedule].cron : schedule)

/** hourly, daily, weekly, monthly, or a cron expression: minute, hour, day of the month, month, day of the week. */
export const scheduleInput = z
  .string()
  .trim()
  .refine(
    (text) => isNamed(text) || text.split(/\s+/).length === 5,
    'must be hourly, daily, weekly, monthly or a cron expression of five fields, such as “30 3 * * 1-5”',
  )
  .refine((text) => {
    try {
      return nextTimes(text, 'UTC', new Date(0), 1).length === 1
    } catch {
      return false
    }
  }, 'is no cron expression with a time to come')

/**
 * The next times after `from`, at most `count`. Where the clock is put forward, a time that the day does not have is the first
 * moment after the gap; where it is put back, a time of a certain hour comes once, and “every hour” goes on every hour.
 */
export function nextTimes(schedule: string, timeZone: string, from: Date, count: number): Date[] {
  return parse(schedule, timeZone).nextRuns(count, from)
}

const parse = (schedule: string, timeZone: string): Cron =>
  new Cron(cronOf(schedule), { timezone: timeZone, mode: '5-part', paused: true })

const COUNTED_AT_MOST = 1000

/** From `first`, a time of the schedule that has come: the newest that is not after `now`, and how many there are, up to 1000. */
export function timesUntil(schedule: string, timeZone: string, first: Date, now: Date): { last: Date; count: number } {
  const cron = parse(schedule, timeZone)
  const [previous = first] = cron.previousRuns(1, new Date(now.getTime() + 1))
  const last = previous > first ? previous : first
  let count = 1
  for (let at = cron.nextRun(first); at !== null && at <= last && count < COUNTED_AT_MOST; at = cron.nextRun(at))
    count++
  return { last, count }
}

/** “every day at 03:30”, “At 03:30, Monday through Friday” */
export function inWords(schedule: string): string {
  if (isNamed(schedule)) return named[schedule].words
  return cronstrue.toString(schedule, { use24HourTimeFormat: true, verbose: true })
}
