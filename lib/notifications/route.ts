import { blackoutAt } from '#lib/clock/blackouts.ts'
import type { Severity } from '#prisma/client/enums.ts'
import { isAtLeast } from './events.ts'

/** What a channel carries; lists that are empty mean all. */
export interface Carrying {
  enabled: boolean
  events: readonly string[]
  severity: Severity
  environmentIds: readonly string[]
  planIds: readonly string[]
  digestOnly: boolean
}

export interface Happening {
  event: string
  severity: Severity
  /** Ids of those that it is about; empty: of no single one. */
  environmentIds: readonly string[]
  planId: string | null
}

/**
 * Whether a channel carries what happened. What belongs to no environment, such as a repository that does not answer, goes to the
 * channels of all of them; what belongs to no plan only to those that are of no plan. Who wants to know of backups that
 * succeed also hears of those that succeed again.
 */
export function carries(channel: Carrying, { event, severity, environmentIds, planId }: Happening): boolean {
  const { enabled, digestOnly, events } = channel
  if (!enabled || digestOnly || !isAtLeast(severity, channel.severity)) return false
  const asEvent = event === 'BACKUP_RECOVERED' ? [event, 'BACKUP_SUCCEEDED'] : [event]
  if (events.length > 0 && !asEvent.some((name) => events.includes(name))) return false
  if (channel.planIds.length > 0 && (planId === null || !channel.planIds.includes(planId))) return false
  const wanted = channel.environmentIds
  return wanted.length === 0 || environmentIds.length === 0 || environmentIds.some((id) => wanted.includes(id))
}

export interface Quiet {
  quietFrom: string | null
  quietTo: string | null
  timeZone: string
}

const MINUTE_MS = 60_000
const everyDay = [1, 2, 3, 4, 5, 6, 7]

/** Until when a message of that severity waits; null: it is sent at once. Errors wait for nothing. */
export function waitsUntil({ quietFrom, quietTo, timeZone }: Quiet, severity: Severity, now: Date): Date | null {
  if (quietFrom === null || quietTo === null || severity === 'ERROR') return null
  const quiet = [{ days: everyDay, from: quietFrom, to: quietTo }]
  let at = Math.floor(now.getTime() / MINUTE_MS) * MINUTE_MS
  if (blackoutAt(quiet, timeZone, new Date(at)) === null) return null
  while (blackoutAt(quiet, timeZone, new Date(at)) !== null) at += MINUTE_MS
  return new Date(at)
}
