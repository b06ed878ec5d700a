import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Database, Transaction } from '#lib/database/database.ts'
import type { Log } from '#lib/log/log.ts'
import type { Secret } from '#lib/secrets/secret.ts'

const CHANNEL = 'backup_events'

/** In the place of a backup's id: the installation's options changed. */
export const SETTINGS = 'settings'

/**
 * Says "look at this" to every process, at a backup or a restore by its id or at SETTINGS, when and only when the transaction commits. The
 * rows are the truth.
 */
export async function announce(tx: Database | Transaction, what: string): Promise<void> {
  await tx.$executeRaw`select pg_notify(${CHANNEL}, ${what})`
}

export interface Feed {
  /** Calls `look` whenever the backup, or SETTINGS, may have changed, and after every reconnection. Answers how to stop. */
  watch(what: string, look: () => void): () => void
  close(): Promise<void>
}

/** One LISTEN connection for the process; it reconnects by itself and then makes every watcher look, since it may have missed something. */
export async function openFeed(url: Secret, log: Log): Promise<Feed> {
  const watchers = new Map<string, Set<() => void>>()
  let client: pg.Client | null = null
  let closed = false

  const connect = async () => {
    const next = new pg.Client({
      connectionString: url.reveal(),
      keepAlive: true,
      application_name: 'backup-trigger feed',
    })
    next.on('notification', ({ payload }) => {
      for (const look of watchers.get(payload ?? '') ?? []) look()
    })
    // An attempt that fails says `end` too: only what was up can be lost, or each failure would start another reconnecting.
    let up = false
    const onLost = (error?: Error) => {
      if (!up || closed) return
      up = false
      log.warn({ err: error }, 'event feed lost its connection')
      void next.end().catch(() => {})
      void reconnect()
    }
    next.on('error', onLost)
    next.on('end', () => onLost())
    try {
      await next.connect()
      await next.query(`listen ${CHANNEL}`)
    } catch (error) {
      void next.end().catch(() => {})
      throw error
    }
    if (closed) return next.end()
    up = true
    client = next
  }

  const reconnect = async () => {
    for (let delayMs = 100; !closed; delayMs = Math.min(delayMs * 2, 5000)) {
      try {
        await connect()
        for (const looks of watchers.values()) for (const look of looks) look()
        return
      } catch {
        await sleep(delayMs)
      }
    }
  }

  await connect()
  return {
    watch(what, look) {
      const looks = watchers.get(what) ?? new Set()
      watchers.set(what, looks.add(look))
      return () => {
        looks.delete(look)
        if (looks.size === 0) watchers.delete(what)
      }
    },
    async close() {
      closed = true
      await client?.end()
    },
  }
}
