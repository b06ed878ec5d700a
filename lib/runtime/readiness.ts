import { toCodedError } from '#lib/errors/coded-error.ts'
import type { Runtime } from './runtime.ts'

type Check = 'ok' | { code: string }

export interface Readiness {
  ready: boolean
  checks: { database: Check; queue: Check; restic: Check }
}

/** Asks everything that a backup needs. Reasons are codes: the answer is public. */
export async function readiness({ prisma, queue, restic }: Runtime): Promise<Readiness> {
  const check = (ask: () => Promise<unknown>): Promise<Check> =>
    ask().then(
      () => 'ok',
      (error) => ({ code: toCodedError(error).code }),
    )
  const [database, queued, engine] = await Promise.all([
    check(() => prisma.$queryRaw`select 1`),
    check(() => queue.ping()),
    check(restic),
  ])
  const checks = { database, queue: queued, restic: engine }
  return { ready: Object.values(checks).every((state) => state === 'ok'), checks }
}
