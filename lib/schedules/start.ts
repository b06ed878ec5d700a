import { fireDue } from './fire.ts'
import { beat, markLate, type WatchDeps } from './watch.ts'

/** Looks every minute which plans are due and which sources are late, and once at the start, for what was missed. */
export async function startSchedules(deps: WatchDeps): Promise<void> {
  const look = async () => {
    const isDone = await fireDue(deps)
    await markLate(deps)
    if (isDone) await beat(deps)
  }
  await deps.queue.work('plans.due', { concurrency: 1 }, look)
  await deps.queue.repeat('plans.due', {}, '* * * * *')
  await look()
}
