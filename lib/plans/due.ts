import { createHash } from 'node:crypto'
import { nextTimes } from '#lib/cron/schedule.ts'

interface Timed {
  id: string
  schedule: string | null
  timeZone: string
  jitterSeconds: number
}

/** When a plan is due next after `from`, and when it is to be looked at, which is later by its jitter. */
export function nextDue(plan: Timed, from: Date): { dueAt: Date | null; lookAt: Date | null } {
  const [dueAt] = plan.schedule === null ? [] : nextTimes(plan.schedule, plan.timeZone, from, 1)
  if (dueAt === undefined) return { dueAt: null, lookAt: null }
  return { dueAt, lookAt: new Date(dueAt.getTime() + jitterMs(plan, dueAt)) }
}

/** The same for the same time, whoever computes it. */
function jitterMs({ id, jitterSeconds }: Timed, dueAt: Date): number {
  if (jitterSeconds === 0) return 0
  const digest = createHash('sha256').update(`${id} ${dueAt.toISOString()}`).digest()
  return (digest.readUInt32BE() / 2 ** 32) * jitterSeconds * 1000
}
