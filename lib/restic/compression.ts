import { isAtLeast } from './version.ts'

export type CompressionMode = 'fastest' | 'auto' | 'better' | 'max'

/** The first restic with the modes `fastest` and `better`. */
const MORE_MODES_SINCE = '0.19.0'

/**
 * restic's compression mode for a level from 1 (least) to 9 (most): 1–2 fastest, 3–6 auto, 7–8 better, 9 max. `exact` is
 * false where an older restic lacks the mode and `auto` takes its place.
 */
export function compressionMode(level: number, resticVersion: string): { mode: CompressionMode; exact: boolean } {
  const wanted = level <= 2 ? 'fastest' : level <= 6 ? 'auto' : level <= 8 ? 'better' : 'max'
  const missing = (wanted === 'fastest' || wanted === 'better') && !isAtLeast(resticVersion, MORE_MODES_SINCE)
  return missing ? { mode: 'auto', exact: false } : { mode: wanted, exact: true }
}
