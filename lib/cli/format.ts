const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** 1536 → “1.5 kB”; decimal units, as disks are sold. */
export function formatBytes(bytes: number | null): string {
  if (bytes === null) return '–'
  let value = bytes
  let unit = 0
  while (value >= 999.95 && unit < UNITS.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 ? value.toFixed(0) : value.toFixed(1)} ${UNITS[unit]}`
}

/** 75 → “1:15”, 3675 → “1:01:15”. */
export function formatSeconds(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return '–'
  const whole = Math.max(0, Math.round(seconds))
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const [hours = 0, minutes = 0, rest = 0] = parts
  const tail = String(rest).padStart(2, '0')
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`
}

/** Text from elsewhere made safe for a terminal: no control characters, so no escape sequences. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ')
}

/** Rows as columns that are as wide as they must be. */
export function columns(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => [...(row[at] ?? '')].length)))
  return rows.map((row) =>
    row
      .map((cell, at) => (at === row.length - 1 ? cell : cell + ' '.repeat((widths[at] ?? 0) - [...cell].length)))
      .join('  ')
      .trimEnd(),
  )
}
