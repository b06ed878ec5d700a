import { monotonicMs } from '#lib/clock/now.ts'
import type { BackupMessage } from './messages.ts'

export interface BackupProgress {
  bytesDone: number
  /** Null while it is not known: always for streams, and until restic has counted the files. */
  bytesTotal: number | null
  filesDone: number
  filesTotal: number | null
  secondsLeft: number | null
  bytesPerSecond: number
}

const INTERVAL_MS = 250
/** How much of each new reading enters the rate: about three seconds of memory at four readings a second. */
const SMOOTHING = 0.15

/** Turns restic's status lines into at most four progress reports a second. */
export function progressMeter(
  shape: 'paths' | 'stream',
  report: (progress: BackupProgress) => void,
  now: () => number = monotonicMs,
): (status: Extract<BackupMessage, { message_type: 'status' }>) => void {
  let last: { at: number; bytes: number } | null = null
  let rate: number | null = null
  return (status) => {
    const at = now()
    if (last && at - last.at < INTERVAL_MS) return
    if (last) {
      const momentary = Math.max(0, (status.bytes_done - last.bytes) / ((at - last.at) / 1000))
      rate = rate === null ? momentary : rate + SMOOTHING * (momentary - rate)
    }
    last = { at, bytes: status.bytes_done }
    const counted = shape === 'paths' && status.total_bytes > 0
    report({
      bytesDone: status.bytes_done,
      bytesTotal: counted ? status.total_bytes : null,
      filesDone: status.files_done,
      filesTotal: counted ? status.total_files : null,
      secondsLeft: counted && status.seconds_remaining > 0 ? status.seconds_remaining : null,
      bytesPerSecond: Math.round(rate ?? 0),
    })
  }
}
