import { z } from 'zod'
import { nameInput, timeZoneInput } from '#lib/errors/parse-input.ts'
import { hooksInput } from '#lib/hooks/hook.ts'
import { timeOfDay } from '#lib/repositories/options.ts'
import { ruleInput } from '#lib/retention/rule.ts'
import { scheduleInput } from './schedule.ts'
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
}

interface Hours {
  windowFrom?: string | null | undefined
  windowTo?: string | null | undefined
}
const bothEnds = {
  check: ({ windowFrom, windowTo }: Hours) => !windowFrom === !windowTo,
  message: { path: ['windowTo'], message: 'needs both its ends' },
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
  })
  .refine(bothEnds.check, bothEnds.message)

/** What is left out stays. */
export const planChanges = z.strictObject(fields).partial()
