import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { pipeline } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'

export interface SlowLink {
  readonly port: number
  /** Bytes that it has let through towards the server. */
  sent(): number
  stop(): Promise<void>
}

const PIECE_BYTES = 4096

/** Leads to a port of this machine, and lets through only so many bytes per second in each direction, over all connections. */
export async function startSlowLink(port: number, bytesPerSecond: number): Promise<SlowLink> {
  const sockets = new Set<Socket>()
  let sent = 0
  const oneDirection = (onBytes: (bytes: number) => void) => {
    let turn: Promise<unknown> = Promise.resolve()
    return async function* (source: AsyncIterable<Buffer>) {
      for await (const chunk of source) {
        for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
          const piece = chunk.subarray(at, at + PIECE_BYTES)
          turn = turn.then(() => pause((piece.length / bytesPerSecond) * 1000))
          await turn
          onBytes(piece.length)
          yield piece
        }
      }
    }
  }
  const up = oneDirection((bytes) => {
    sent += bytes
  })
  const down = oneDirection(() => {})
  const server = createServer((client) => {
    const behind = connect(port, '127.0.0.1')
    for (const socket of [client, behind]) {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
    }
    pipeline(client, up, behind, () => {})
    pipeline(behind, down, client, () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    sent: () => sent,
    async stop() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
