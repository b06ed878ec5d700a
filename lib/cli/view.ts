import type { Backup, BackupEvent, Progress, Run, RunState } from './documents.ts'
import { formatBytes, formatSeconds, printable } from './format.ts'

/** One run as it is shown. */
export interface RunView {
  id: string
  label: string
  state: RunState
  progress: Progress | null
}

export type View = ReadonlyMap<string, RunView>

export function viewOf(backup: Backup): View {
  return new Map(
    backup.runs.map((run) => [run.id, { id: run.id, label: labelOf(run), state: run.state, progress: run.progress }]),
  )
}

export function labelOf(run: Run): string {
  const attempt = run.attempt > 1 ? ` (attempt ${run.attempt})` : ''
  const part = run.partName === null ? '' : ` (${run.partName})`
  return printable(`${run.source.environment.name}/${run.source.name}${part}${attempt}`)
}

/** The view after an event. A run that is not known yet (a new attempt) is shown by its id. */
export function applyEvent(view: View, event: BackupEvent): View {
  if (!event.runId || (event.kind !== 'STATE' && event.kind !== 'PROGRESS')) return view
  const run = view.get(event.runId) ?? {
    id: event.runId,
    label: `run ${event.runId.slice(-8)}`,
    state: 'QUEUED',
    progress: null,
  }
  const next = { ...run, state: event.state ?? run.state, progress: event.progress ?? run.progress }
  return new Map(view).set(event.runId, next)
}

/** Done, as a share of 0 to 1; null while the total is not known. */
export function shareOf(run: RunView): number | null {
  if (run.state === 'SUCCEEDED' || run.state === 'PARTIAL') return 1
  const { bytesDone, bytesTotal } = run.progress ?? {}
  if (bytesDone == null || !bytesTotal) return null
  return Math.min(1, bytesDone / bytesTotal)
}

const COLOURS: Record<RunState, number> = {
  QUEUED: 2,
  RUNNING: 36,
  SUCCEEDED: 32,
  PARTIAL: 33,
  FAILED: 31,
  CANCELLED: 35,
  INTERRUPTED: 31,
}

export function paint(state: RunState, text: string, colour: boolean): string {
  return colour ? `\x1b[${COLOURS[state]}m${text}\x1b[0m` : text
}

/** One line per run, never wider than `width`: name, bar, share, figures; the figures go first when it is narrow. */
export function renderBars(view: View, width: number, colour: boolean): string[] {
  const runs = [...view.values()]
  const labelWidth = Math.min(
    Math.max(8, ...runs.map((run) => [...run.label].length)),
    Math.max(8, Math.floor(width / 3)),
  )
  return runs.map((run) => {
    const share = shareOf(run)
    const percent = share === null ? '    ' : `${String(Math.floor(share * 100)).padStart(3)}%`
    const fixed = labelWidth + 1 + percent.length + 1 + run.state.length
    const barWidth = Math.min(30, width - fixed - 4)
    const bar = barWidth >= 5 ? ` ${drawBar(share, barWidth)}` : ''
    const used = fixed + bar.length
    const figures = figuresOf(run)
    const tail = figures !== '' && used + 2 + figures.length < width ? `  ${figures}` : ''
    if (fixed >= width) return fitTo(`${run.label} ${run.state}`, Math.max(1, width - 1))
    return `${fitTo(run.label, labelWidth)}${bar} ${percent} ${paint(run.state, run.state, colour)}${tail}`
  })
}

function drawBar(share: number | null, width: number): string {
  if (share === null) return '·'.repeat(width)
  const full = Math.round(share * width)
  return '█'.repeat(full) + '░'.repeat(width - full)
}

function figuresOf(run: RunView): string {
  const progress = run.progress
  if (progress?.bytesDone == null || run.state === 'QUEUED') return ''
  const parts = [
    progress.bytesTotal
      ? `${formatBytes(progress.bytesDone)} of ${formatBytes(progress.bytesTotal)}`
      : formatBytes(progress.bytesDone),
  ]
  if (run.state === 'RUNNING' && progress.bytesPerSecond != null)
    parts.push(`${formatBytes(progress.bytesPerSecond)}/s`)
  if (run.state === 'RUNNING' && progress.secondsLeft != null) parts.push(`${formatSeconds(progress.secondsLeft)} left`)
  return parts.join(', ')
}

/** Exactly `width` characters: cut with an ellipsis, or filled with spaces. */
function fitTo(text: string, width: number): string {
  const characters = [...text]
  if (characters.length <= width) return text.padEnd(width + text.length - characters.length)
  return `${characters.slice(0, Math.max(0, width - 1)).join('')}…`
}

/**
 * What a pipe gets to read of an event; null for nothing. Progress is told once per ten per cent of a run, so a log file
 * stays short: `before` is the view without the event.
 */
export function plainLine(before: View, after: View, event: BackupEvent): string | null {
  const run = event.runId ? after.get(event.runId) : undefined
  const name = run ? `${run.label}: ` : ''
  if (event.kind === 'LOG') return `${name}${event.level ?? 'INFO'} ${printable(event.message ?? '')}`
  if (event.kind === 'STATE') {
    const detail = event.message ? ` ${printable(event.message)}` : ''
    return `${run ? name : 'backup: '}${event.state ?? ''}${detail}`
  }
  if (!run) return null
  const share = shareOf(run)
  const earlier = before.get(run.id)
  const step = share === null ? -1 : Math.floor(share * 10)
  const earlierStep = Math.floor(((earlier && shareOf(earlier)) ?? 0) * 10)
  return step > earlierStep ? `${name}${Math.floor((share ?? 0) * 100)}% ${figuresOf(run)}` : null
}
