/** The middle one; of an even number the higher of the two in the middle. NaN when there is none. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

export const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0)

/** Three digits that mean something: "0.84", "12.3", "1,053". */
export function figure(value: number): string {
  const digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

export const seconds = (ms: number): string => figure(ms / 1000)
export const megabytes = (bytes: number): string => figure(bytes / 1e6)
export const ratio = (value: number): string => value.toFixed(3)

/** A table in Markdown. The first column is text, the others are aligned to the right where `numbers` is given. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], numbers = false): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${head.map((_, i) => (numbers && i > 0 ? '--:' : '---')).join('|')}|`, ...rows.map(line)].join(
    '\n',
  )
}
