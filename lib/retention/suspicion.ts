/** What a good run saved, of one source and part, in bytes. */
export interface Size {
  /** All that was read. */
  bytes: number
  /** New data, before compression. */
  addedBytes: number
}

/** Fewer say nothing about what is usual. */
const NEEDED = 5
/** How many of the earlier ones are looked at. */
export const COMPARED = 20
/** A normal distribution's standard deviation is 1.4826 times the median of the absolute deviations. */
const SIGMA_PER_MAD = 1.4826
const SIGMAS = 6
/** Less than this is no reason to look, however small the source is. */
const LEAST_BYTES = 1024 * 1024

/**
 * Why the newest run looks wrong beside those before it, newest first; null when it does not. It does when it read less than
 * half or more than twice as much as usual, or when far more of the data is new than ever, as after somebody encrypted it
 * all; in each case only beyond six robust deviations from the median of the earlier ones.
 */
export function suspicion(newest: Size, earlier: readonly Size[]): string | null {
  const compared = earlier.slice(0, COMPARED)
  if (compared.length < NEEDED) return null
  const bytes = usual(compared.map((size) => size.bytes))
  const added = usual(compared.map((size) => size.addedBytes))
  const isFar = Math.abs(newest.bytes - bytes.median) > Math.max(SIGMAS * bytes.sigma, LEAST_BYTES)
  if (isFar && newest.bytes < bytes.median / 2) return `it read ${percent(newest.bytes, bytes.median)} of what is usual`
  if (isFar && newest.bytes > bytes.median * 2) return `it read ${percent(newest.bytes, bytes.median)} of what is usual`
  const isMuchNew =
    newest.addedBytes > newest.bytes / 2 &&
    newest.addedBytes - added.median > Math.max(SIGMAS * added.sigma, LEAST_BYTES) &&
    newest.addedBytes > Math.max(...compared.map((size) => size.addedBytes)) * 2
  return isMuchNew ? `${percent(newest.addedBytes, newest.bytes)} of its data is new, far more than ever before` : null
}

function usual(values: readonly number[]): { median: number; sigma: number } {
  const middle = median(values)
  return { median: middle, sigma: SIGMA_PER_MAD * median(values.map((value) => Math.abs(value - middle))) }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length / 2
  const [low, high] = [sorted[Math.ceil(half) - 1] ?? 0, sorted[Math.floor(half)] ?? 0]
  return (low + high) / 2
}

const percent = (part: number, whole: number): string =>
  whole === 0 ? 'far more' : `${Math.round((100 * part) / whole)} %`
