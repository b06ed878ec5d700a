import { constants } from 'node:fs'
import { access, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { type Child, runChild, startChild } from '#lib/process/child.ts'
import type { Certificate } from './certificates.ts'
import { freePort } from './free-port.ts'

/** A throw-away MariaDB server on loopback, with its data in a temporary folder. */
export interface MariadbServer {
  readonly port: number
  /** An account with all rights, over TCP. */
  readonly user: string
  readonly password: string
  /** Runs statements as that account, one after the other; the rows of the last. */
  query(statements: string | readonly string[], database?: string): Promise<Record<string, unknown>[]>
  /** Ends all sessions and removes the data. May be called after kill() and more than once. */
  stop(): Promise<void>
  /** Cuts all sessions at once without any goodbye to the data, as a crash does. */
  kill(): Promise<void>
  /** Stops it where it is, as an overloaded or disconnected machine looks; `thaw` lets it go on. */
  freeze(): void
  thaw(): void
}

interface Start {
  /** It offers TLS with this certificate; it takes connections without as well. */
  tls?: Certificate
  /** More options of the server: `max_statement_time=1`. */
  options?: readonly string[]
}

const READY_TIMEOUT_MS = 60_000
const [user, password] = ['keeper', 'the keeper’s "own" #p:ass\\word; ']

/** Why tests with a system's MariaDB cannot run here, or null. In CI nothing may be skipped: there it throws. */
export async function mariadbMissing(): Promise<string | null> {
  const found = await Promise.all(['mariadbd', 'mariadb-install-db', 'mariadb-dump', 'mariadb'].map(programOf))
  if (!found.includes(null)) return null
  const reason = 'no MariaDB server is installed (apt-get install mariadb-server)'
  if (process.env.CI === 'true') throw new Error(`${reason}; in CI this may not be skipped`)
  return reason
}

/** Starts a server. Resolves when it takes connections. */
export async function startMariadbServer(start: Start = {}): Promise<MariadbServer> {
  const folder = await mkdtemp(join(tmpdir(), 'throw-away-mariadb-'))
  try {
    return await startIn(folder, start)
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

async function startIn(folder: string, start: Start): Promise<MariadbServer> {
  const account = await unprivilegedUser()
  const data = join(folder, 'data')
  const initFile = join(folder, 'init.sql')
  await mkdir(data)
  await writeFile(initFile, accountSql(), { mode: 0o600 })
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  await writeFile(key, start.tls?.key ?? '', { mode: 0o600 })
  await writeFile(certificate, start.tls?.certificate ?? '')
  if (account.uid !== undefined && account.gid !== undefined)
    for (const path of [folder, data, initFile, key, certificate]) await chown(path, account.uid, account.gid)
  const made = await runChild({
    command: await requireProgram('mariadb-install-db'),
    args: ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db'],
    env: { PATH: '/usr/bin:/bin:/usr/sbin', LC_ALL: 'C' },
    ...account,
    cwd: folder,
  })
  if (made.code !== 0) throw new Error(`mariadb-install-db failed: ${made.stderr}`)

  const port = await freePort()
  const options = [
    `datadir=${data}`,
    `socket=${join(folder, 'socket')}`,
    `pid-file=${join(folder, 'pid')}`,
    `init-file=${initFile}`,
    `port=${port}`,
    ...['bind-address=127.0.0.1', 'skip-name-resolve', 'event-scheduler=ON', 'innodb-flush-log-at-trx-commit=0'],
    ...(start.tls ? [`ssl-key=${key}`, `ssl-cert=${certificate}`] : []),
    ...(start.options ?? []),
  ]
  const { child, ready } = await launch(options, { account, folder })
  try {
    await ready
  } catch (error) {
    await child.stop()
    throw error
  }
  const send = (signal: NodeJS.Signals) => {
    try {
      process.kill(child.pid, signal)
    } catch {} // it has ended already
  }
  const end = async () => {
    send('SIGKILL')
    await child.exited
  }
  return {
    port,
    user,
    password,
    query: (statements, database) => query(port, [statements].flat(), database),
    kill: end,
    freeze: () => send('SIGSTOP'),
    thaw: () => send('SIGCONT'),
    stop: async () => {
      await end()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function accountSql(): string {
  const quoted = `'${password.replaceAll(/['\\]/g, '\\$&')}'`
  return `CREATE USER IF NOT EXISTS ${user}@'%' IDENTIFIED BY ${quoted};\nGRANT ALL ON *.* TO ${user}@'%' WITH GRANT OPTION;\n`
}

async function launch(
  options: readonly string[],
  at: { account: { uid?: number; gid?: number }; folder: string },
): Promise<{ child: Child; ready: Promise<void> }> {
  const said: string[] = []
  const isReady = Promise.withResolvers<void>()
  const child = await startChild({
    command: await requireProgram('mariadbd'),
    args: ['--no-defaults', ...options.map((option) => `--${option}`)],
    env: { LC_ALL: 'C' },
    ...at.account,
    cwd: at.folder,
    stopSignal: 'SIGKILL',
    onStderrLine: (line) => {
      said.push(line)
      if (line.includes('ready for connections')) isReady.resolve()
    },
  })
  const problem = (what: string) => new Error(`MariaDB ${what}: ${said.slice(-5).join(' | ')}`)
  const timer = setTimeout(() => isReady.reject(problem('was not ready in time')), READY_TIMEOUT_MS)
  void child.exited.then(() => isReady.reject(problem('ended')))
  isReady.promise.catch(() => {})
  return { child, ready: isReady.promise.finally(() => clearTimeout(timer)) }
}

async function query(
  port: number,
  statements: readonly string[],
  database?: string,
): Promise<Record<string, unknown>[]> {
  const client = await createConnection({
    host: '127.0.0.1',
    port,
    user,
    password,
    charset: 'utf8mb4',
    ...(database === undefined ? {} : { database }),
  })
  try {
    let last: unknown = []
    for (const sql of statements) [last] = await client.query(sql)
    return Array.isArray(last) ? (last as Record<string, unknown>[]) : []
  } finally {
    await client.end()
  }
}

async function programOf(name: string): Promise<string | null> {
  for (const folder of ['/usr/sbin', '/usr/bin', '/usr/local/bin', '/opt/homebrew/bin']) {
    const path = join(folder, name)
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (found) return path
  }
  return null
}

async function requireProgram(name: string): Promise<string> {
  const path = await programOf(name)
  if (path === null) throw new Error(`${name} is not installed`)
  return path
}

/** MariaDB refuses to run as root: then it runs as `mysql`, or as `nobody`. */
async function unprivilegedUser(): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {}
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  const found = users.find(([name]) => name === 'mysql') ?? users.find(([name]) => name === 'nobody')
  if (found === undefined) throw new Error('there is no user to run MariaDB as')
  return { uid: Number(found[2]), gid: Number(found[3]) }
}
