import { randomBytes } from 'node:crypto'
import { access, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { v7 as uuidv7 } from 'uuid'
import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import type { Clock } from '#lib/clock/now.ts'
import type { Config } from '#lib/config/config.ts'
import type { Database } from '#lib/database/database.ts'
import { isCoded } from '#lib/errors/coded-error.ts'
import { initRepository, openRepository } from '#lib/restic/init.ts'
import type { Restic } from '#lib/restic/restic.ts'
import type { SecretKey } from '#lib/secrets/seal.ts'
import { Secret } from '#lib/secrets/secret.ts'
import type { Repository } from '#prisma/client/client.ts'
import { checkPlace, openAccess, placeColumns } from './access.ts'
import { findRepository, type RepositoryDeps } from './find.ts'
import { trySecureKeys } from './secure-keys.ts'

export interface DefaultRepositoryDeps {
  prisma: Database
  secretKey: SecretKey
  clock: Clock
  config: Pick<Config, 'DATA_DIR'>
}

/**
 * The local repository in DATA_DIR/repositories/default, with a random password. Its row, with the sealed password, is
 * written before restic makes it, so a crash in between loses nothing. Made once: when its folder is gone later, backups
 * fail with REPOSITORY_MISSING instead of starting an empty one in silence. One that is there although the database knows
 * nothing of it, because that was lost, rejects with REPOSITORY_WRONG_PASSWORD and gets no row: it is to be connected with its
 * own password.
 */
export async function ensureDefaultRepository(deps: DefaultRepositoryDeps, restic: Restic): Promise<Repository> {
  const { prisma } = deps
  const repository = (await prisma.repository.findFirst({ where: { isDefault: true } })) ?? (await addRow(deps))
  if (repository.initialisedAt !== null) return repository
  const made = await access(join(repository.location, 'config')).then(
    () => true,
    () => false,
  )
  if (made) await requireOurs(deps, restic, repository)
  else {
    await mkdir(dirname(repository.location), { recursive: true, mode: 0o700 })
    await using access = await openAccess(deps, repository)
    await initRepository(restic, access)
  }
  const data = { initialisedAt: deps.clock.now() }
  const initialised = await prisma.repository.update({ where: { id: repository.id }, data })
  return trySecureKeys({ ...deps, restic: async () => restic }, initialised)
}

async function requireOurs(deps: DefaultRepositoryDeps, restic: Restic, repository: Repository): Promise<void> {
  await using access = await openAccess(deps, repository)
  try {
    await openRepository(restic, access)
  } catch (error) {
    if (isCoded(error, 'REPOSITORY_WRONG_PASSWORD'))
      await deps.prisma.repository.deleteMany({ where: { id: repository.id, initialisedAt: null } })
    throw error
  }
}

function addRow({ prisma, secretKey, config }: DefaultRepositoryDeps): Promise<Repository> {
  const password = new Secret(randomBytes(32).toString('base64url'))
  const settings = { path: join(config.DATA_DIR, 'repositories/default') }
  const columns = placeColumns(secretKey, uuidv7(), checkPlace('local', settings), settings, password)
  return prisma.repository.create({ data: { ...columns, name: 'default', isDefault: true } })
}

/** The repository that sources without one of their own are saved in. Throws FORBIDDEN, REPOSITORY_UNKNOWN. */
export async function makeDefault(deps: RepositoryDeps, actor: Actor | null, id: string): Promise<Repository> {
  requireScope(actor, 'settings:write', 'choose the default repository')
  return deps.prisma.$transaction(async (tx) => {
    await findRepository(deps, id)
    await tx.repository.updateMany({ where: { isDefault: true, id: { not: id } }, data: { isDefault: false } })
    await record(tx, { actor, action: 'repository.default', target: { type: 'repository', id } })
    return tx.repository.update({ where: { id }, data: { isDefault: true } })
  })
}
