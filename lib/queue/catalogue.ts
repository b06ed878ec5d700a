import { z } from 'zod'
import { repositoryNotice } from './repository-notice.ts'

/** Every kind of job: its payload, parsed when it is sent and again when it is taken, and how it is retried. */
export const jobs = {
  /** A run is queued (lane: the environment's id): look whose turn it is. The rows say what waits; the job is only the nudge. */
  'backup.run': {
    payload: z.object({ runId: z.uuid() }),
    options: { retryLimit: 2, retryDelay: 5, expireInSeconds: 300 },
  },
  /** A restore is queued: look whose turn it is. A nudge, too. */
  'restore.run': {
    payload: z.object({ restoreId: z.uuid() }),
    options: { retryLimit: 2, retryDelay: 5, expireInSeconds: 300 },
  },
  /** A task of a repository is queued: look whose turn it is. A nudge, too. */
  'maintenance.task': {
    payload: z.object({ taskId: z.uuid() }),
    options: { retryLimit: 2, retryDelay: 5, expireInSeconds: 300 },
  },
  /** Look which plans are due and which sources are late. Sent every minute. */
  'plans.due': {
    payload: z.object({}),
    options: { retryLimit: 0, expireInSeconds: 300 },
  },
  /** See which snapshots no rule keeps any more. Sent every hour. */
  'retention.apply': {
    payload: z.object({}),
    options: { retryLimit: 0, expireInSeconds: 3000 },
  },
  /** Tell people that a backup looks wrong and retention stands still. */
  'notify.retention-held': {
    payload: z.object({ holdId: z.uuid() }),
    options: { retryLimit: 5, retryDelay: 5, retryBackoff: true, expireInSeconds: 300 },
  },
  /** Tell people that the newest good backup of a source is too old. */
  'notify.source-late': {
    payload: z.object({ sourceId: z.uuid(), since: z.iso.datetime() }),
    options: { retryLimit: 5, retryDelay: 5, retryBackoff: true, expireInSeconds: 300 },
  },
  /** Tell people that a plan's time was missed, or that it could not start. */
  'notify.plan-event': {
    payload: z.object({ planEventId: z.uuid() }),
    options: { retryLimit: 5, retryDelay: 5, retryBackoff: true, expireInSeconds: 300 },
  },
  /** Tell people that what was to be called after a backup failed for good. */
  'notify.hook-failed': {
    payload: z.object({ hookId: z.uuid() }),
    options: { retryLimit: 5, retryDelay: 5, retryBackoff: true, expireInSeconds: 300 },
  },
  /** Tell people how a backup ended. */
  'notify.backup-ended': {
    payload: z.object({ backupId: z.uuid() }),
    options: { retryLimit: 5, retryDelay: 5, retryBackoff: true, expireInSeconds: 300 },
  },
  /** Tell people about a repository. `event` names what happened: each is told once, however often it is sent. */
  'notify.repository': {
    payload: z.object({ repositoryId: z.uuid(), event: z.string(), notice: repositoryNotice }),
    options: { retryLimit: 5, retryDelay: 5, retryBackoff: true, expireInSeconds: 300 },
  },
  /** Look for what nobody reports, and send what has waited. Sent every minute. */
  'notify.watch': {
    payload: z.object({}),
    options: { retryLimit: 0, expireInSeconds: 300 },
  },
  /** Send one stored delivery. */
  'notify.deliver': {
    payload: z.object({ deliveryId: z.uuid() }),
    options: { retryLimit: 8, retryDelay: 10, retryBackoff: true, expireInSeconds: 300 },
  },
} as const

export type JobName = keyof typeof jobs
export type JobPayload<N extends JobName> = z.infer<(typeof jobs)[N]['payload']>
