import type { OnLog } from '#lib/restic/run.ts'
import type { LogLevel } from '#prisma/client/enums.ts'
import type { NewRestoreEvent } from './append-events.ts'

const MAX_LINE = 4000
/** Of one restore: restic names every file that it could not restore. */
const LINES_WRITTEN = 10_000
/** Of those after that, what is kept until its end: the last ones say why. */
const LAST_LINES = 300

export interface RestoreLog {
  add: OnLog
  /** What is to be written now. */
  take(): NewRestoreEvent[]
  /** What could not be written. */
  putBack(lines: readonly NewRestoreEvent[]): void
  /** What was kept for the end, and how many lines were left out before it. */
  takeLast(): NewRestoreEvent[]
}

/** Collects the lines of a restore's log until they are written. */
export function openRestoreLog(): RestoreLog {
  let waiting: NewRestoreEvent[] = []
  const last: NewRestoreEvent[] = []
  let count = 0
  let leftOut = 0
  return {
    add: (level, message) => {
      const line: NewRestoreEvent = {
        kind: 'LOG',
        level: level.toUpperCase() as LogLevel,
        message: message.slice(0, MAX_LINE).replaceAll('\0', '�'),
      }
      if (++count <= LINES_WRITTEN) waiting.push(line)
      else if (last.push(line) > LAST_LINES) {
        last.shift()
        leftOut++
      }
    },
    take: () => {
      const taken = waiting
      waiting = []
      return taken
    },
    putBack: (lines) => {
      waiting = [...lines, ...waiting]
    },
    takeLast: () => {
      const note = `${leftOut} lines are left out here.`
      return [...(leftOut > 0 ? [{ kind: 'LOG', level: 'INFO', message: note } as const] : []), ...last]
    },
  }
}
