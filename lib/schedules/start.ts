import { fireDue, type ScheduleDeps } from './fire.ts'

/** Looks every minute which plans are due, and once at the start, for those that were missed. */
export async function startSchedules(deps: ScheduleDeps): Promise<void> {
  await deps.queue.work('plans.due', { concurrency: 1 }, () => fireDue(deps))
  await deps.queue.repeat('plans.due', {}, '* * * * *')
  await fireDue(deps)
}
