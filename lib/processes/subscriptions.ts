import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { GraphQLError } from 'graphql'
import { useServer as serveSockets } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'
import { formatError } from '#graphql/errors.ts'
import { schema } from '#graphql/schema.ts'
import { contextOf } from '#graphql/server.ts'
import { viewer } from '#lib/auth/viewer.ts'
import type { Runtime } from '#lib/runtime/runtime.ts'

/** graphql-ws on the GraphQL path. Whoever connects is known before anything is answered, and asked for again per operation. */
export function openSubscriptions(runtime: Runtime) {
  const wss = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024 })
  const facts = (request: IncomingMessage, params: Readonly<Record<string, unknown>> | undefined) => {
    const sent = params?.authorization ?? params?.Authorization
    return {
      cookie: request.headers.cookie ?? null,
      authorization: typeof sent === 'string' ? sent : (request.headers.authorization ?? null),
      clientName: null,
      address: request.socket.remoteAddress ?? null,
    }
  }
  const server = serveSockets(
    {
      schema,
      onConnect: async ({ extra, connectionParams }) =>
        (await viewer(runtime, facts(extra.request, connectionParams))) !== null,
      context: ({ extra, connectionParams }) => contextOf(runtime, facts(extra.request, connectionParams)),
      onError: (_context, _id, _payload, errors) => errors.map((error) => presentable(runtime, error)),
      onNext: (_context, _id, _payload, _args, result) => ({
        ...result,
        ...(result.errors && {
          errors: result.errors.map((error) => presentable(runtime, error)),
        }),
      }),
    },
    wss,
  )
  return {
    upgrade(request: IncomingMessage, socket: Duplex, head: Buffer) {
      if (!isSameOrigin(request, runtime.publicUrl)) {
        socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
        return
      }
      wss.handleUpgrade(request, socket, head, (client) => wss.emit('connection', client, request))
    },
    close: async () => {
      await server.dispose()
    },
  }
}

/** Browsers always send Origin with a socket; it must be ours. Programs send none and have no cookie to abuse. */
function isSameOrigin(request: IncomingMessage, publicUrl: string): boolean {
  const { origin, host } = request.headers
  if (origin === undefined) return true
  return origin === new URL(publicUrl).origin || (URL.canParse(origin) && new URL(origin).host === host)
}

function presentable(runtime: Runtime, error: GraphQLError): GraphQLError {
  const { message, path, extensions } = formatError(runtime.log, error.toJSON(), error)
  return new GraphQLError(message, { path, extensions })
}
