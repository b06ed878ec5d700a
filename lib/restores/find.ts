import { z } from 'zod'
import type { Database, Transaction } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { Restore } from '#prisma/client/client.ts'

/** Throws RESTORE_UNKNOWN. */
export async function findRestore(db: Database | Transaction, id: string): Promise<Restore> {
  const found = z.uuid().safeParse(id).success ? await db.restore.findUnique({ where: { id } }) : null
  if (!found) throw new CodedError('RESTORE_UNKNOWN', { id })
  return found
}
