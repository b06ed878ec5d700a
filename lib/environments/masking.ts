import { z } from 'zod'

/** SQL that takes personal data out of a copy of a source in another environment, before anybody sees it there. Empty: none. */
export const maskingInput = z
  .string()
  .max(100_000, 'is too long')
  .nullable()
  .transform((sql) => (sql === null || sql.trim() === '' ? null : sql))
