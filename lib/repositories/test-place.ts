import { randomBytes } from 'node:crypto'
import { CodedError } from '#lib/errors/coded-error.ts'
import { openRepository } from '#lib/restic/init.ts'
import type { Restic } from '#lib/restic/restic.ts'
import { Secret } from '#lib/secrets/secret.ts'
import { type AccessDeps, openPlace, type Place } from './access.ts'

/** restic alone would go on trying for 15 minutes. */
const TEST_TIMEOUT_MS = 10_000

/** `opens`: there, and the password opens it. `exists`: there; no password was given. `absent`: it can be made there. */
export type PlaceState = PlaceFound['state']

/** What was found at a place; the id is restic's own of the repository. */
export type PlaceFound = { state: 'opens'; resticId: string } | { state: 'exists' | 'absent' }

/**
 * Looks at a place within ten seconds: does it answer, does it let us in, and is a repository there? Rejects with what is
 * wrong: REPOSITORY_UNREACHABLE, REPOSITORY_ACCESS_DENIED, REPOSITORY_WRONG_PASSWORD, RESTIC_TIMEOUT and the like.
 */
export async function lookAtPlace(
  deps: AccessDeps,
  restic: Restic,
  place: Place,
  password: Secret | null,
  caller?: AbortSignal,
): Promise<PlaceFound> {
  const deadline = AbortSignal.timeout(TEST_TIMEOUT_MS)
  const signal = caller ? AbortSignal.any([deadline, caller]) : deadline
  await using access = await openPlace(deps, place, password ?? new Secret(randomBytes(16).toString('base64url')))
  try {
    await place.kind.reach?.(place.settings, signal)
    const { id } = await openRepository(restic, access, { signal })
    return { state: 'opens', resticId: id }
  } catch (thrown) {
    if (thrown === deadline.reason)
      throw new CodedError('REPOSITORY_UNREACHABLE', {
        repository: access.location,
        reason: `it did not answer within ${TEST_TIMEOUT_MS / 1000} seconds`,
      })
    const code = thrown instanceof CodedError ? thrown.code : null
    if (code === 'REPOSITORY_MISSING') return { state: 'absent' }
    if (code === 'REPOSITORY_WRONG_PASSWORD' && password === null) return { state: 'exists' }
    throw thrown
  }
}

/** Like lookAtPlace, for those who need no more than the state. */
export async function testPlace(...args: Parameters<typeof lookAtPlace>): Promise<PlaceState> {
  return (await lookAtPlace(...args)).state
}
