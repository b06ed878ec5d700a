/*
 * Figures that a few odd values do not move: one backup that took a day says nothing about the others.
 */

export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [upper, lower] = [sorted[middle] as number, sorted[middle - 1] as number]
  return sorted.length % 2 === 1 ? upper : (lower + upper) / 2
}

/** Makes the median absolute deviation of normally distributed values their standard deviation: 1 / Φ⁻¹(3/4). */
const AS_DEVIATION = 1.4826
const FEWEST = 5
const DEVIATIONS = 5
/** What differs by less is of no interest, however steady the rest was. */
const LEAST_SHARE = 0.5

export interface Baseline {
  median: number
  /** From and to what is usual. */
  low: number
  high: number
}

/**
 * What is usual, from earlier values: the median and five of its absolute deviations around it (Hampel's identifier), at least half of it.
 * Null while there are fewer than five.
 */
export function baselineOf(earlier: readonly number[]): Baseline | null {
  const middle = median(earlier)
  if (middle === null || earlier.length < FEWEST) return null
  const deviation = AS_DEVIATION * (median(earlier.map((value) => Math.abs(value - middle))) as number)
  const reach = Math.max(DEVIATIONS * deviation, LEAST_SHARE * Math.abs(middle))
  return { median: middle, low: Math.max(middle - reach, 0), high: middle + reach }
}

export const isUnusual = (value: number, { low, high }: Baseline): boolean => value < low || value > high

/**
 * By how much a value grows for each unit of its place: the median of the slopes between all pairs (Theil and Sen's estimator).
 * Null for fewer than two places.
 */
export function slopeOf(points: readonly (readonly [at: number, value: number])[]): number | null {
  const slopes: number[] = []
  for (const [i, [at, value]] of points.entries())
    for (const [laterAt, laterValue] of points.slice(i + 1))
      if (laterAt !== at) slopes.push((laterValue - value) / (laterAt - at))
  return median(slopes)
}
