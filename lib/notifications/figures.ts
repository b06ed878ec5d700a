const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** 1536 → "1.5 KiB". */
export function formatBytes(bytes: number): string {
  const inUnit = (power: number) => Math.round((bytes / 1024 ** power) * 10) / 10
  let power = 0
  while (inUnit(power) >= 1024 && power < units.length - 1) power++
  return `${power === 0 ? bytes : inUnit(power).toFixed(1)} ${units[power]}`
}

/** Milliseconds as "850 ms", "12.3 s", "4 min 5 s" or "2 h 3 min". */
export function formatDuration(ms: number): string {
  if (Math.round(ms) < 1000) return `${Math.round(ms)} ms`
  const tenths = Math.round(ms / 100)
  if (tenths < 600) return `${(tenths / 10).toFixed(1)} s`
  const seconds = Math.max(60, Math.floor(ms / 1000))
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
