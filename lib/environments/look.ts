import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '#lib/config/config.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { DriverContext } from '#lib/sources/driver.ts'
import { type DriverConfig, driverContext } from './driver-context.ts'

export const LOOK_TIMEOUT_MS = 30_000

export type LookConfig = Pick<Config, 'ROLE' | 'WORKER_ENVIRONMENTS'> & DriverConfig

/** Whether this process makes the backups of an environment, and so can look at its sources as they will be read. */
export function seesEnvironment(config: Pick<Config, 'ROLE' | 'WORKER_ENVIRONMENTS'>, name: string): boolean {
  if (config.ROLE === 'web') return false
  return config.WORKER_ENVIRONMENTS.length === 0 || config.WORKER_ENVIRONMENTS.includes(name)
}

/**
 * Lets `work` look at a source, with a scratch folder that is removed afterwards. Throws SOURCE_TOO_SLOW after
 * `timeoutMs` and REQUEST_ABANDONED when `signal` is aborted, even where a driver does not notice that it should stop.
 */
export async function look<T>(
  config: LookConfig,
  signal: AbortSignal | undefined,
  work: (ctx: DriverContext) => Promise<T>,
  timeoutMs = LOOK_TIMEOUT_MS,
): Promise<T> {
  const end = new AbortController()
  // The first to hear of the end, so that its reason is what is said, whatever a driver that was told to stop makes of it.
  const stopped = new Promise<never>((_, reject) => {
    end.signal.addEventListener('abort', () => reject(end.signal.reason as Error), { once: true })
  })
  stopped.catch(() => {}) // raced below, or never asked for
  const abandon = () => end.abort(new CodedError('REQUEST_ABANDONED', {}))
  const timer = setTimeout(() => end.abort(new CodedError('SOURCE_TOO_SLOW', { seconds: timeoutMs / 1000 })), timeoutMs)
  signal?.addEventListener('abort', abandon, { once: true })
  try {
    if (signal?.aborted) abandon()
    return await Promise.race([
      inScratch((scratch) => work(driverContext(config, { signal: end.signal, scratch }))),
      stopped,
    ])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abandon)
  }
}

async function inScratch<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'backup-trigger-look-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
