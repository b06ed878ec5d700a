import { z } from 'zod'
import { type Blackout, blackoutsInput, leavesTime, timeOfDay } from '#lib/clock/blackouts.ts'
import { emailAddress } from '#lib/config/email.ts'
import { scheduleInput } from '#lib/cron/schedule.ts'
import { nameInput, timeZoneInput } from '#lib/errors/parse-input.ts'
import { hooksInput } from '#lib/hooks/hook.ts'
import { isWithin } from '#lib/repositories/options.ts'
import { ruleInput } from '#lib/retention/rule.ts'
import { selectionInput } from './selection.ts'

const DAY_SECONDS = 86_400

/** What an administrator says about a plan; all but the name and the selection have a default. */
const fields = {
  name: nameInput,
  description: z.string().max(2000, 'may have at most 2000 characters'),
  selection: selectionInput,
  /** Null: by hand only. */
  schedule: scheduleInput.nullable(),
  timeZone: timeZoneInput,
  windowFrom: timeOfDay.nullable(),
  windowTo: timeOfDay.nullable(),
  jitterSeconds: z.int().min(0).max(DAY_SECONDS),
  catchUp: z.boolean(),
  compressionLevel: z.int().min(1).max(9).nullable(),
  retries: z.int().min(0).max(10),
  retryPauseSeconds: z.int().min(1).max(DAY_SECONDS),
  timeLimitSeconds: z
    .int()
    .min(1)
    .max(7 * DAY_SECONDS)
    .nullable(),
  /** What is kept of its backups. */
  retention: ruleInput,
  /** What is called before and after its backups, in order. */
  hooksBefore: hooksInput,
  hooksAfter: hooksInput,
  /** Null: where each source is saved otherwise. */
  repositoryId: z.string().nullable(),
  /** Null: where the repository’s copies go. */
  copyRepositoryId: z.string().nullable(),
  uploadKibPerSecond: z.int().min(1).max(100_000_000).nullable(),
  runsAtOnce: z.int().min(1).max(100).nullable(),
  /** Empty: the recipients of the installation. */
  notifyRecipients: z
    .array(emailAddress)
    .max(100, 'may be at most 100')
    .transform((all) => [...new Set(all)]),
  notifyOnSuccess: z.boolean(),
  /** Also of what is incomplete, cancelled or missed. */
  notifyOnFailure: z.boolean(),
  /** Whether people are told at all. Null: as the options say. */
  notificationEnabled: z.boolean().nullable(),
  /** From which level on lines are kept in the logs of its runs. Null: all of them. */
  logVerbosity: z.enum(['DEBUG', 'INFO', 'WARNING', 'ERROR'], 'must be DEBUG, INFO, WARNING or ERROR').nullable(),
  /** How often the newest good backup of each of its sources is verified, in days; 0: never by itself. */
  verifyEveryDays: z.int().min(0).max(3650),
  /** When it does not start, in its time zone. */
  blackouts: blackoutsInput,
}

interface Hours {
  windowFrom?: string | null | undefined
  windowTo?: string | null | undefined
  blackouts: readonly Blackout[]
}

/** What is wrong with the times at which a plan may start: its hours need both ends, and with its blackouts some time must be left. */
export function problemOfTimes(plan: Hours): { path: string; problem: string } | null {
  const { windowFrom, windowTo, blackouts } = plan
  if (!windowFrom !== !windowTo) return { path: 'windowTo', problem: 'needs both its ends' }
  const isOpen = (time: string) => isWithin({ windowFrom, windowTo }, time)
  return leavesTime(blackouts, isOpen) ? null : { path: 'blackouts', problem: 'leave no time at which it may start' }
}

/** `planDefaults` gives selection, schedule and retention where they are left out. */
export const planInput = z
  .strictObject({
    ...fields,
    description: fields.description.default(''),
    timeZone: fields.timeZone.default('UTC'),
    windowFrom: fields.windowFrom.default(null),
    windowTo: fields.windowTo.default(null),
    jitterSeconds: fields.jitterSeconds.default(0),
    catchUp: fields.catchUp.default(true),
    compressionLevel: fields.compressionLevel.default(null),
    retries: fields.retries.default(0),
    retryPauseSeconds: fields.retryPauseSeconds.default(300),
    timeLimitSeconds: fields.timeLimitSeconds.default(null),
    hooksBefore: fields.hooksBefore.default([]),
    hooksAfter: fields.hooksAfter.default([]),
    repositoryId: fields.repositoryId.default(null),
    copyRepositoryId: fields.copyRepositoryId.default(null),
    uploadKibPerSecond: fields.uploadKibPerSecond.default(null),
    runsAtOnce: fields.runsAtOnce.default(null),
    notifyRecipients: fields.notifyRecipients.default([]),
    notifyOnSuccess: fields.notifyOnSuccess.default(true),
    notifyOnFailure: fields.notifyOnFailure.default(true),
    notificationEnabled: fields.notificationEnabled.default(null),
    logVerbosity: fields.logVerbosity.default(null),
    verifyEveryDays: fields.verifyEveryDays.default(7),
    blackouts: fields.blackouts.default([]),
  })
  .superRefine((plan, context) => {
    const found = problemOfTimes(plan)
    if (found) context.addIssue({ code: 'custom', path: [found.path], message: found.problem })
  })

/** What is left out stays. */
export const planChanges = z.strictObject(fields).partial()
