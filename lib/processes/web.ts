import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import nextModule from 'next'
import { CodedError } from '#lib/errors/coded-error.ts'
import { requestContext } from '#lib/log/log.ts'
import { pathLabel } from '#lib/metrics/process-metrics.ts'
import type { Runtime } from '#lib/runtime/runtime.ts'
import { openSubscriptions } from './subscriptions.ts'

// CommonJS in native Node: the default export sits one level deeper.
const next = ((nextModule as unknown as { default?: typeof nextModule }).default ?? nextModule) as typeof nextModule

const GRAPHQL = '/api/graphql'

export interface Web {
  port: number
  /** No new connections; sockets are told to go, so that clients reconnect elsewhere or later. */
  stopAccepting(): Promise<void>
  close(): Promise<void>
}

/** The console and the API on one port. Next handles HTTP; upgrades to the GraphQL path are ours, all others Next's. */
export async function openWeb(runtime: Runtime, { dev }: { dev: boolean }): Promise<Web> {
  const { config, log, metrics } = runtime
  const server = createServer()
  const port = await listen(server, config.PORT, config.HOST)
  // Next closes sockets on a path that is also a route, so it gets an emitter of its own and only the upgrades meant for it.
  const upgrades = new EventEmitter()
  const app = next({ dev, dir: config.projectRoot, hostname: config.HOST, port, httpServer: upgrades as Server })
  const subscriptions = openSubscriptions(runtime)
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (new URL(request.url ?? '/', 'http://localhost').pathname === GRAPHQL)
      subscriptions.upgrade(request, socket, head)
    else upgrades.emit('upgrade', request, socket, head)
  })
  const prepared = app.prepare()
  // From the first moment on: a request that comes while Next prepares waits for it instead of hanging for ever.
  server.on('request', (request, response) => {
    const requestId = randomUUID()
    const timed = metrics.http.startTimer()
    response.once('close', () =>
      timed({ method: request.method ?? '', path: pathLabel(request.url ?? ''), status: response.statusCode }),
    )
    response.setHeader('x-request-id', requestId)
    void requestContext.run({ requestId }, () => answer(request, response))
  })
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    // Overwritten, so that nobody can claim an address of their choice.
    request.headers['x-backup-trigger-peer'] = request.socket.remoteAddress ?? ''
    try {
      await prepared
      await app.getRequestHandler()(request, response)
    } catch (error) {
      log.error({ err: error, url: request.url }, 'http')
      response.destroy()
    }
    log.debug({ method: request.method, url: request.url, status: response.statusCode }, 'request')
  }
  await prepared
  return {
    port,
    async stopAccepting() {
      server.close()
      await subscriptions.close()
    },
    async close() {
      server.closeAllConnections()
      await app.close()
    },
  }
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const problem =
        error.code === 'EADDRINUSE'
          ? `${host}:${port} is already in use`
          : `${host}:${port} cannot be opened (${error.code})`
      reject(
        new CodedError(
          'CONFIG_INVALID',
          { problems: [{ variable: 'PORT', problem, example: '3100' }] },
          { cause: error },
        ),
      )
    })
    server.listen(port, host, () => resolve((server.address() as { port: number }).port))
  })
}
