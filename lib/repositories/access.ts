import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '#lib/config/config.ts'
import type { Database } from '#lib/database/database.ts'
import { parseInput } from '#lib/errors/parse-input.ts'
import type { Secrets } from '#lib/forms/kept-secrets.ts'
import { joinSettings, splitSettings } from '#lib/forms/settings.ts'
import type { Limits, RepositoryAccess } from '#lib/restic/repository.ts'
import { type SecretKey, seal, unseal } from '#lib/secrets/seal.ts'
import { Secret } from '#lib/secrets/secret.ts'
import type { Repository } from '#prisma/client/client.ts'
import type { Backend, RepositoryKind } from './kind.ts'
import { optionsOf } from './options.ts'
import { repositoryKind } from './registry.ts'
import { noteProcesses } from './restic-processes.ts'

export interface AccessDeps {
  secretKey: SecretKey
  config: Pick<Config, 'DATA_DIR'>
}

/** What restic needs to open a repository, with the files of its backend in a folder that goes when this is disposed of. */
export interface OpenAccess extends RepositoryAccess, AsyncDisposable {}

/** A kind with settings that it has checked. */
export interface Place {
  kind: RepositoryKind
  settings: unknown
}

const REMOVE_TIMEOUT_MS = 30_000

const passwordContext = (id: string) => `repository:${id}`
const settingsContext = (id: string) => `repository-settings:${id}`

/** Where the files of open repositories lie, a folder each. What a killed process left there is removed at the start. */
export const accessFolder = (config: Pick<Config, 'DATA_DIR'>): string => join(config.DATA_DIR, 'access')

/**
 * `uploadKibPerSecond` is another limit beside the repository's; the stricter one holds. Throws SECRET_UNREADABLE when the
 * secret key is not the one that the repository was saved with.
 */
export async function openAccess(
  deps: AccessDeps & { prisma: Database },
  repository: Repository,
  uploadKibPerSecond: number | null = null,
): Promise<OpenAccess> {
  const place = placeOf(deps.secretKey, repository)
  const limits = limitsOf(repository)
  const access = await openPlace(deps, place, passwordOf(deps.secretKey, repository), {
    ...limits,
    uploadKibPerSecond: stricter(limits.uploadKibPerSecond, uploadKibPerSecond ?? undefined),
  })
  return { ...access, keyHint: repository.keyId ?? undefined, noteProcess: noteProcesses(deps.prisma, repository.id) }
}

const stricter = (a: number | undefined, b: number | undefined) =>
  a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)

export function limitsOf(repository: Repository): Limits {
  const { uploadKibPerSecond, downloadKibPerSecond, packSizeMib } = optionsOf(repository)
  return { uploadKibPerSecond, downloadKibPerSecond, packSizeMib }
}

/** The same for a place that is not stored. */
export async function openPlace(
  deps: AccessDeps,
  { kind, settings }: Place,
  password: Secret,
  limits?: Limits,
): Promise<OpenAccess> {
  const remove = kind.removeLock?.bind(kind)
  const removeLock = remove && ((id: string) => remove(settings, id, AbortSignal.timeout(REMOVE_TIMEOUT_MS)))
  const where = { location: kind.location(settings), password, limits, removeLock }
  return openBackend(deps, kind.backend(settings), where)
}

/** The same for a backend whose place is known. */
export async function openBackend<A extends RepositoryAccess>(
  deps: AccessDeps,
  { env, options, files = [] }: Backend,
  where: A,
): Promise<A & OpenAccess> {
  const access = { ...where, env, options }
  if (files.length === 0) return { ...access, [Symbol.asyncDispose]: async () => {} }
  await mkdir(accessFolder(deps.config), { recursive: true, mode: 0o700 })
  const cwd = await mkdtemp(join(accessFolder(deps.config), 'open-'))
  const remove = () => rm(cwd, { recursive: true, force: true })
  try {
    for (const { name, content, isProgram } of files) {
      const text = content instanceof Secret ? content.reveal() : content
      await writeFile(join(cwd, name), text, { mode: isProgram ? 0o700 : 0o600 })
    }
  } catch (error) {
    await remove()
    throw error
  }
  return { ...access, cwd, [Symbol.asyncDispose]: remove }
}

/** A repository's kind with its parsed settings, secrets opened. */
export function placeOf(secretKey: SecretKey, repository: Repository): Place {
  const secrets = secretsOf(secretKey, repository)
  return checkPlace(repository.kind, joinSettings(repository.settings as Record<string, unknown>, secrets))
}

/** The settings that are secret, by their dotted names. */
export function secretsOf(
  secretKey: SecretKey,
  { id, sealedSecrets }: Pick<Repository, 'id' | 'sealedSecrets'>,
): Secrets {
  return sealedSecrets === null ? {} : JSON.parse(unseal(secretKey, sealedSecrets, settingsContext(id)).reveal())
}

export function passwordOf(secretKey: SecretKey, repository: Repository): Secret {
  return sealedPasswordOf(secretKey, repository.id, repository.sealedPassword)
}

/** A password of a repository, the present one or the next. */
export function sealedPasswordOf(secretKey: SecretKey, repositoryId: string, sealed: string): Secret {
  return unseal(secretKey, sealed, passwordContext(repositoryId))
}

export function sealPassword(secretKey: SecretKey, repositoryId: string, password: Secret): string {
  return seal(secretKey, password, passwordContext(repositoryId))
}

/** Throws REPOSITORY_KIND_UNKNOWN, INPUT_INVALID naming each field. */
export function checkPlace(name: string, settings: unknown): Place {
  const kind = repositoryKind(name)
  return { kind, settings: parseInput(kind.settings, settings, 'settings') }
}

/** The columns of a repository's row that say where it is and how it is opened. `settings` are unparsed ones that checkPlace took. */
export function placeColumns(
  secretKey: SecretKey,
  id: string,
  place: Place,
  settings: Record<string, unknown>,
  password: Secret,
) {
  const split = splitSettings(settings, place.kind.secretFields)
  return {
    id,
    kind: place.kind.kind,
    ...settingsColumns(secretKey, id, place, split),
    sealedPassword: sealPassword(secretKey, id, password),
  }
}

/** The columns that say where it is. */
export function settingsColumns(
  secretKey: SecretKey,
  id: string,
  place: Place,
  { plain, secrets }: { plain: Record<string, unknown>; secrets: Secrets },
) {
  const sealed = new Secret(JSON.stringify(secrets))
  return {
    location: place.kind.location(place.settings),
    settings: plain as object,
    sealedSecrets: Object.keys(secrets).length === 0 ? null : seal(secretKey, sealed, settingsContext(id)),
  }
}
