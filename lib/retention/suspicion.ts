/** What a good run saved, of one source and part, in bytes. */
export interface Size {
  /** All that was read. */
  bytes: number
  /** New data, before compression. */
  addedBytes: number
  /** Of all its tables; null: nobody knows. */
  rows: number | null
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
const LEAST_ROWS = 100

/** A run, and whether it once looked wrong and somebody has said that it is right. */
export interface Looked {
  id: string
  size: Size
  isApproved: boolean
}

/**
 * The oldest of the newest COMPARED runs, newest first, that looks wrong beside those before it, and why; null when none
 * does. Once somebody has said that a run is right, those that are like it and those after it do not look wrong either.
 */
export function findSuspect(runs: readonly Looked[]): { id: string; reason: string } | null {
  for (const [i, run] of [...runs.slice(0, COMPARED).entries()].reverse()) {
    if (run.isApproved) continue
    const earlier = runs.slice(i + 1)
    const reason = suspicion(run.size, earlier.map(sizeOf))
    if (reason === null || suspicion(run.size, sinceApproved(earlier)) === null) continue
    return { id: run.id, reason }
  }
  return null
}

/** The sizes since the newest approved run, which stands for as many as are needed to compare at all; else all. */
function sinceApproved(earlier: readonly Looked[]): Size[] {
  const at = earlier.findIndex((run) => run.isApproved)
  const approved = earlier[at]
  if (approved === undefined) return earlier.map(sizeOf)
  const since = earlier.slice(0, at).map(sizeOf)
  return [...since, ...Array.from({ length: Math.max(NEEDED - since.length, 1) }, () => approved.size)]
}

const sizeOf = (run: Looked) => run.size

/**
 * Why the newest run looks wrong beside those before it, newest first; null when it does not. It does when it read or holds less than
 * half or more than twice as many bytes or rows as usual, or when far more of the data is new than ever, as after somebody encrypted it
 * all; in each case only beyond six robust deviations from the median of the earlier ones.
 */
export function suspicion(newest: Size, earlier: readonly Size[]): string | null {
  const compared = earlier.slice(0, COMPARED)
  if (compared.length < NEEDED) return null
  const bytes = compared.map((size) => size.bytes)
  const share = unusualShare(newest.bytes, bytes, LEAST_BYTES)
  if (share !== null) return `it read ${share} of what is usual`
  const rows = compared.flatMap((size) => size.rows ?? [])
  const rowShare = newest.rows === null || rows.length < NEEDED ? null : unusualShare(newest.rows, rows, LEAST_ROWS)
  if (rowShare !== null) return `it holds ${rowShare} of the rows that are usual`
  const added = usual(compared.map((size) => size.addedBytes))
  const isMuchNew =
    newest.addedBytes > newest.bytes / 2 &&
    newest.addedBytes - added.median > Math.max(SIGMAS * added.sigma, LEAST_BYTES) &&
    newest.addedBytes > Math.max(...compared.map((size) => size.addedBytes)) * 2
  return isMuchNew ? `${percent(newest.addedBytes, newest.bytes)} of its data is new, far more than ever before` : null
}

/** How much of the usual it is, when that is less than half or more than twice, and far from it; null: it is nothing unusual. */
function unusualShare(value: number, earlier: readonly number[], least: number): string | null {
  const { median: middle, sigma } = usual(earlier)
  const isFar = Math.abs(value - middle) > Math.max(SIGMAS * sigma, least)
  return isFar && (value < middle / 2 || value > middle * 2) ? percent(value, middle) : null
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
