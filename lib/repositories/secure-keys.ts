import { CodedError, isCoded } from '#lib/errors/coded-error.ts'
import { addKey, currentKey, type KeyCall, keyFile, listKeys, withHint } from '#lib/restic/keys.ts'
import type { RepositoryAccess, Restic } from '#lib/restic/restic.ts'
import { type SecretKey, seal, unseal } from '#lib/secrets/seal.ts'
import { Secret } from '#lib/secrets/secret.ts'
import type { Repository } from '#prisma/client/client.ts'
import { type AccessDeps, openAccess, passwordOf } from './access.ts'
import type { RepositoryDeps } from './find.ts'

/*
 * So that a damaged key file locks nobody out, a repository has two keys with the present password: the one that is tried first,
 * which spares us the key files of everybody else, and a spare. A copy of the first one's file is kept sealed; the recovery kit
 * holds it too. docs/decisions/2026-11-26-two-keys-and-a-copy.md
 */

/** A key file as it lies in the repository, by its name there. */
export interface KeyCopy {
  id: string
  content: string
}

const USER = 'backup-trigger'

/** How our keys of a repository are marked in it. */
export const keyLabel = (repositoryId: string) => ({ user: USER, host: `repository-${repositoryId}` })

/**
 * Sees to it that there is a spare key and a copy of the key file, and notes them. Adds nothing when all is there. `access`
 * has to open the repository with the stored password. Answers the row as it is now: unchanged when the password was
 * changed meanwhile.
 */
export async function secureKeys(
  deps: Pick<RepositoryDeps, 'prisma' | 'secretKey'>,
  restic: Restic,
  access: RepositoryAccess,
  repository: Repository,
  call: KeyCall = {},
): Promise<Repository> {
  const { id, sealedPassword } = repository
  const keys = await listKeys(restic, access, call)
  const current = keys.find((key) => key.isCurrent)
  if (current === undefined) throw new Error('restic opened the repository with a key that it does not list')
  const hinted = withHint(access, current.id)
  const label = keyLabel(id)
  const candidates = keys.filter(
    (key) =>
      !key.isCurrent && (key.id === repository.spareKeyId || (key.user === label.user && key.host === label.host)),
  )
  let spareKeyId: string | undefined
  for (const { id: candidate } of candidates)
    if (spareKeyId === undefined && (await opensWith(restic, access, candidate, call))) spareKeyId = candidate
  if (spareKeyId === undefined) {
    spareKeyId = await addKey(restic, hinted, passwordOf(deps.secretKey, repository), label, call)
    if (!(await opensWith(restic, access, spareKeyId, call)))
      throw new CodedError('REPOSITORY_WRONG_PASSWORD', { repository: access.location })
  }
  const content = await keyFile(restic, hinted, current.id, call)
  const sealedKeyFile = sealKeyCopy(deps.secretKey, id, { id: current.id, content })
  await deps.prisma.repository.updateMany({
    where: { id, sealedPassword },
    data: { keyId: current.id, spareKeyId, sealedKeyFile },
  })
  return deps.prisma.repository.findUniqueOrThrow({ where: { id } })
}

/** An unreachable place would keep its caller for minutes. */
const TRY_TIMEOUT_MS = 20_000

/**
 * The same for those who have already done what they were asked for: when it cannot be done now, the row stays as it is, and
 * whoever takes the recovery kit next tries again.
 */
export async function trySecureKeys(deps: Omit<RepositoryDeps, 'clock'>, repository: Repository): Promise<Repository> {
  const signal = AbortSignal.timeout(TRY_TIMEOUT_MS)
  try {
    await using access = await openAccess(deps, repository)
    return await secureKeys(deps, await deps.restic(), access, repository, { signal })
  } catch (error) {
    if (error instanceof CodedError || error === signal.reason) return repository
    throw error
  }
}

/** Whether the key of this id is one that the password opens. */
export async function opensWith(
  restic: Restic,
  access: RepositoryAccess,
  keyId: string,
  call?: KeyCall,
): Promise<boolean> {
  return (await currentKey(restic, withHint(access, keyId), call))?.id === keyId
}

/**
 * After REPOSITORY_KEY_DAMAGED: whether the first key is gone or damaged and the spare one opens the repository. Then that is the one that is tried first from now on,
 * for `access` too, so that what failed can be tried again.
 */
export async function turnToSpareKey(
  deps: Pick<RepositoryDeps, 'prisma'>,
  restic: Restic,
  access: RepositoryAccess,
  { id, keyId, spareKeyId }: Repository,
  call: KeyCall = {},
): Promise<boolean> {
  if (spareKeyId === null) return false
  const opensFirst = async () => {
    try {
      return keyId !== null && (await opensWith(restic, access, keyId, call))
    } catch (error) {
      if (isCoded(error, 'REPOSITORY_KEY_DAMAGED')) return false
      throw error
    }
  }
  try {
    // It may have been another repository's: a copy opens two.
    if ((await opensFirst()) || !(await opensWith(restic, access, spareKeyId, call))) return false
  } catch (error) {
    if (isCoded(error, 'REPOSITORY_KEY_DAMAGED')) return false
    throw error
  }
  await deps.prisma.repository.updateMany({
    where: { id, keyId, spareKeyId },
    data: { keyId: spareKeyId, spareKeyId: null },
  })
  access.keyHint = spareKeyId
  return true
}

/** Does something with a repository; when a damaged key file keeps us out, once more with the spare key. */
export async function withSpareKey<T>(
  deps: Pick<RepositoryDeps, 'prisma'>,
  { restic, access, repository }: { restic: Restic; access: RepositoryAccess; repository: Repository },
  { signal, onLog }: Pick<KeyCall, 'signal' | 'onLog'>,
  act: () => Promise<T>,
): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (!isCoded(error, 'REPOSITORY_KEY_DAMAGED')) throw error
    if (!(await turnToSpareKey(deps, restic, access, repository, { signal, onLog }))) throw error
    onLog?.('warning', `${error.message} The spare key opens it and is used from now on.`)
  }
  return await act()
}

const context = (repositoryId: string) => `repository-key:${repositoryId}`

export const sealKeyCopy = (secretKey: SecretKey, repositoryId: string, copy: KeyCopy): string =>
  seal(secretKey, new Secret(JSON.stringify(copy)), context(repositoryId))

/** The copy of a key file; null when none was made yet. */
export function keyCopyOf({ secretKey }: Pick<AccessDeps, 'secretKey'>, repository: Repository): KeyCopy | null {
  const { id, sealedKeyFile } = repository
  return sealedKeyFile === null ? null : JSON.parse(unseal(secretKey, sealedKeyFile, context(id)).reveal())
}
