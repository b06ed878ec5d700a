import { deliver } from './deliver.ts'
import type { NotificationDeps } from './note.ts'
import { noteBackup, noteHold, noteHook, noteLate, notePlanEvent, noteRepository } from './noticing.ts'
import { watch } from './watch.ts'

/** Takes the jobs of this folder off the queue. */
export async function startNotifications(deps: NotificationDeps): Promise<void> {
  const { queue } = deps
  await queue.work('notify.backup-ended', { concurrency: 1 }, (job) => noteBackup(deps, job))
  await queue.work('notify.repository', { concurrency: 1 }, (job) => noteRepository(deps, job))
  await queue.work('notify.plan-event', { concurrency: 1 }, (job) => notePlanEvent(deps, job))
  await queue.work('notify.source-late', { concurrency: 1 }, (job) => noteLate(deps, job))
  await queue.work('notify.retention-held', { concurrency: 1 }, (job) => noteHold(deps, job))
  await queue.work('notify.hook-failed', { concurrency: 1 }, (job) => noteHook(deps, job))
  await queue.work('notify.deliver', { concurrency: 2 }, ({ deliveryId }, { lastAttempt }) =>
    deliver(deps, deliveryId, lastAttempt),
  )
  await queue.repeat('notify.watch', {}, '* * * * *')
  await queue.work('notify.watch', { concurrency: 1 }, () => watch(deps))
}
