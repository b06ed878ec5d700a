import { oneAtATime } from '#lib/queue/one-at-a-time.ts'
import type { MaintenanceDeps } from './performer.ts'
import { probeRepositories } from './probe.ts'
import { queueWhatIsDue } from './schedule.ts'

const SCHEDULE_EVERY_MS = 60_000
/** How often it is asked whether a look is due. */
const PROBE_EVERY_MS = 15_000

export interface Upkeep {
  /** Begins nothing more and resolves when nothing is under way. */
  stop(): Promise<void>
}

/** What is done with repositories without anybody asking, in each process that is a worker. */
export function startUpkeep(deps: MaintenanceDeps): Upkeep {
  const shutdown = new AbortController()
  const every = (ms: number, act: () => Promise<void>) => {
    const look = oneAtATime(async () => {
      if (shutdown.signal.aborted) return
      await act().catch((error: unknown) => deps.log.error({ err: error }, 'upkeep'))
    })
    const timer = setInterval(() => void look(), ms)
    void look()
    return async () => {
      clearInterval(timer)
      await look()
    }
  }
  const ends = [
    every(SCHEDULE_EVERY_MS, () => queueWhatIsDue(deps)),
    every(PROBE_EVERY_MS, () => probeRepositories(deps, shutdown.signal)),
  ]
  return {
    async stop() {
      shutdown.abort()
      await Promise.all(ends.map((end) => end()))
    },
  }
}
