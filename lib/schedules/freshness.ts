import { nextTimes } from '#lib/cron/schedule.ts'
import { select, selectionInput } from '#lib/plans/selection.ts'
import type { SourceType } from '#prisma/client/enums.ts'

export interface FreshSource {
  id: string
  type: SourceType
  kind: string
  enabled: boolean
  tags: string[]
  environment: { name: string }
  maxAgeHours: number | null
  createdAt: Date
}

export interface FreshPlan {
  selection: unknown
  schedule: string | null
  timeZone: string
  isPaused: boolean
}

const HOUR_SECONDS = 3600
/** For the backup itself: one that starts daily is late 26 hours after the last. */
const GRACE_SECONDS = 2 * HOUR_SECONDS
const GAPS = 8

/**
 * How old the newest good backup of a source may become, in seconds: what was set for it, else the longest gap between the
 * next times of the plan that takes it most often, and two hours. Null: nothing says so.
 */
export function objectiveOf(source: FreshSource, plans: readonly FreshPlan[], now: Date): number | null {
  if (source.maxAgeHours !== null) return source.maxAgeHours * HOUR_SECONDS
  const gaps = plans
    .filter((plan) => plan.schedule !== null && !plan.isPaused)
    .filter((plan) => select(selectionInput.parse(plan.selection), [source]).length > 0)
    .map((plan) => longestGap(plan, now))
  return gaps.length === 0 ? null : Math.min(...gaps) + GRACE_SECONDS
}

function longestGap({ schedule, timeZone }: FreshPlan, now: Date): number {
  const times = nextTimes(schedule as string, timeZone, now, GAPS + 1).map((time) => time.getTime())
  return Math.max(...times.slice(1).map((time, i) => (time - (times[i] as number)) / 1000))
}

/** Since when a source is late; null: it is not. One that was never backed up counts from when it was added. */
export function lateSince(
  source: FreshSource,
  lastGood: Date | null,
  objectiveSeconds: number | null,
  now: Date,
): Date | null {
  if (objectiveSeconds === null || !source.enabled) return null
  const since = new Date((lastGood ?? source.createdAt).getTime() + objectiveSeconds * 1000)
  return since <= now ? since : null
}
