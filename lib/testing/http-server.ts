import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface HttpRequest {
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: string
}

export interface HttpAnswer {
  status: number
  headers?: Record<string, string>
  text?: string
}

export interface HttpServer {
  origin: string
  received: HttpRequest[]
  /** What the next requests are answered; null: nothing, ever. */
  answer: (request: HttpRequest) => HttpAnswer | null
  /** Resolves when that many requests have come. */
  has(count: number): Promise<HttpRequest[]>
  close(): Promise<void>
}

/** A real HTTP server on loopback that keeps what it was asked. */
export async function startHttpServer(): Promise<HttpServer> {
  let wake = () => {}
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { method = '', url: path = '', headers } = request
    const asked = { method, path, headers, body }
    const answer = state.answer(asked)
    state.received.push(asked)
    wake()
    if (answer !== null) response.writeHead(answer.status, answer.headers).end(answer.text ?? '')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const state: HttpServer = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: [],
    answer: () => ({ status: 200, text: 'ok' }),
    async has(count) {
      while (state.received.length < count)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      return state.received
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return state
}
