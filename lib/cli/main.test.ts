import { createServer, type IncomingMessage } from 'node:http'
import { buildSchema, type GraphQLSchema, graphql } from 'graphql'
import { useServer as serveSocket } from 'graphql-ws/use/ws'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import type { Backup, BackupEvent, RunState } from './documents.ts'
import { main } from './main.ts'

const id = '0199a000-0000-7000-8000-000000000001'
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
  type BackupRun { id: ID! state: RunState! attempt: Int! source: Source! repository: Repository! snapshotId: String progress: Progress!
    addedBytes: BigInt storedBytes: BigInt error: RunError }
  type Backup { id: ID! type: BackupType! state: RunState! description: String! environments: [String!]! createdAt: DateTime!
    startedAt: DateTime finishedAt: DateTime lastSeq: Int! runs: [BackupRun!]! }
  type BackupEvent { seq: Int! at: DateTime! kind: EventKind! runId: ID state: RunState progress: Progress level: LogLevel message: String }
  input TriggerBackupInput { type: BackupType! environments: [String!] sourceIds: [ID!] description: String databaseName: String
    storagePath: String compressionLevel: Int idempotencyKey: String }
  type Problem { code: String! message: String! remedy: String! }
  type TriggerBackupSuccess { backup: Backup! } union TriggerBackupResult = TriggerBackupSuccess | Problem
  type CancelBackupSuccess { backup: Backup! } union CancelBackupResult = CancelBackupSuccess | Problem
  type Query { backup(id: ID!): Backup }
  type Mutation { triggerBackup(input: TriggerBackupInput!): TriggerBackupResult! cancelBackup(id: ID!): CancelBackupResult! }
  type Subscription { backupStatus(backupId: ID!, after: Int): BackupEvent! }`)

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** A server that speaks the API's protocol: every subscription sends `perStream` events and then breaks its socket. */
async function startPeer({
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

async function run(
  args: string[],
  url: string,
  token: string | undefined = 'good',
  interrupted = new AbortController().signal,
) {
  let stdout = ''
  let stderr = ''
  const code = await main(args, {
    environment: { url, token, colour: false },
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    interrupted,
  })
  return { code, stdout, stderr }
}

describe('trigger --wait', () => {
  test.each([
    ['SUCCEEDED', 0],
    ['PARTIAL', 2],
    ['FAILED', 1],
    ['CANCELLED', 1],
  ] as const)('of a backup that ends %s has the exit code %i', async (end, code) => {
    const { url } = await startPeer({ end })
    const result = await run(['trigger', '--type', 'full', '--environment', 'demo', '--wait'], url)
    expect(result).toMatchObject({ code, stderr: '' })
    expect(result.stdout).toContain(`Backup ${id}: ${end}`)
    expect(result.stdout).toContain('demo/shop: INFO half done')
  })

  test('takes the stream up again after the last event when the socket breaks, and repeats nothing', async () => {
    const { url, seen } = await startPeer({ end: 'SUCCEEDED', perStream: 1 })
    const { code, stdout } = await run(['trigger', '--type', 'full', '--wait', '--json'], url)
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(seen.afters).toEqual([0, 1, 2, 3])
    expect(lines.map((line) => line.seq)).toEqual([1, 2, 3, 4, undefined])
    expect(lines.at(-1)).toMatchObject({ id, state: 'SUCCEEDED', runs: [{ snapshotId: 'abc123' }] })
    expect(code).toBe(0)
  })

  test('follows by asking where no socket can be opened', async () => {
    const { url, seen } = await startPeer({ end: 'SUCCEEDED', sockets: false })
    expect((await run(['trigger', '--type', 'full', '--wait'], url)).code).toBe(0)
    expect(seen.looks).toBeGreaterThan(2)
  })

  test('tells how to take it up again when the person stops watching', async () => {
    const { url } = await startPeer({ end: 'SUCCEEDED', sockets: false })
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 300)
    const { code, stderr } = await run(['trigger', '--type', 'full', '--wait'], url, 'good', stop.signal)
    expect(code).toBe(1)
    expect(stderr).toContain(`backup-trigger watch ${id}`)
  })
})

describe('trigger', () => {
  test('sends every option under the API’s name', async () => {
    const { url, seen } = await startPeer({ end: 'SUCCEEDED' })
    const options = [
      '--source',
      's1',
      's2',
      '--description',
      'x',
      '--database',
      'd',
      '--path',
      '/p',
      '--compression',
      '9',
    ]
    const { code } = await run(
      ['trigger', '--type', 'user-data', '--environment', 'a', 'b', ...options, '--idempotency-key', 'k'],
      url,
    )
    expect(code).toBe(0)
    expect(seen.inputs).toEqual([
      {
        type: 'USER_DATA',
        environments: ['a', 'b'],
        sourceIds: ['s1', 's2'],
        description: 'x',
        databaseName: 'd',
        storagePath: '/p',
        compressionLevel: 9,
        idempotencyKey: 'k',
      },
    ])
  })

  test('shows the server’s refusal with its code and remedy', async () => {
    const { url } = await startPeer({ end: 'SUCCEEDED' })
    const { code, stderr } = await run(['trigger', '--type', 'full', '--description', 'refuse me'], url)
    expect(code).toBe(1)
    expect(stderr).toBe('Too many. (RATE_LIMITED)\nWhat to do: Wait.\n')
  })

  test.each([
    [['trigger', '--type', 'everything'], 'Use one of: database, user_data, storage, full'],
    [['trigger'], "required option '--type <type>'"],
    [['trigger', '--type', 'full', '--compression', '0'], 'whole number from 1 to 9'],
    [['trigger', '--type', 'full', '--compression', '10'], 'whole number from 1 to 9'],
    [['trigger', '--type', 'full', '--url', 'ftp://x'], 'not the address of a server'],
    [['bogus'], "unknown command 'bogus'"],
  ])('refuses %j', async (args, text) => {
    const { code, stderr } = await run(args, 'http://127.0.0.1:9')
    expect(code).toBe(1)
    expect(stderr).toContain(text)
  })
})

describe('a server', () => {
  test('that is not there ends in exit code 1, the reason and the remedy', async () => {
    const { code, stderr } = await run(['status', id], 'http://127.0.0.1:9')
    expect(code).toBe(1)
    expect(stderr).toMatch(/cannot be reached: .+\n.*npm start/)
  })

  test('that refuses the token says how to make one', async () => {
    const { url } = await startPeer({ end: 'SUCCEEDED' })
    const { code, stderr } = await run(['status', id], url, 'bad')
    expect(code).toBe(1)
    expect(stderr).toContain('npm run token')
  })

  test('that does not know the backup is quoted, as JSON where that was asked for', async () => {
    const { url } = await startPeer({ end: 'SUCCEEDED' })
    const { code, stdout } = await run(['watch', 'nope', '--json'], url)
    expect(code).toBe(1)
    expect(JSON.parse(stdout).error.code).toBe('BACKUP_UNKNOWN')
  })
})
