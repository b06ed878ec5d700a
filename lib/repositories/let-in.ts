import { isCoded } from '#lib/errors/coded-error.ts'
import { openRepository } from '#lib/restic/init.ts'
import type { KeyCall } from '#lib/restic/keys.ts'
import type { RepositoryAccess, Restic } from '#lib/restic/restic.ts'
import type { Repository } from '#prisma/client/client.ts'
import { placeOf } from './access.ts'
import type { RepositoryDeps } from './find.ts'
import { keyCopyOf, turnToSpareKey } from './secure-keys.ts'

interface Entrance extends Pick<KeyCall, 'signal' | 'onLog'> {
  repository: Repository
  restic: Restic
  access: RepositoryAccess
}

const PUT_TIMEOUT_MS = 30_000

/**
 * Opens a repository whose key files are damaged or gone: by the spare key, else by the copy of the key file that is kept, which
 * is put back into it. Where the kind of place cannot be written without restic, and where that does not help either, it
 * rejects with what keeps us out; the recovery kit says how to put the file back by hand.
 */
export async function letIn(
  deps: Pick<RepositoryDeps, 'prisma' | 'secretKey'>,
  { repository, restic, access, signal, onLog }: Entrance,
): Promise<void> {
  try {
    await openRepository(restic, access, { signal })
    return
  } catch (thrown) {
    if (!isCoded(thrown, 'REPOSITORY_KEY_DAMAGED') && !isCoded(thrown, 'REPOSITORY_WRONG_PASSWORD')) throw thrown
    if (await turnToSpareKey(deps, restic, access, repository, { signal, onLog })) return
    const { kind, settings } = placeOf(deps.secretKey, repository)
    const copy = keyCopyOf(deps, repository)
    if (copy === null || kind.putFile === undefined) throw thrown
    const deadline = AbortSignal.timeout(PUT_TIMEOUT_MS)
    await kind.putFile(
      settings,
      `keys/${copy.id}`,
      copy.content,
      signal ? AbortSignal.any([deadline, signal]) : deadline,
    )
    onLog?.('warning', `${thrown.message} The copy of the key file ${copy.id} was put back.`)
    access.keyHint = copy.id
    await deps.prisma.repository.updateMany({
      where: { id: repository.id, sealedKeyFile: repository.sealedKeyFile },
      data: { keyId: copy.id, ...(repository.spareKeyId === copy.id && { spareKeyId: null }) },
    })
  }
  await openRepository(restic, access, { signal })
}
