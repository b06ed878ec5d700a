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
