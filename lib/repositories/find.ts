import { z } from 'zod'
import type { Clock } from '#lib/clock/now.ts'
import type { Database, Transaction } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { Restic } from '#lib/restic/restic.ts'
import type { Repository } from '#prisma/client/client.ts'
import type { AccessDeps } from './access.ts'

export interface RepositoryDeps extends AccessDeps {
  prisma: Database
  clock: Clock
  restic: () => Promise<Restic>
}

/** Throws REPOSITORY_UNKNOWN. */
export async function findRepository(deps: { prisma: Transaction }, id: string): Promise<Repository> {
  const found = z.uuid().safeParse(id).success ? await deps.prisma.repository.findUnique({ where: { id } }) : null
  if (!found) throw new CodedError('REPOSITORY_UNKNOWN', { id })
  return found
}
