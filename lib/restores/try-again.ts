import type { Transaction } from '#lib/database/database.ts'
import type { CodedError } from '#lib/errors/coded-error.ts'
import type { Restore } from '#prisma/client/client.ts'
import { appendRestoreEvents } from './append-events.ts'

const ATTEMPTS = 3
/** Doubled each time. */
const PAUSE_SECONDS = 5

/**
 * Queues a restore again that ended before anything was written, if it is still under the claim that the caller saw; answers whether it
 * did. A verification is asked for again by its plan, and what somebody cancelled stays so.
 */
export async function tryAgain(tx: Transaction, restore: Restore, error: CodedError): Promise<boolean> {
  const { id, claimId, purpose, attempt } = restore
  if (purpose === 'VERIFICATION' || attempt >= ATTEMPTS) return false
  const [{ now }] = await tx.$queryRaw<[{ now: Date }]>`select clock_timestamp() as now`
  const pause = PAUSE_SECONDS * 2 ** (attempt - 1)
  const { count } = await tx.restore.updateMany({
    where: { id, claimId, state: 'RUNNING', cancelledBy: null },
    data: {
      state: 'QUEUED',
      attempt: attempt + 1,
      notBefore: new Date(now.getTime() + pause * 1000),
      ...{ claimId: null, worker: null, heartbeatAt: null, startedAt: null, resticHost: null, resticPid: null },
    },
  })
  if (count !== 1) return false
  const message = `Attempt ${attempt} failed before anything was written: ${error.message} (${error.code})`
  await appendRestoreEvents(tx, id, [
    { kind: 'LOG', level: 'WARNING', message },
    { kind: 'STATE', state: 'QUEUED' },
  ])
  return true
}
