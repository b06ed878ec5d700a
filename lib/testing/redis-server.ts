import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, RESP_TYPES } from '@redis/client'
import { type Child, startChild } from '#lib/process/child.ts'
import { freePort } from './free-port.ts'

/** A throw-away Redis server on loopback, with its data in memory alone. */
export interface RedisServer {
  readonly port: number
  /** The path of its Unix socket. */
  readonly socket: string
  /** Of the account `default`. */
  readonly password: string
  /** Runs commands one after the other, as `default` and in database 0 until a SELECT. Answers those of the last. */
  run(...commands: (string | Buffer)[][]): Promise<unknown>
  /** Ends it and removes what it had. May be called after kill() and more than once. */
  stop(): Promise<void>
  /** Ends it at once, as a crash does; `restart` starts it again, empty, on the same port. */
  kill(): Promise<void>
  restart(): Promise<void>
  /** Stops it where it is, as an overloaded or disconnected machine looks; `thaw` lets it go on. */
  freeze(): void
  thaw(): void
}

const READY_TIMEOUT_MS = 30_000
const password = 'the default’s "own" p:ass\\word'

/** Why tests with a system's Redis cannot run here, or null. In CI nothing may be skipped: there it throws. */
export function redisMissing(): string | null {
  const missing = ['redis-server', 'redis-cli', 'redis-check-rdb'].filter((name) => !existsSync(`/usr/bin/${name}`))
  if (missing.length === 0) return null
  const reason = `${missing.join(', ')} not installed (apt-get install redis-server redis-tools)`
  if (process.env.CI === 'true') throw new Error(`${reason}; in CI this may not be skipped`)
  return reason
}

/** Starts a server with more configuration, such as { tls-port: '0' }. Resolves when it takes connections. */
export async function startRedisServer(
  config: (port: number) => Record<string, string> = () => ({}),
): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'throw-away-redis-'))
  const [port, socket] = [await freePort(), join(folder, 'socket')]
  const settings: Record<string, string> = {
    port: String(port),
    bind: '127.0.0.1',
    unixsocket: socket,
    dir: folder,
    requirepass: password,
    save: '',
    'repl-diskless-sync-delay': '0',
    'enable-debug-command': 'yes',
    ...config(port),
  }
  let child = await launch(settings)
  const end = async (signal: NodeJS.Signals) => {
    try {
      process.kill(child.pid, signal)
    } catch {} // it has ended already
    await child.exited
  }
  return {
    port,
    socket,
    password,
    run: (...commands) => run(socket, commands),
    stop: async () => {
      await end('SIGKILL')
      await rm(folder, { recursive: true, force: true })
    },
    kill: () => end('SIGKILL'),
    restart: async () => {
      await end('SIGKILL')
      child = await launch(settings)
    },
    freeze: () => process.kill(child.pid, 'SIGSTOP'),
    thaw: () => process.kill(child.pid, 'SIGCONT'),
  }
}

async function launch(settings: Record<string, string>): Promise<Child> {
  const said: string[] = []
  const ready = Promise.withResolvers<void>()
  const child = await startChild({
    command: '/usr/bin/redis-server',
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    env: { LC_ALL: 'C' },
    onStdoutLine: (line) => {
      said.push(line)
      if (line.includes('The server is now ready to accept connections at')) ready.resolve()
    },
  })
  const problem = (what: string) => new Error(`Redis ${what}: ${said.slice(-5).join(' | ')}`)
  const timer = setTimeout(() => ready.reject(problem('was not ready in time')), READY_TIMEOUT_MS)
  void child.exited.then(() => ready.reject(problem('ended')))
  try {
    await ready.promise
    return child
  } catch (error) {
    await child.stop()
    throw error
  } finally {
    clearTimeout(timer)
  }
}

async function run(path: string, commands: (string | Buffer)[][]): Promise<unknown> {
  const client = createClient({
    RESP: 2,
    socket: { path, tls: false, reconnectStrategy: false },
    password,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  })
  client.on('error', () => {})
  await client.connect()
  try {
    let answer: unknown
    for (const command of commands) answer = await client.sendCommand(command)
    return answer
  } finally {
    client.destroy()
  }
}
