import { existsSync } from 'node:fs'
import { chown, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { type Child, runChild, startChild } from '#lib/process/child.ts'
import type { Certificate } from './certificates.ts'
import { freePort } from './free-port.ts'

/** A throw-away PostgreSQL server on loopback, with its data in a temporary folder. */
export interface PostgresServer {
  readonly port: number
  /** Of the superuser `postgres`; scram, so a wrong one is refused. */
  readonly password: string
  /** Runs statements as the superuser. */
  query(sql: string, database?: string): Promise<Record<string, unknown>[]>
  /** Ends all sessions and removes the data. May be called after kill() and more than once. */
  stop(): Promise<void>
  /** Cuts all sessions at once without any goodbye to the data, as a crash does. */
  kill(): Promise<void>
  /** Stops all of its processes where they are, as an overloaded or disconnected machine looks; `thaw` lets them go on. */
  freeze(): Promise<void>
  thaw(): Promise<void>
}

const READY_TIMEOUT_MS = 60_000
const password = 'the superuser’s "own" p:ass\\word'

/** The folder with the system's newest server programs, or null. */
export async function systemPostgresBin(): Promise<string | null> {
  const base = '/usr/lib/postgresql'
  const majors = (await readdir(base).catch(() => [])).map(Number).sort((a, b) => b - a)
  const folders = majors.map((major) => `${base}/${major}/bin`)
  return folders.find((folder) => existsSync(`${folder}/initdb`) && existsSync(`${folder}/postgres`)) ?? null
}

/**
 * Why tests with a system's PostgreSQL cannot run here, or null. In CI nothing may be skipped: there it throws.
 */
export async function postgresMissing(): Promise<string | null> {
  if ((await systemPostgresBin()) !== null) return null
  const reason = 'no PostgreSQL server is installed below /usr/lib/postgresql (apt-get install postgresql)'
  if (process.env.CI === 'true') throw new Error(`${reason}; in CI this may not be skipped`)
  return reason
}

export interface ServerOptions {
  /** The folder of its programs; default: the system's newest. */
  bin?: string
  /** It offers TLS with this certificate; it takes connections without as well. */
  tls?: Certificate
}

/** Starts a server. Resolves when it takes connections. */
export async function startPostgresServer(options: ServerOptions = {}): Promise<PostgresServer> {
  const bin = options.bin ?? (await systemPostgresBin())
  if (bin === null) throw new Error((await postgresMissing()) ?? '')
  const folder = await mkdtemp(join(tmpdir(), 'throw-away-postgres-'))
  try {
    return await startIn(folder, bin, options.tls)
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

async function startIn(folder: string, bin: string, tls?: Certificate): Promise<PostgresServer> {
  const user = await unprivilegedUser()
  const data = join(folder, 'data')
  const passwordFile = join(folder, 'password')
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (user.uid !== undefined && user.gid !== undefined)
    for (const path of [folder, passwordFile]) await chown(path, user.uid, user.gid)
  const env = { LC_ALL: 'C' }
  const made = await runChild({
    command: join(bin, 'initdb'),
    args: ['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8', '--no-sync'],
    env,
    ...user,
    cwd: folder,
  })
  if (made.code !== 0) throw new Error(`initdb failed: ${made.stderr}`)

  if (tls !== undefined)
    for (const [name, text] of [['server.crt', tls.certificate] as const, ['server.key', tls.key] as const]) {
      await writeFile(join(data, name), text, { mode: 0o600 })
      if (user.uid !== undefined && user.gid !== undefined) await chown(join(data, name), user.uid, user.gid)
    }

  const port = await freePort()
  const ssl = tls === undefined ? 'off' : 'on'
  const { child, ready } = await launch(bin, data, port, { env, user, folder, ssl })
  try {
    await ready
  } catch (error) {
    await child.stop()
    throw error
  }
  const end = async (signal: NodeJS.Signals) => {
    try {
      process.kill(child.pid, signal)
    } catch {} // it has ended already
    await child.exited
  }
  return {
    port,
    password,
    query: (sql, database = 'postgres') => query(port, database, sql),
    kill: () => end('SIGQUIT'),
    freeze: () => signalAll(child.pid, 'SIGSTOP'),
    thaw: () => signalAll(child.pid, 'SIGCONT'),
    stop: async () => {
      await end('SIGINT')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** To the server and to each of its sessions (Linux); one may have ended meanwhile. */
async function signalAll(pid: number, signal: NodeJS.Signals): Promise<void> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  process.kill(pid, signal)
  for (const one of children.split(' ').filter(Boolean).map(Number)) {
    try {
      process.kill(one, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}

async function launch(
  bin: string,
  data: string,
  port: number,
  at: { env: Record<string, string>; user: { uid?: number; gid?: number }; folder: string; ssl: 'on' | 'off' },
): Promise<{ child: Child; ready: Promise<void> }> {
  const said: string[] = []
  const isReady = Promise.withResolvers<void>()
  const settings = { listen_addresses: '127.0.0.1', unix_socket_directories: at.folder, fsync: 'off', ssl: at.ssl }
  const child = await startChild({
    command: join(bin, 'postgres'),
    args: ['-D', data, '-p', String(port), ...Object.entries(settings).flatMap(([k, v]) => ['-c', `${k}=${v}`])],
    env: at.env,
    ...at.user,
    cwd: at.folder,
    stopSignal: 'SIGQUIT',
    onStderrLine: (line) => {
      said.push(line)
      if (line.includes('ready to accept connections')) isReady.resolve()
    },
  })
  const problem = (what: string) => new Error(`PostgreSQL ${what}: ${said.slice(-5).join(' | ')}`)
  const timer = setTimeout(() => isReady.reject(problem('was not ready in time')), READY_TIMEOUT_MS)
  void child.exited.then(() => isReady.reject(problem('ended')))
  isReady.promise.catch(() => {})
  return { child, ready: isReady.promise.finally(() => clearTimeout(timer)) }
}

async function query(port: number, database: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ host: '127.0.0.1', port, user: 'postgres', password, database })
  await client.connect()
  try {
    const result: unknown = await client.query(sql)
    const last = Array.isArray(result) ? result.at(-1) : result
    return (last as { rows: Record<string, unknown>[] }).rows
  } finally {
    await client.end()
  }
}

/** PostgreSQL refuses to run as root: then it runs as `postgres`, or as `nobody`. */
async function unprivilegedUser(): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {}
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  const found = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody')
  if (found === undefined) throw new Error('there is no user to run PostgreSQL as')
  return { uid: Number(found[2]), gid: Number(found[3]) }
}
