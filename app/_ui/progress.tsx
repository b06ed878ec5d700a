import { bytes, count, duration } from '#app/_ui/format.ts'
import type { ProgressFieldsFragment, RunState } from '#graphql/documents/generated/graphql.ts'

/** How far, from 0 to 1; null when the total is not known, as with a database's stream. */
export function fraction(progress: ProgressFieldsFragment): number | null {
  const { bytesDone, bytesTotal } = progress
  if (!bytesTotal || bytesDone === null) return null
  return Math.min(1, bytesDone / bytesTotal)
}

export function ProgressBar({ progress, label }: { progress: ProgressFieldsFragment; label: string }) {
  const part = fraction(progress)
  const percent = part === null ? null : Math.floor(part * 100)
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent ?? undefined}
      aria-valuetext={percent === null ? `${bytes(progress.bytesDone)} done, total not known` : `${percent} %`}
      className="h-2 w-full overflow-hidden rounded-full bg-accent-wash ring-1 ring-line ring-inset"
    >
      {percent === null ? (
        <div className="bar-unknown h-full w-1/4 rounded-full bg-accent" />
      ) : (
        <div
          className="h-full rounded-full bg-accent transition-[width] duration-300 ease-calm"
          style={{ width: `${percent}%` }}
        />
      )}
    </div>
  )
}

interface FiguresProps {
  progress: ProgressFieldsFragment
  state: RunState
  /** While it is queued. */
  waitsFor: string | null
}

/** The bar's figures in words: percent, bytes, files, rate, time left, as far as they are known. */
export function ProgressFigures({ progress, state, waitsFor }: FiguresProps) {
  const part = fraction(progress)
  if (state === 'QUEUED')
    return <p className="text-small text-ink-soft">Waits for {waitsFor ?? 'a free place on a worker'}.</p>
  const figures = [
    part === null ? null : `${Math.floor(part * 100)} %`,
    progress.bytesTotal
      ? `${bytes(progress.bytesDone)} of ${bytes(progress.bytesTotal)}`
      : progress.bytesDone === null
        ? 'Starting'
        : bytes(progress.bytesDone),
    fileFigure(progress),
    progress.bytesPerSecond ? `${bytes(progress.bytesPerSecond)}/s` : null,
    progress.secondsLeft === null ? null : `${duration(progress.secondsLeft)} left`,
  ].filter((figure) => figure !== null)
  return (
    <p className="flex flex-wrap gap-x-4 gap-y-0.5 text-small text-ink-soft">
      {figures.map((figure) => (
        <span key={figure}>{figure}</span>
      ))}
    </p>
  )
}

function fileFigure({ filesDone, filesTotal }: ProgressFieldsFragment): string | null {
  if (filesDone === null) return null
  if (filesTotal) return `${count(filesDone)} of ${count(filesTotal)} files`
  return filesDone > 0 ? `${count(filesDone)} files` : null
}
