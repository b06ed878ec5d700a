import { type Client, createClient } from 'graphql-ws'
import { useSyncExternalStore } from 'react'

/** `idle` before the first subscription; `lost` means the client is trying to connect again. */
export type Connection = 'idle' | 'connecting' | 'open' | 'lost'

const LONGEST_WAIT_MS = 15_000
const PING_MS = 10_000
const PONG_WITHIN_MS = 5_000

let client: Client | undefined
let connection: Connection = 'idle'
const listeners = new Set<() => void>()

function report(next: Connection): void {
  connection = next
  for (const listener of listeners) listener()
}

/** Doubles from half a second, with chance in it so that many browsers do not come back in the same instant. */
export function retryWaitMs(attempt: number): number {
  const longest = Math.min(LONGEST_WAIT_MS, 500 * 2 ** attempt)
  return longest / 2 + Math.random() * (longest / 2)
}

/** The one connection of this page. It opens with the first subscription and is tried again forever. */
export function socket(): Client {
  if (client) return client
  let raw: WebSocket | undefined
  let pongTimer: ReturnType<typeof setTimeout> | undefined
  client = createClient({
    url: () => `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/graphql`,
    lazy: true,
    keepAlive: PING_MS,
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    retryWait: (retries) => new Promise((resolve) => setTimeout(resolve, retryWaitMs(retries))),
    on: {
      connecting: (isRetry) => report(isRetry ? 'lost' : 'connecting'),
      connected: (opened) => {
        raw = opened as WebSocket
        report('open')
      },
      closed: (event) => {
        clearTimeout(pongTimer)
        const clean = (event as CloseEvent).code === 1000
        report(clean ? 'idle' : 'lost')
      },
      // A network that went away silently is noticed by the pong that does not come.
      ping: (received) => {
        if (received) return
        clearTimeout(pongTimer)
        pongTimer = setTimeout(() => raw?.close(4408, 'No pong'), PONG_WITHIN_MS)
      },
      pong: (received) => {
        if (received) clearTimeout(pongTimer)
      },
    },
  })
  return client
}

export function useConnection(): Connection {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => connection,
    () => 'idle' as const,
  )
}
