import { AsyncLocalStorage } from 'node:async_hooks'
import pino from 'pino'
import type { Config } from '#lib/config/config.ts'

export type Log = pino.Logger

const levels = { DEBUG: 'debug', INFO: 'info', WARNING: 'warn', ERROR: 'error' } as const

/** What every line carries that is logged while a request is answered, however deep. */
export const requestContext = new AsyncLocalStorage<{ requestId: string }>()

/** From now on; loggers that were derived from it earlier, such as those of runs at work, keep theirs. */
export function setVerbosity(log: Log, verbosity: Config['LOG_VERBOSITY']): void {
  log.level = levels[verbosity]
}

/**
 * The process's log: one JSON object a line on stdout, ISO times, level by LOG_VERBOSITY. Secrets are `Secret` objects and
 * print as `[secret]`; nothing is redacted by pattern.
 */
export function openLog(config: Pick<Config, 'LOG_VERBOSITY'>, stream?: pino.DestinationStream): Log {
  const options: pino.LoggerOptions = {
    level: levels[config.LOG_VERBOSITY],
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    mixin: () => requestContext.getStore() ?? {},
    formatters: { level: (label) => ({ level: label }) },
  }
  return stream ? pino(options, stream) : pino(options)
}
