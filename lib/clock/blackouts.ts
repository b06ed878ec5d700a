import { z } from 'zod'

/*
 * Times of the week at which nothing is started, on the clock on the wall of a time zone: a day has them as its clock shows them, whatever is
 * put forward or back.
 */

export const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time like 01:30')

const blackout = z.strictObject({
  /** 1 is Monday, 7 Sunday: the days on which it begins. */
  days: z
    .array(z.int().min(1, 'are numbers from 1, Monday, to 7').max(7, 'are numbers from 1, Monday, to 7'))
    .min(1, 'needs at least one day')
    .transform((days) => [...new Set(days)].sort()),
  from: timeOfDay,
  /** Where it is not after the beginning, it is on the next day. */
  to: timeOfDay,
})

export const blackoutsInput = z.array(blackout).max(20, 'may be at most 20')

export type Blackout = z.output<typeof blackout>

const dayNames = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

/** The one that is on at a time; null: none. */
export function blackoutAt(blackouts: readonly Blackout[], timeZone: string, at: Date): Blackout | null {
  const { day, time } = onTheWall(timeZone, at)
  return blackouts.find((one) => covers(one, day, time)) ?? null
}

/** Whether there is any minute of the week at which something may start that is kept from it by `blackouts` and by `isOpen`. */
export function leavesTime(blackouts: readonly Blackout[], isOpen: (time: string) => boolean): boolean {
  for (let day = 1; day <= 7; day++)
    for (let minute = 0; minute < 24 * 60; minute++) {
      const time = `${pad(Math.floor(minute / 60))}:${pad(minute % 60)}`
      if (isOpen(time) && !blackouts.some((one) => covers(one, day, time))) return true
    }
  return false
}

/** “Mon, Tue 08:00–18:00” */
export function blackoutText({ days, from, to }: Blackout): string {
  const names = days.length === 7 ? 'every day' : days.map((day) => dayNames[day - 1]).join(', ')
  return `${names} ${from}–${to}`
}

const pad = (number: number) => String(number).padStart(2, '0')

function covers({ days, from, to }: Blackout, day: number, time: string): boolean {
  if (from < to) return days.includes(day) && time >= from && time < to
  const dayBefore = day === 1 ? 7 : day - 1
  return (days.includes(day) && time >= from) || (days.includes(dayBefore) && time < to)
}

/** What the clock on the wall of a zone shows; 1 is Monday. */
export function onTheWall(timeZone: string, at: Date): { day: number; time: string } {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
  }).formatToParts(at)
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? ''
  return { day: dayNames.indexOf(part('weekday')) + 1, time: `${part('hour')}:${part('minute')}` }
}
