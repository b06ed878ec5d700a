import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { v7 as uuidv7 } from 'uuid'
import { z } from 'zod'
import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { withUniqueName } from '#lib/database/unique-name.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { nameInput, parseInput } from '#lib/errors/parse-input.ts'
import { secretText } from '#lib/forms/settings.ts'
import { initRepository, openRepository } from '#lib/restic/init.ts'
import type { Restic } from '#lib/restic/restic.ts'
import { Secret } from '#lib/secrets/secret.ts'
import type { Repository } from '#prisma/client/client.ts'
import { type AccessDeps, checkPlace, openPlace, type Place, placeColumns } from './access.ts'
import { findRepository, type RepositoryDeps } from './find.ts'
import { openPair, requireJoinable, type Side, sideOf } from './pair.ts'
import { trySecureKeys } from './secure-keys.ts'
import { type PlaceState, testPlace } from './test-place.ts'

const placeInput = z.strictObject({
  kind: z.string(),
  settings: z.record(z.string(), z.unknown()),
  /** The repository's own password, not the server's. */
  password: secretText.nullish(),
})
/** restic takes new passwords as a line, and some of its ways in cut blanks off at the ends. */
export const newPassword = secretText
  .refine((password) => !/[\r\n]/.test(password.reveal()), 'must be one line')
  .refine((password) => password.reveal() === password.reveal().trim(), 'must not begin or end with a blank')
  .refine((password) => password.reveal().length <= 1000, 'is too long')

const createInput = placeInput.extend({
  name: nameInput,
  /** Connect one that exists, with its password, instead of making a new one. */
  existing: z.boolean().default(false),
  /** A new one cuts data at the same places as this repository, so that copies of its snapshots deduplicate. */
  copyOf: z.string().nullish(),
})

/**
 * Looks at a place before it is saved, within ten seconds. Throws FORBIDDEN, INPUT_INVALID, REPOSITORY_KIND_UNKNOWN and what
 * is wrong with the place.
 */
export async function testRepository(
  deps: RepositoryDeps,
  actor: Actor | null,
  raw: unknown,
  signal?: AbortSignal,
): Promise<{ location: string; state: PlaceState }> {
  requireScope(actor, 'settings:write', 'test a repository')
  const input = parseInput(placeInput, raw)
  const place = checkPlace(input.kind, input.settings)
  const state = await testPlace(deps, await deps.restic(), place, input.password ?? null, signal)
  return { location: place.kind.location(place.settings), state }
}

/**
 * Makes a repository, or connects one that exists. A new one gets a random password when none is given; the recovery kit
 * shows it. Its row, with the sealed password, is written before restic makes it, so that a crash in between loses no key.
 * Throws FORBIDDEN, INPUT_INVALID, REPOSITORY_KIND_UNKNOWN, NAME_TAKEN, REPOSITORY_EXISTS, REPOSITORY_MISSING, REPOSITORY_UNKNOWN
 * and REPOSITORIES_NOT_JOINABLE because of `copyOf`, and what else is wrong with the place or with that of `copyOf`.
 */
export async function createRepository(deps: RepositoryDeps, actor: Actor | null, raw: unknown): Promise<Repository> {
  requireScope(actor, 'settings:write', 'add a repository')
  const input = parseInput(createInput, raw)
  const place = checkPlace(input.kind, input.settings)
  const restic = await deps.restic()
  if (await deps.prisma.repository.findUnique({ where: { name: input.name } }))
    throw new CodedError('NAME_TAKEN', { what: 'repository', name: input.name })
  const password = await passwordFor(deps, restic, place, input)
  const to = { name: input.name, place, password }
  const from = input.copyOf ? await sourceOfCopies(deps, restic, input.copyOf, to) : null
  const columns = placeColumns(deps.secretKey, uuidv7(), place, input.settings, password)
  const details = { kind: input.kind, location: columns.location, existing: input.existing }
  await withUniqueName('repository', input.name, () =>
    deps.prisma.$transaction(async (tx) => {
      await tx.repository.create({ data: { ...columns, name: input.name } })
      await record(tx, { actor, action: 'repository.create', target: { type: 'repository', id: columns.id }, details })
    }),
  )
  if (!input.existing) await make(deps, restic, columns.id, to, from)
  const data = { initialisedAt: deps.clock.now() }
  const made = await deps.prisma.repository.update({ where: { id: columns.id }, data })
  return trySecureKeys(deps, made)
}

async function passwordFor(
  deps: AccessDeps,
  restic: Restic,
  place: Place,
  { existing, password }: z.infer<typeof createInput>,
): Promise<Secret> {
  const repository = place.kind.location(place.settings)
  if (existing && !password)
    throw new CodedError('INPUT_INVALID', {
      issues: [{ path: 'password', problem: 'is needed to connect a repository' }],
    })
  const state = await testPlace(deps, restic, place, existing ? (password as Secret) : null)
  if (existing && state === 'absent') throw new CodedError('REPOSITORY_MISSING', { repository })
  if (!existing && state !== 'absent') throw new CodedError('REPOSITORY_EXISTS', { repository })
  if (!existing && password) parseInput(newPassword, password, 'password')
  return password ?? new Secret(randomBytes(32).toString('base64url'))
}

/** The repository whose copies are to come, after a look at it: restic has to read it to make the new one. */
async function sourceOfCopies(deps: RepositoryDeps, restic: Restic, id: string, to: Side): Promise<Side> {
  const from = sideOf(deps, await findRepository(deps, id))
  requireJoinable({ from, to })
  const state = await testPlace(deps, restic, from.place, from.password)
  if (state !== 'opens')
    throw new CodedError('REPOSITORY_MISSING', { repository: from.place.kind.location(from.place.settings) })
  return from
}

/** On failure the row goes, unless the repository was made all the same: then its password is kept. */
async function make(deps: RepositoryDeps, restic: Restic, id: string, to: Side, from: Side | null): Promise<void> {
  await using access = from ? await openPair(deps, { from, to }) : await openPlace(deps, to.place, to.password)
  try {
    if (to.place.kind.kind === 'local') await mkdir(dirname(access.location), { recursive: true, mode: 0o700 })
    await initRepository(restic, access)
  } catch (thrown) {
    const isThere = await openRepository(restic, access).then(
      () => true,
      () => false,
    )
    if (isThere) return
    await deps.prisma.repository.delete({ where: { id } })
    throw thrown
  }
}
