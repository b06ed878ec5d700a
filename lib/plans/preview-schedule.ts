import { z } from 'zod'
import { inWords, nextTimes, scheduleInput } from '#lib/cron/schedule.ts'
import { parseInput, timeZoneInput } from '#lib/errors/parse-input.ts'

const input = z.strictObject({ schedule: scheduleInput, timeZone: timeZoneInput })

/** What a schedule means, before it is saved. Throws INPUT_INVALID. */
export function previewSchedule(raw: unknown, from: Date, count: number): { words: string; times: Date[] } {
  const { schedule, timeZone } = parseInput(input, raw)
  return { words: inWords(schedule), times: nextTimes(schedule, timeZone, from, count) }
}
