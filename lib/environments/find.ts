import { z } from 'zod'
import type { Transaction } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { Environment, Source } from '#prisma/client/client.ts'

/** Throws ENVIRONMENT_UNKNOWN. */
export async function findEnvironment(tx: Transaction, name: string): Promise<Environment> {
  const environments = await tx.environment.findMany({ orderBy: { position: 'asc' } })
  const found = environments.find((candidate) => candidate.name === name)
  if (found) return found
  throw new CodedError('ENVIRONMENT_UNKNOWN', { name, known: environments.map((one) => one.name) })
}

export type SourceInPlace = Source & { environment: Environment }

/** Throws SOURCE_UNKNOWN, of deleted sources too. */
export async function findSource(tx: Transaction, id: string): Promise<SourceInPlace> {
  const found = z.uuid().safeParse(id).success
    ? await tx.source.findFirst({ where: { id, deletedAt: null }, include: { environment: true } })
    : null
  if (found) return found
  throw new CodedError('SOURCE_UNKNOWN', { id })
}

/** Waits for a removal of the repository that is under way, and keeps another from beginning. Throws REPOSITORY_UNKNOWN. */
export async function requireRepository(tx: Transaction, id: string): Promise<void> {
  const rows = z.uuid().safeParse(id).success
    ? await tx.$queryRaw<unknown[]>`select 1 from repositories where id = ${id}::uuid for key share`
    : []
  if (rows.length === 0) throw new CodedError('REPOSITORY_UNKNOWN', { id })
}
