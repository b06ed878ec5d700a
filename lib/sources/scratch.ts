import { CodedError } from '#lib/errors/coded-error.ts'
import type { DriverContext } from './driver.ts'

/** What was thrown while the scratch folder was written: SCRATCH_FULL when the system says so (ENOSPC, EDQUOT), else as it is. */
export function scratchError(thrown: unknown, ctx: Pick<DriverContext, 'scratch'>): unknown {
  const code = (thrown as { code?: unknown } | null)?.code
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return thrown
  return new CodedError('SCRATCH_FULL', { folder: ctx.scratch }, { cause: thrown })
}
