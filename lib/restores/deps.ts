import type { Config } from '#lib/config/config.ts'
import type { DriverConfig } from '#lib/environments/driver-context.ts'
import type { Log } from '#lib/log/log.ts'
import type { Queue } from '#lib/queue/queue.ts'
import type { RepositoryDeps } from '#lib/repositories/find.ts'

export interface RestoreDeps extends RepositoryDeps {
  queue: Queue
  log: Log
  config: DriverConfig &
    Pick<
      Config,
      | 'DATA_DIR'
      | 'SOURCE_SERVER_RUNS'
      | 'STALL_TIMEOUT'
      | 'STORAGE_ROOTS'
      | 'VERIFICATION_POSTGRES_URL'
      | 'WORKER_ENVIRONMENTS'
    >
}
