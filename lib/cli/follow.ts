import { setTimeout as pause } from 'node:timers/promises'
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import type { Connection } from './connection.ts'
import { type Backup, type BackupEvent, hasEnded, statusDocument } from './documents.ts'
import { CommandFailed, ServerUnreachable } from './failure.ts'

export interface FollowOptions {
  /** The last event that was already seen; 0 for none. */
  after?: number
  /** Stops following; the backup itself goes on. */
  signal?: AbortSignal
  /** How long the server may be away before following is given up. */
  patienceMs?: number
  /** Between two looks while no events come. */
  retryMs?: number
  onEvent: (event: BackupEvent) => void
}

/**
 * Follows a backup to its end and gives its final state. The stream only brings events early: when it ends or breaks, the
 * backup itself is asked, and unless that has ended the stream is taken up again after the last event seen. So a server
 * without a working socket (a proxy in between) is followed too, by asking.
 */
export async function follow(connection: Connection, id: string, options: FollowOptions): Promise<Backup> {
  const { signal, onEvent, patienceMs = 120_000, retryMs = 1_000 } = options
  let lastSeq = options.after ?? 0
  let lastAnswer = performance.now()
  for (;;) {
    await streamEvents(connection, id, lastSeq, signal, (event) => {
      if (event.seq <= lastSeq) return
      lastSeq = event.seq
      lastAnswer = performance.now()
      onEvent(event)
    })
    signal?.throwIfAborted()
    try {
      const backup = await connection.backup(id)
      if (!backup) throw unknownBackup(id)
      lastAnswer = performance.now()
      if (hasEnded(backup.state)) return backup
    } catch (error) {
      if (!(error instanceof ServerUnreachable) || performance.now() - lastAnswer > patienceMs) throw error
    }
    await pause(retryMs, undefined, { signal })
  }
}

export function unknownBackup(id: string): CommandFailed {
  return new CommandFailed(
    `There is no backup “${id}”.`,
    'Take the id from the answer to the trigger or from the history.',
    {
      code: 'BACKUP_UNKNOWN',
    },
  )
}

/** One subscription, until it ends for whatever reason. Says nothing about how: the caller asks the server. */
async function streamEvents(
  connection: Connection,
  id: string,
  after: number,
  signal: AbortSignal | undefined,
  onEvent: (event: BackupEvent) => void,
): Promise<void> {
  if (signal?.aborted) return
  const authorization = connection.token ? `Bearer ${connection.token}` : undefined
  const headers: Record<string, string> = authorization ? { authorization } : {}
  let socket: WebSocket | undefined
  class AuthorisedSocket extends WebSocket {
    constructor(address: string, protocols: string | string[]) {
      super(address, protocols, { headers, handshakeTimeout: 15_000 })
      socket = this
    }
  }
  const client = createClient({
    url: `${connection.url.replace(/^http/, 'ws')}/api/graphql`,
    webSocketImpl: AuthorisedSocket,
    connectionParams: authorization ? { authorization } : {},
    retryAttempts: 0,
    keepAlive: 15_000,
    onNonLazyError: () => {},
  })
  const stopped = new AbortController()
  try {
    await new Promise<void>((resolve) => {
      client.subscribe<{ backupStatus: BackupEvent }>(
        { query: statusDocument, variables: { id, after } },
        {
          next: (message) => {
            if (message.data) onEvent(message.data.backupStatus)
          },
          error: () => resolve(),
          complete: () => resolve(),
        },
      )
      signal?.addEventListener('abort', () => resolve(), { once: true, signal: stopped.signal })
    })
  } finally {
    stopped.abort()
    // Not dispose(): it waits for a connection that is still being made.
    socket?.terminate()
  }
}
