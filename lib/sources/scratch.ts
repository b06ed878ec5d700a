import { stat } from 'node:fs/promises'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { DriverContext } from './driver.ts'

/** What was thrown while the scratch folder was written: SCRATCH_FULL when the system says so (ENOSPC, EDQUOT), else as it is. */
export function scratchError(thrown: unknown, ctx: Pick<DriverContext, 'scratch'>): unknown {
  const code = (thrown as { code?: unknown } | null)?.code
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return thrown
  return new CodedError('SCRATCH_FULL', { folder: ctx.scratch }, { cause: thrown })
}

const LOOK_EVERY_MS = 1000

/** Reports the size of a file that a program writes, besides `before`, until the answer is called. */
export function reportGrowth(file: string, ctx: Pick<DriverContext, 'progress'>, before = 0): () => void {
  const looking = setInterval(async () => {
    const size = (await stat(file).catch(() => null))?.size
    if (size !== undefined) ctx.progress(before + size)
  }, LOOK_EVERY_MS)
  return () => clearInterval(looking)
}
