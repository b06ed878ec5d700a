import { z } from 'zod'
import { needsRootCert, postgresFields } from '../connections/postgres.ts'
import { selectionFields, selectionIsClear } from './selection.ts'

export const postgresSettings = z
  .strictObject({ ...postgresFields, ...selectionFields })
  .refine(needsRootCert.check, needsRootCert.params)
  .refine(selectionIsClear.check, selectionIsClear.params)

export type PostgresSettings = z.infer<typeof postgresSettings>
