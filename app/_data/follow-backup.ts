import { retryWaitMs, socket } from '#app/_data/socket.ts'
import { BackupStatusDocument, type BackupStatusSubscription } from '#graphql/documents/generated/graphql.ts'

export type BackupEvent = BackupStatusSubscription['backupStatus']

/**
 * Calls `onEvent` for every event of the backup after `after`, each once and in order, until the returned function is
 * called. A lost connection, a server that closes the subscription and an error all lead to a new subscription after
 * the last event seen, so nothing is missed.
 */
export function followBackup(backupId: string, after: number, onEvent: (event: BackupEvent) => void): () => void {
  let lastSeq = after
  let stopped = false
  let failures = 0
  let unsubscribe = () => {}
  let timer: ReturnType<typeof setTimeout> | undefined

  // The client writes the variables out again at each reconnect; the getter makes it ask for what came since.
  const variables = {
    backupId,
    get after() {
      return lastSeq
    },
  }

  function subscribe(): void {
    unsubscribe = socket().subscribe<BackupStatusSubscription>(
      { query: BackupStatusDocument.toString(), variables },
      {
        next: (result) => {
          const event = result.data?.backupStatus
          if (!event || event.seq <= lastSeq) return
          failures = 0
          lastSeq = event.seq
          onEvent(event)
        },
        error: again,
        complete: again,
      },
    )
  }

  function again(): void {
    if (stopped) return
    timer = setTimeout(subscribe, retryWaitMs(failures++))
  }

  subscribe()
  return () => {
    stopped = true
    clearTimeout(timer)
    unsubscribe()
  }
}
