import type { BackupOrigin, BackupType, SourceType } from '#graphql/documents/generated/graphql.ts'

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
const counts = new Intl.NumberFormat('en')

/** 1536 → “1.5 KiB”; nothing known → “–”. */
export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–'
  let size = value
  let unit = 0
  while (size >= 1024 && unit < BYTE_UNITS.length - 1) {
    size /= 1024
    unit += 1
  }
  const digits = unit === 0 || size >= 100 ? 0 : 1
  return `${size.toFixed(digits)} ${BYTE_UNITS[unit]}`
}

export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : counts.format(value)
}

/** 75 → “1 min 15 s”. Two units at most. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return '–'
  const whole = Math.max(0, Math.round(seconds))
  const days = Math.floor(whole / 86_400)
  const hours = Math.floor((whole % 86_400) / 3_600)
  const minutes = Math.floor((whole % 3_600) / 60)
  if (days > 0) return hours > 0 ? `${days} d ${hours} h` : `${days} d`
  if (hours > 0) return minutes > 0 ? `${hours} h ${minutes} min` : `${hours} h`
  if (minutes > 0) return whole % 60 > 0 ? `${minutes} min ${whole % 60} s` : `${minutes} min`
  return `${whole} s`
}

export function secondsBetween(from: string | null | undefined, toMs: number): number | null {
  return from ? (toMs - Date.parse(from)) / 1000 : null
}

const dateAndTime = new Intl.DateTimeFormat('en-GB', {
  day: '2-digit',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
})
const timeOfDay = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })

const dateAlone = new Intl.DateTimeFormat('en-GB', { day: '2-digit', month: 'short', year: 'numeric' })

export function day(iso: string): string {
  return dateAlone.format(Date.parse(iso))
}

/** 3.14 → “3.1 times”. */
export function times(ratio: number | null): string {
  return ratio === null ? '–' : `${ratio.toFixed(ratio < 10 ? 1 : 0)} times`
}

export function when(iso: string): string {
  return dateAndTime.format(Date.parse(iso))
}

/** “Thu, 26 Nov 2026, 03:30 CET” */
export function whenIn(iso: string, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    weekday: 'short',
    day: '2-digit',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
    timeZone,
  })
  return format.format(Date.parse(iso))
}

export function clockTime(iso: string): string {
  return timeOfDay.format(Date.parse(iso))
}

export const typeNames: Record<BackupType | SourceType, string> = {
  DATABASE: 'Database',
  USER_DATA: 'User data',
  STORAGE: 'Storage',
  FULL: 'Full system',
}

export const originNames: Record<BackupOrigin, string> = {
  CONSOLE: 'Console',
  API: 'API',
  REST: 'REST',
  CLI: 'CLI',
  SCHEDULE: 'Schedule',
  ADOPTED: 'Adopted',
}

/** What a run saves: its source, and of one with parts which of them. */
export function runName(run: { source: { name: string }; partName: string | null }): string {
  return run.partName === null ? run.source.name : `${run.source.name} (${run.partName})`
}

/** “Integrity check”: the task's title at the beginning of a line. */
export function taskName({ title }: { title: string }): string {
  return `${title[0]?.toUpperCase() ?? ''}${title.slice(1)}`
}
