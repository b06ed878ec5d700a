import type { Database } from '#lib/database/database.ts'
import type { Log } from '#lib/log/log.ts'
import type { BackupRun } from '#prisma/client/client.ts'
import type { LogLevel } from '#prisma/client/enums.ts'
import { appendEvents, type NewEvent, type Progress } from './append-events.ts'

const FLUSH_EVERY_MS = 250
const MAX_LINE = 4000
const LEVELS: readonly LogLevel[] = ['DEBUG', 'INFO', 'WARNING', 'ERROR']

export interface Reporter {
  progress(progress: Progress): void
  /** Bytes read so far while the copy is prepared, before restic begins. */
  prepared(bytes: number): void
  log(level: 'debug' | 'info' | 'warning' | 'error', message: string): void
  /** Writes what is waiting. Call it before the run ends, so that the log comes before the end. */
  flush(): Promise<void>
  close(): void
}

/**
 * Collects a run's progress and log and writes them in batches, at most four a second; of several progress reports in one
 * batch only the newest counts. A batch that cannot be written is kept for the next. Lines below the verbosity are left out.
 */
export function openReporter(prisma: Database, run: BackupRun, verbosity: LogLevel, log: Log): Reporter {
  let waiting: NewEvent[] = []
  let latest: Progress | null = null
  let writing: Promise<void> = Promise.resolve()

  const write = async () => {
    const [lines, progress] = [waiting, latest]
    if (lines.length === 0 && !progress) return
    ;[waiting, latest] = [[], null]
    const events: NewEvent[] = progress ? [...lines, { kind: 'PROGRESS', runId: run.id, progress }] : lines
    try {
      await prisma.$transaction(async (tx) => {
        if (progress)
          await tx.backupRun.updateMany({
            where: { id: run.id, claimId: run.claimId, state: 'RUNNING' },
            data: figures(progress),
          })
        await appendEvents(tx, run.backupId, events)
      })
    } catch (error) {
      log.warn({ err: error }, 'progress could not be written; it is tried again')
      waiting = [...lines, ...waiting]
      latest ??= progress
    }
  }
  const flush = () => {
    writing = writing.then(write)
    return writing
  }
  const timer = setInterval(flush, FLUSH_EVERY_MS)
  return {
    progress: (progress) => {
      latest = progress
    },
    prepared: (bytes) => {
      latest = { ...nothing, bytesDone: bytes }
    },
    log: (level, message) => {
      if (LEVELS.indexOf(level.toUpperCase() as LogLevel) < LEVELS.indexOf(verbosity)) return
      waiting.push({
        kind: 'LOG',
        runId: run.id,
        level: level.toUpperCase() as LogLevel,
        message: message.slice(0, MAX_LINE).replaceAll('\0', '�'),
      })
    },
    flush,
    close: () => clearInterval(timer),
  }
}

const nothing: Progress = {
  bytesDone: null,
  bytesTotal: null,
  filesDone: null,
  filesTotal: null,
  bytesPerSecond: null,
  secondsLeft: null,
}

function figures(progress: Progress) {
  return {
    ...progress,
    bytesDone: whole(progress.bytesDone),
    bytesTotal: whole(progress.bytesTotal),
    filesDone: whole(progress.filesDone),
    filesTotal: whole(progress.filesTotal),
  }
}

const whole = (value: number | null) => (value === null ? null : BigInt(Math.round(value)))
