import { fromPrisma, PgBoss } from 'pg-boss'
import type { Transaction } from '#lib/database/database.ts'
import type { Log } from '#lib/log/log.ts'
import type { Secret } from '#lib/secrets/secret.ts'
import { type JobName, type JobPayload, jobs } from './catalogue.ts'

export interface Queue {
  /** Sends a job as part of the transaction: it exists when, and only when, the transaction is committed. */
  send<N extends JobName>(tx: Transaction, name: N, payload: JobPayload<N>): Promise<void>
  /** Handles jobs of one kind, up to `concurrency` at once. `signal` is aborted when the queue stops for good. */
  work<N extends JobName>(
    name: N,
    options: { concurrency: number },
    handler: (payload: JobPayload<N>, context: { signal: AbortSignal; lastAttempt: boolean }) => Promise<void>,
  ): Promise<void>
  /** Takes no more jobs, waits up to `graceMs` for those at work, then aborts their signals. */
  stop(graceMs: number): Promise<void>
}

/** The queue: pg-boss in the schema `pgboss` of the product's own database. */
export async function openQueue(url: Secret, log: Log): Promise<Queue> {
  const boss = new PgBoss({
    connectionString: url.reveal(),
    application_name: 'backup-trigger queue',
    max: 6,
    useListenNotify: true,
    superviseIntervalSeconds: 5,
    monitorIntervalSeconds: 5,
  })
  boss.on('error', (error) => log.error({ err: error }, 'queue'))
  await boss.start()
  for (const [name, { options }] of Object.entries(jobs)) await boss.createQueue(name, { notify: true, ...options })
  return {
    async send(tx, name, payload) {
      await boss.send(name, jobs[name].payload.parse(payload), { db: fromPrisma(tx) })
    },
    async work(name, { concurrency }, handler) {
      await boss.work(
        name,
        { localConcurrency: concurrency, batchSize: 1, includeMetadata: true, pollingIntervalSeconds: 2, heartbeatRefreshSeconds: 2 },
        async ([job]) => {
          if (!job) return
          const lastAttempt = job.retryCount >= job.retryLimit
          const payload = jobs[name].payload.parse(job.data) as JobPayload<typeof name>
          await handler(payload, { signal: job.signal, lastAttempt })
        },
      )
    },
    stop: (graceMs) => boss.stop({ graceful: true, timeout: graceMs, close: true }),
  }
}
