import { fromPrisma, PgBoss } from 'pg-boss'
import type { Transaction } from '#lib/database/database.ts'
import type { Log } from '#lib/log/log.ts'
import type { Secret } from '#lib/secrets/secret.ts'
import { type JobName, type JobPayload, jobs } from './catalogue.ts'

export interface Queue {
  /**
   * Sends a job as part of the transaction: it exists when, and only when, the transaction is committed. Jobs of one
   * `lane` are only taken by those who work that lane.
   */
  send<N extends JobName>(tx: Transaction, name: N, payload: JobPayload<N>, lane?: string): Promise<void>
  /** Handles jobs of one kind and lane, up to `concurrency` at once. `signal` is aborted when the queue stops for good. */
  work<N extends JobName>(
    name: N,
    options: { concurrency: number; lane?: string },
    handler: (payload: JobPayload<N>, context: { signal: AbortSignal; lastAttempt: boolean }) => Promise<void>,
  ): Promise<void>
  /** Whether a job with this payload is waiting or at work. */
  hasJob<N extends JobName>(name: N, payload: JobPayload<N>, lane?: string): Promise<boolean>
  /** Makes the lane, once. Sending to a lane that nobody made is an error. */
  openLane(name: JobName, lane: string): Promise<void>
  /** Has a job sent at every time of a cron expression (UTC), once for all processes. Asking again changes nothing. */
  repeat<N extends JobName>(name: N, payload: JobPayload<N>, cron: string): Promise<void>
  ping(): Promise<void>
  /** Takes no more jobs, waits up to `graceMs` for those at work, then aborts their signals. */
  stop(graceMs: number): Promise<void>
}

/** A job whose worker is silent for this long is taken from it and tried again. */
const HEARTBEAT_SECONDS = 15

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

  const made = new Set<string>()
  const make = async (name: JobName, lane?: string): Promise<string> => {
    const queue = lane === undefined ? name : `${name}/${lane}`
    if (!made.has(queue)) {
      const options = { notify: true, heartbeatSeconds: HEARTBEAT_SECONDS, ...jobs[name].options }
      await boss.createQueue(queue, options)
      await boss.updateQueue(queue, options) // one that an earlier version made
    }
    made.add(queue)
    return queue
  }
  for (const name of Object.keys(jobs) as JobName[]) await make(name)

  return {
    async send(tx, name, payload, lane) {
      const queue = lane === undefined ? name : `${name}/${lane}`
      const id = await boss.send(queue, jobs[name].payload.parse(payload), { db: fromPrisma(tx) })
      if (id === null) throw new Error(`the queue ${queue} did not take a job`)
    },
    async work(name, { concurrency, lane }, handler) {
      const queue = await make(name, lane)
      const options = {
        batchSize: 1,
        includeMetadata: true,
        heartbeatRefreshSeconds: 2,
        pollingIntervalSeconds: 2,
        notifyPollingIntervalSeconds: 5,
      } as const
      for (let i = 0; i < concurrency; i++) {
        const worker: string = await boss.work(queue, options, async ([job]) => {
          if (!job) return
          try {
            const payload = jobs[name].payload.parse(job.data) as JobPayload<typeof name>
            await handler(payload, { signal: job.signal, lastAttempt: job.retryCount >= job.retryLimit })
          } finally {
            // pg-boss waits for the next NOTIFY after each job, even when more are waiting.
            boss.notifyWorker(worker)
          }
        })
      }
    },
    async hasJob(name, payload, lane) {
      const found = await boss.findJobs(await make(name, lane), { data: payload })
      return found.some((job) => job.state === 'created' || job.state === 'retry' || job.state === 'active')
    },
    async openLane(name, lane) {
      await make(name, lane)
    },
    async repeat(name, payload, cron) {
      await boss.schedule(await make(name), cron, jobs[name].payload.parse(payload))
    },
    async ping() {
      await boss.getQueue('backup.run')
    },
    stop: (graceMs) => boss.stop({ graceful: true, timeout: graceMs, close: true }),
  }
}
