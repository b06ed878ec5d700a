import { z } from 'zod'

const count = z.int().min(0, 'may not be negative').max(10_000, 'may be at most 10,000')

/** What is kept of each source: a run that any of these keeps stays. Zero keeps nothing of its own. */
export const ruleInput = z
  .strictObject({
    /** All that are at most this much older than the newest good one. */
    days: count.default(30),
    /** The newest ones. */
    last: count.default(0),
    /** The newest of each of so many hours, days, weeks, months and years that have one. */
    hourly: count.default(0),
    daily: count.default(0),
    weekly: count.default(0),
    monthly: count.default(0),
    yearly: count.default(0),
  })
  .refine((rule) => Object.values(rule).some((value) => value > 0), {
    message: 'must keep something: give at least one of them more than 0',
    path: ['days'],
  })

export type Rule = z.output<typeof ruleInput>
