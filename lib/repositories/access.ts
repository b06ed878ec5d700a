import type { RepositoryAccess } from '#lib/restic/repository.ts'
import { type SecretKey, seal, unseal } from '#lib/secrets/seal.ts'
import type { Secret } from '#lib/secrets/secret.ts'
import type { Repository } from '#prisma/client/client.ts'

const context = (id: string) => `repository:${id}`

/** What restic needs to open a repository. Throws SECRET_UNREADABLE when the secret key is not the one it was saved with. */
export function accessTo(repository: Repository, secretKey: SecretKey): RepositoryAccess {
  return {
    location: repository.location,
    password: unseal(secretKey, repository.sealedPassword, context(repository.id)),
  }
}

export function sealPassword(secretKey: SecretKey, repositoryId: string, password: Secret): string {
  return seal(secretKey, password, context(repositoryId))
}
