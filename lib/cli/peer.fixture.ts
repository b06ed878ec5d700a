/** A server that speaks the API's protocol, for the client's tests. */
import { createServer, type IncomingMessage } from 'node:http'
import { buildSchema, type GraphQLSchema, graphql } from 'graphql'
import { useServer as serveSocket } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'
import type { Backup, BackupEvent, RunState } from './documents.ts'

export const id = '0199a000-0000-7000-8000-000000000001'
const schema = buildSchema(`
  scalar DateTime scalar BigInt
  enum BackupType { DATABASE USER_DATA STORAGE FULL }
  enum RunState { QUEUED RUNNING SUCCEEDED PARTIAL FAILED CANCELLED INTERRUPTED }
  enum EventKind { STATE PROGRESS LOG }
  enum LogLevel { DEBUG INFO WARNING ERROR }
  type Environment { name: String! } type Repository { name: String! location: String! }
  type Source { name: String! environment: Environment! }
  type Progress { bytesDone: BigInt bytesTotal: BigInt filesDone: BigInt filesTotal: BigInt bytesPerSecond: Float secondsLeft: Float }
  type RunError { code: String! message: String! remedy: String! }
  type BackupRun { id: ID! state: RunState! attempt: Int! waitsFor: String partName: String source: Source! repository: Repository! snapshotId: String progress: Progress!
    addedBytes: BigInt storedBytes: BigInt error: RunError }
  type Backup { id: ID! type: BackupType! state: RunState! description: String! environments: [String!]! createdAt: DateTime!
    startedAt: DateTime finishedAt: DateTime lastSeq: Int! runs: [BackupRun!]! }
  type BackupEvent { seq: Int! at: DateTime! kind: EventKind! runId: ID state: RunState progress: Progress level: LogLevel message: String }
  input TriggerBackupInput { type: BackupType! environments: [String!] sourceIds: [ID!] description: String databaseName: String
    storagePath: String compressionLevel: Int notificationEnabled: Boolean logVerbosity: LogLevel retentionDays: Int idempotencyKey: String }
  type Problem { code: String! message: String! remedy: String! }
  type TriggerBackupSuccess { backup: Backup! } union TriggerBackupResult = TriggerBackupSuccess | Problem
  type CancelBackupSuccess { backup: Backup! } union CancelBackupResult = CancelBackupSuccess | Problem
  type Query { backup(id: ID!): Backup }
  type Mutation { triggerBackup(input: TriggerBackupInput!): TriggerBackupResult! cancelBackup(id: ID!): CancelBackupResult! }
  type Subscription { backupStatus(backupId: ID!, after: Int): BackupEvent! }`)

const closers: (() => Promise<void>)[] = []
export async function stopPeers(): Promise<void> {
  for (const close of closers.splice(0)) await close()
}

/** Every subscription sends `perStream` events and then breaks its socket. */
export async function startPeer({
  end,
  perStream = 100,
  sockets = true,
}: {
  end: RunState
  perStream?: number
  sockets?: boolean
}) {
  const progress = {
    bytesDone: 5,
    bytesTotal: 10,
    filesDone: 1,
    filesTotal: 1,
    bytesPerSecond: null,
    secondsLeft: null,
  }
  const events: BackupEvent[] = (['RUNNING', null, null, end] as const).map((state, index) => ({
    seq: index + 1,
    at: '2026-03-01T00:00:00Z',
    kind: state ? 'STATE' : index === 1 ? 'PROGRESS' : 'LOG',
    runId: 'run-1',
    state,
    progress: index === 1 ? progress : null,
    level: index === 2 ? 'INFO' : null,
    message: index === 2 ? 'half done' : null,
  }))
  const seen = {
    inputs: [] as Record<string, unknown>[],
    afters: [] as number[],
    headers: [] as (string | undefined)[],
    delivered: 0,
    looks: 0,
  }
  const backup = (): Backup => {
    const state = seen.delivered >= events.length || (!sockets && seen.looks > 2) ? end : 'RUNNING'
    const error = state === 'FAILED' ? { code: 'SOURCE_EMPTY', message: 'It was empty.', remedy: 'Fill it.' } : null
    const run = {
      id: 'run-1',
      state,
      attempt: 1,
      waitsFor: null,
      partName: null,
      progress,
      addedBytes: 7,
      storedBytes: 3,
      error,
      snapshotId: error ? null : 'abc123',
    }
    const names = {
      source: { name: 'shop', environment: { name: 'demo' } },
      repository: { name: 'default', location: '/repo' },
    }
    const times = { createdAt: events[0]?.at ?? '', startedAt: null, finishedAt: null }
    return {
      id,
      type: 'FULL',
      state,
      description: '',
      environments: ['demo'],
      ...times,
      lastSeq: 4,
      runs: [{ ...run, ...names }],
    }
  }
  const rootValue = {
    backup: ({ id: wanted }: { id: string }) => {
      seen.looks += 1
      return wanted === id ? backup() : null
    },
    triggerBackup: ({ input }: { input: Record<string, unknown> }) => {
      seen.inputs.push(input)
      if (input.description === 'refuse me')
        return { __typename: 'Problem', code: 'RATE_LIMITED', message: 'Too many.', remedy: 'Wait.' }
      return { __typename: 'TriggerBackupSuccess', backup: backup() }
    },
    cancelBackup: () => ({ __typename: 'CancelBackupSuccess', backup: backup() }),
  }
  const server = createServer(async (request, response) => {
    seen.headers.push(request.headers.authorization)
    response.setHeader('content-type', 'application/json')
    if (request.headers.authorization !== 'Bearer good') return response.writeHead(401).end('{}')
    const { query, variables } = JSON.parse(await readBody(request))
    response.end(JSON.stringify(await graphql({ schema, source: query, rootValue, variableValues: variables })))
  })
  if (!sockets) server.on('upgrade', (_request, socket) => socket.destroy())
  else
    serveEvents(schema, server, async function* ({ after }: { after: number }, breakSocket: () => void) {
      seen.afters.push(after)
      for (const event of events.slice(after, after + perStream)) {
        seen.delivered = event.seq
        yield { data: { backupStatus: event } }
      }
      if (seen.delivered < events.length) breakSocket()
    })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as { port: number }
  return { url: `http://127.0.0.1:${port}`, seen }
}

function serveEvents(
  schema: GraphQLSchema,
  server: ReturnType<typeof createServer>,
  events: (variables: { after: number }, breakSocket: () => void) => AsyncGenerator<unknown>,
) {
  const sockets = new WebSocketServer({ server, path: '/api/graphql' })
  serveSocket(
    {
      schema,
      onConnect: (context) => context.connectionParams?.authorization === 'Bearer good',
      subscribe: (args: { variableValues?: Record<string, unknown> | null; contextValue?: unknown }) =>
        events({ after: Number(args.variableValues?.after ?? 0) }, () => {
          // After the events that are on their way.
          setTimeout(() => {
            for (const socket of sockets.clients) socket.terminate()
          }, 50)
        }) as never,
    },
    sockets,
  )
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request) body += chunk
  return body
}
