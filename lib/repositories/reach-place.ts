import { CodedError } from '#lib/errors/coded-error.ts'
import type { Place } from './access.ts'

const TIMEOUT_MS = 10_000

/**
 * Whether a place answers and lets us in, within ten seconds and without restic, which would go on trying for 15 minutes.
 * Rejects with REPOSITORY_UNREACHABLE and what else the kind finds.
 */
export async function reachPlace({ kind, settings }: Place, caller: AbortSignal): Promise<void> {
  const deadline = AbortSignal.timeout(TIMEOUT_MS)
  try {
    await kind.reach?.(settings, AbortSignal.any([deadline, caller]))
  } catch (thrown) {
    caller.throwIfAborted()
    if (thrown !== deadline.reason) throw thrown
    const reason = `it did not answer within ${TIMEOUT_MS / 1000} seconds`
    throw new CodedError('REPOSITORY_UNREACHABLE', { repository: kind.location(settings), reason })
  }
}
