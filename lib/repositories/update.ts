import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { withUniqueName } from '#lib/database/unique-name.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { nameInput, parseInput } from '#lib/errors/parse-input.ts'
import { replaceSettings } from '#lib/forms/kept-secrets.ts'
import { joinSettings } from '#lib/forms/settings.ts'
import type { Repository } from '#prisma/client/client.ts'
import { checkPlace, type Place, passwordOf, placeOf, secretsOf, settingsColumns } from './access.ts'
import { findRepository, type RepositoryDeps } from './find.ts'
import { repositoryOptions } from './options.ts'
import { lookAtPlace } from './test-place.ts'

const updateInput = z.strictObject({
  id: z.string(),
  name: nameInput.optional(),
  settings: z.record(z.string(), z.unknown()).optional(),
  options: z.record(z.string(), z.unknown()).optional(),
})

/** What was seen of the old place says nothing about the new one: the next look comes at once. */
const UNPROBED = {
  probedAt: null,
  unreachableSince: null,
  problemCode: null,
  problemMessage: null,
  problemRemedy: null,
} as const

/**
 * Changes a repository's name, settings or options. New settings and new options replace the old ones whole, but for
 * secrets: those left out or empty stay, null takes one away. Changed settings are looked at first: the same repository has
 * to open there with the stored password. What is under way goes on with what it began with. Throws FORBIDDEN, INPUT_INVALID,
 * REPOSITORY_UNKNOWN, NAME_TAKEN, REPOSITORY_MISSING, REPOSITORY_IS_ANOTHER and what else is wrong with the place.
 */
export async function updateRepository(
  deps: RepositoryDeps,
  actor: Actor | null,
  raw: unknown,
  signal?: AbortSignal,
): Promise<Repository> {
  requireScope(actor, 'settings:write', 'change a repository')
  const input = parseInput(updateInput, raw)
  if (input.options) parseInput(repositoryOptions, input.options, 'options')
  const repository = await findRepository(deps, input.id)
  const moved = input.settings && (await move(deps, repository, input.settings, signal))
  const name = input.name ?? repository.name
  const optionsChanged = input.options !== undefined && !isDeepStrictEqual(input.options, repository.options)
  const details = { name, settingsChanged: moved !== undefined, optionsChanged }
  return withUniqueName('repository', name, () =>
    deps.prisma.$transaction(async (tx) => {
      const { id } = await findRepository({ prisma: tx }, repository.id)
      await record(tx, { actor, action: 'repository.update', target: { type: 'repository', id }, details })
      const options = input.options as object | undefined
      if (moved)
        await tx.$executeRaw`update repositories set settings_changed_at = clock_timestamp() where id = ${id}::uuid`
      return tx.repository.update({ where: { id }, data: { name, ...moved, ...(options && { options }) } })
    }),
  )
}

/** The columns of the new place, after a look at it; undefined when it is the old one. */
async function move(
  deps: RepositoryDeps,
  repository: Repository,
  settings: Record<string, unknown>,
  signal?: AbortSignal,
) {
  const { secretKey } = deps
  const before = placeOf(secretKey, repository)
  const stored = secretsOf(secretKey, repository)
  const split = replaceSettings(before.kind, settings, stored)
  if (isDeepStrictEqual(split, { plain: repository.settings, secrets: stored })) return undefined
  const place = checkPlace(repository.kind, joinSettings(split.plain, split.secrets))
  const resticId = await requireSame(deps, repository, before, place, signal)
  return { ...settingsColumns(secretKey, repository.id, place, split), resticId, ...UNPROBED }
}

/**
 * Whether the same repository opens at both places. One whose id was never seen is asked at its old place; where that does
 * not answer any more, the password is the proof.
 */
async function requireSame(
  deps: RepositoryDeps,
  repository: Repository,
  before: Place,
  after: Place,
  signal?: AbortSignal,
): Promise<string> {
  const restic = await deps.restic()
  const password = passwordOf(deps.secretKey, repository)
  const there = await lookAtPlace(deps, restic, after, password, signal)
  const location = after.kind.location(after.settings)
  if (there.state !== 'opens') throw new CodedError('REPOSITORY_MISSING', { repository: location })
  const known = repository.resticId ?? (await idAt(before))
  if (known !== null && known !== there.resticId)
    throw new CodedError('REPOSITORY_IS_ANOTHER', { repository: location, name: repository.name })
  return there.resticId

  async function idAt(place: Place): Promise<string | null> {
    const found = await lookAtPlace(deps, restic, place, password, signal).catch((error: unknown) => {
      signal?.throwIfAborted()
      if (error instanceof CodedError) return null
      throw error
    })
    return found?.state === 'opens' ? found.resticId : null
  }
}
