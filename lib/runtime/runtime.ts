import type { Clock } from '#lib/clock/now.ts'
import type { Config } from '#lib/config/config.ts'
import type { Database } from '#lib/database/database.ts'
import type { Feed } from '#lib/events/feed.ts'
import type { Log } from '#lib/log/log.ts'
import type { ProcessMetrics } from '#lib/metrics/process-metrics.ts'
import type { Mailer } from '#lib/notifications/mailer.ts'
import type { Queue } from '#lib/queue/queue.ts'
import type { Restic } from '#lib/restic/restic.ts'
import type { SecretKey } from '#lib/secrets/seal.ts'
import type { Secret } from '#lib/secrets/secret.ts'
import type { SourceDriver } from '#lib/sources/driver.ts'

/** What exists once per process. */
export interface Runtime {
  config: Config & {
    /** The URL of the program's own database, whoever runs it. */
    ownDatabase: Secret
  }
  clock: Clock
  log: Log
  prisma: Database
  queue: Queue
  feed: Feed
  mailer: Mailer | null
  metrics: ProcessMetrics
  secretKey: SecretKey
  restic: () => Promise<Restic>
  /**
   * The drivers as this process loaded them, to look at sources with: Next's copy of them does not find the programs that
   * lie beside their modules. Throws SOURCE_KIND_UNKNOWN.
   */
  driverOf: (kind: string) => SourceDriver
  /** Where people open the console, without a trailing slash. */
  publicUrl: string
}

const KEY = Symbol.for('system-backup-trigger.runtime')
const registry = globalThis as { [KEY]?: Runtime }

/** Called once by the process's composition root. */
export function setRuntime(runtime: Runtime): void {
  registry[KEY] = runtime
}

/** The process's runtime. Next bundles its own copy of our modules, so it is kept on `globalThis`, not in a module. */
export function runtime(): Runtime {
  const found = registry[KEY]
  if (!found) throw new Error('the server has not started: run npm start, not next start')
  return found
}
