import { z } from 'zod'
import { CodedError, isCoded } from '#lib/errors/coded-error.ts'
import { openAccess, sealedPasswordOf } from '#lib/repositories/access.ts'
import { findRepository } from '#lib/repositories/find.ts'
import { keyLabel, opensWith, sealKeyCopy, secureKeys } from '#lib/repositories/secure-keys.ts'
import { openRepository } from '#lib/restic/init.ts'
import { addKey, currentKey, type Key, keyFile, listKeys, removeKey, withHint } from '#lib/restic/keys.ts'
import type { MaintenanceDeps, Performer, TaskContext } from './performer.ts'

/*
 * How the password of a repository is changed. Whatever dies at whatever moment, the stored password opens the repository, and
 * the next attempt goes on:
 *
 *   next password sealed ─▶ key added ─▶ seen to open ─▶ stored ─▶ seen to open ─▶ earlier keys removed ─▶ spare key added
 *   └───────────── the old password is stored, and opens ─────┘└── the new one is stored, and opens; so may the old one ──┘
 *
 * Which keys are to be removed is found out while the old password is known, and stored with the new one.
 */

const options = z.strictObject({})
type Context = TaskContext<z.infer<typeof options>>

export interface PasswordChanged {
  /** Earlier keys that are gone. */
  removed: string[]
  /** Earlier keys that the server does not let us remove: the earlier password still opens the repository. */
  kept: string[]
  /** Keys of others, with passwords of their own. They are left alone. */
  others: Pick<Key, 'id' | 'user' | 'host' | 'created'>[]
  /** Set when some were kept. */
  warning: { code: string; message: string; remedy: string } | null
}

export const password: Performer<z.infer<typeof options>> = {
  options,
  attempts: 5,
  hasOwnDoor: true,
  async perform(deps, context): Promise<PasswordChanged> {
    if (context.repository.sealedNextPassword !== null) await replacePassword(deps, context)
    return await retireKeys(deps, context)
  },
}

/** Until the new password is stored and was seen to open the repository. `context.access` opens it with the old one. */
async function replacePassword(deps: MaintenanceDeps, context: Context): Promise<void> {
  const { repository, restic, access, onLog } = context
  const { id, sealedPassword, sealedNextPassword, retiredKeyIds } = repository
  const call = callOf(context)
  const next = sealedPasswordOf(deps.secretKey, id, sealedNextPassword as string)
  const nextAccess = { ...access, password: next, keyHint: undefined }
  const label = keyLabel(id)

  let keyId = (await currentKey(restic, nextAccess, call))?.id
  if (keyId === undefined) {
    keyId = await addKey(restic, access, next, label, call)
    onLog('info', `A key for the new password was added: ${keyId}.`)
  }
  if (!(await opensWith(restic, nextAccess, keyId, call)))
    throw new CodedError('REPOSITORY_WRONG_PASSWORD', { repository: access.location })
  onLog('info', 'The new password opens the repository.')

  const retired = new Set(retiredKeyIds)
  for (const key of await listKeys(restic, access, call)) {
    if (key.id === keyId) continue
    const isOurs = key.isCurrent || (key.user === label.user && key.host === label.host)
    if (isOurs || (await opensWith(restic, access, key.id, call))) retired.add(key.id)
  }
  const content = await keyFile(restic, withHint(nextAccess, keyId), keyId, call)
  const stored = await deps.prisma.$executeRaw`
    update repositories set sealed_password = sealed_next_password, sealed_next_password = null,
      password_changed_at = clock_timestamp(), key_id = ${keyId}, spare_key_id = null,
      sealed_key_file = ${sealKeyCopy(deps.secretKey, id, { id: keyId, content })}, retired_key_ids = ${[...retired]}
    where id = ${id}::uuid and sealed_password = ${sealedPassword} and sealed_next_password = ${sealedNextPassword}`
  if (stored !== 1) throw new Error('the password of the repository was changed by somebody else meanwhile')
  onLog('info', 'The new password is stored. A new recovery kit is needed.')
}

/** Removes the keys of earlier passwords, of which there are none unless the stored one was seen to open the repository. */
async function retireKeys(deps: MaintenanceDeps, context: Context): Promise<PasswordChanged> {
  const { restic, onLog } = context
  const call = callOf(context)
  const repository = await findRepository(deps, context.repository.id)
  await using access = await openAccess(deps, repository)
  await openRepository(restic, access, call)
  onLog('info', 'The stored password opens the repository.')

  const removed: string[] = []
  const kept: string[] = []
  for (const keyId of repository.retiredKeyIds) {
    if (await isRemoved(keyId)) removed.push(keyId)
    else kept.push(keyId)
  }
  const secured = await secureKeys(deps, restic, access, repository, call)
  const known = new Set([secured.keyId, secured.spareKeyId, ...kept])
  const others = (await listKeys(restic, access, call)).filter((key) => !known.has(key.id))
  const problem =
    kept.length === 0 ? null : new CodedError('REPOSITORY_KEY_STAYS', { repository: access.location, keys: kept })
  return {
    removed,
    kept,
    others: others.map(({ id, user, host, created }) => ({ id, user, host, created })),
    warning: problem && { code: problem.code, message: problem.message, remedy: problem.remedy },
  }

  async function isRemoved(keyId: string): Promise<boolean> {
    try {
      await removeKey(restic, access, keyId, call)
    } catch (error) {
      if (!isCoded(error, 'REPOSITORY_KEY_STAYS')) throw error
      onLog('warning', error.message)
      return false
    }
    await deps.prisma.$executeRaw`
      update repositories set retired_key_ids = array_remove(retired_key_ids, ${keyId}) where id = ${repository.id}::uuid`
    onLog('info', `An earlier key was removed: ${keyId}.`)
    return true
  }
}

const callOf = ({ signal, onStarted, onLog }: Context) => ({ signal, onStarted, onLog })
