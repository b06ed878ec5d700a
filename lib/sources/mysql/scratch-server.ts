import { randomBytes } from 'node:crypto'
import { access, chown, constants, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CodedError } from '#lib/errors/coded-error.ts'
import { type ChildOptions, describeExit, runChild, startChild } from '#lib/process/child.ts'
import { runAsServiceUser, type ServiceUser, serviceUser } from '#lib/process/service-user.ts'
import { Secret } from '#lib/secrets/secret.ts'
import { type MysqlServer, withMysql } from '../connections/mysql.ts'
import type { DriverContext } from '../driver.ts'
import { findPrograms } from '../programs.ts'
import type { Family } from './server.ts'
import { mysqlServer } from './settings.ts'

export interface ScratchServer {
  /** "MariaDB 10.11.6" */
  version: string
  settings: MysqlServer
  stop(): Promise<void>
}

interface Program {
  family: Family
  command: string
  version: string
}

const ACCOUNT = 'verification'
/** What the kernel takes for the path of a socket, less the name that we add. */
const SOCKET_FOLDER_MAX = 85
const START_DEADLINE_MS = 60_000
const LOOK_EVERY_MS = 50
const FOLDERS = [
  '/usr/local/mysql*/bin',
  '/usr/local/mariadb*/bin',
  '/opt/homebrew/opt/mysql*/bin',
  '/opt/homebrew/opt/mariadb*/bin',
]
const ENV = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C' }

/**
 * A server of this family, on a socket of ours alone, with nothing in it, whose files go below the scratch folder. It reads and
 * writes no files but its own. Rejects with VERIFICATION_SERVER_MISSING.
 */
export async function startScratchServer(family: Family, ctx: DriverContext): Promise<ScratchServer> {
  const program = await programOf(family, ctx)
  const user = await serviceUser(['mysql'])
  if (user === undefined) throw missing(family)
  const inScratch = ctx.scratch.length <= SOCKET_FOLDER_MAX
  const sockets = await mkdtemp(join(inScratch ? ctx.scratch : tmpdir(), 'mysql-'))
  try {
    const folder = join(ctx.scratch, 'mysql')
    await makeFolders(folder, sockets, user)
    await initialise(program, folder, user, ctx)
    const server = await start(program, folder, sockets, user, ctx)
    return {
      version: `${program.family} ${program.version}`,
      settings: server.settings,
      stop: async () => {
        await server.stop()
        await rm(sockets, { recursive: true, force: true })
        await rm(folder, { recursive: true, force: true })
      },
    }
  } catch (thrown) {
    await rm(sockets, { recursive: true, force: true })
    throw thrown
  }
}

async function programOf(family: Family, ctx: DriverContext): Promise<Program> {
  const found = await findPrograms(
    {
      names: ['mariadbd', 'mysqld'],
      folders: FOLDERS,
      versionIn: (output) => {
        const [, version, maria] = /Ver (\d+\.\d+\.\d+)(-MariaDB)?/.exec(output) ?? []
        return version === undefined ? null : `${maria === undefined ? 'MySQL' : 'MariaDB'} ${version}`
      },
    },
    ctx,
  )
  for (const { command, version } of found) {
    const [own, number] = version.split(' ') as [Family, string]
    if (own === family) return { family, command, version: number }
  }
  throw missing(family)
}

function missing(family: Family): CodedError {
  return new CodedError('VERIFICATION_SERVER_MISSING', {
    server: `${family} server`,
    install:
      family === 'MariaDB'
        ? 'Install it on the worker, where it only runs while a copy is verified: apt-get install mariadb-server (Debian, Ubuntu), dnf install mariadb-server (Fedora, RHEL), or brew install mariadb (macOS). Stop the service that the package starts.'
        : 'Install it on the worker, where it only runs while a copy is verified: apt-get install mysql-server (Ubuntu), dnf install mysql-server (Fedora, RHEL), or brew install mysql (macOS). Stop the service that the package starts.',
  })
}

async function makeFolders(folder: string, sockets: string, user: ServiceUser | null): Promise<void> {
  await mkdir(folder, { mode: 0o700 })
  for (const name of ['data', 'tmp', 'files']) await mkdir(join(folder, name), { mode: 0o700 })
  if (user === null) return
  const own = [folder, ...['data', 'tmp', 'files'].map((name) => join(folder, name)), sockets]
  for (const path of own) await chown(path, user.uid, user.gid)
}

async function initialise(program: Program, folder: string, user: ServiceUser | null, ctx: DriverContext) {
  const [data, temporary] = [`--datadir=${join(folder, 'data')}`, `--tmpdir=${join(folder, 'tmp')}`]
  const how =
    program.family === 'MySQL'
      ? { command: program.command, args: ['--no-defaults', '--initialize-insecure', data, temporary] }
      : {
          command: await installerBeside(program),
          args: ['--no-defaults', data, temporary, '--auth-root-authentication-method=socket', '--skip-test-db'],
        }
  const exit = await runChild(runAsServiceUser(user, { ...how, env: ENV, cwd: folder, signal: ctx.signal }))
  ctx.signal.throwIfAborted()
  if (exit.code !== 0) throw notStarted(program, `${describeExit(exit)}: ${exit.stderr.split('\n').at(-1)}`)
}

async function installerBeside(program: Program): Promise<string> {
  const own = dirname(program.command)
  const folders = [own, join(own, '../bin'), join(own, '../scripts')]
  for (const path of folders.map((folder) => join(folder, 'mariadb-install-db')))
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path
  throw missing('MariaDB')
}

async function start(
  program: Program,
  folder: string,
  sockets: string,
  user: ServiceUser | null,
  ctx: DriverContext,
): Promise<{ settings: MysqlServer; stop(): Promise<void> }> {
  const password = new Secret(randomBytes(24).toString('base64url'))
  const init = join(folder, 'init.sql')
  await writeFile(init, accountSql(program.family, password), { mode: 0o600 })
  if (user !== null) await chown(init, user.uid, user.gid)
  const socket = join(sockets, 'socket')
  const options: ChildOptions = {
    command: program.command,
    args: [
      '--no-defaults',
      `--datadir=${join(folder, 'data')}`,
      `--tmpdir=${join(folder, 'tmp')}`,
      `--secure-file-priv=${join(folder, 'files')}`,
      `--pid-file=${join(folder, 'pid')}`,
      `--init-file=${init}`,
      `--socket=${socket}`,
      '--skip-networking',
      '--skip-log-bin',
      '--event-scheduler=OFF',
      '--max-allowed-packet=1G',
      '--innodb-flush-log-at-trx-commit=0',
      ...(program.family === 'MySQL' ? ['--mysqlx=OFF'] : []),
    ],
    env: ENV,
    cwd: folder,
    stopSignal: 'SIGKILL', // nothing in it is needed any more
  }
  const child = await startChild(runAsServiceUser(user, options))
  let ended: string | undefined
  void child.exited.then((exit) => {
    ended = `${describeExit(exit)}: ${exit.stderr.split('\n').at(-1)}`
  })
  const settings = mysqlServer.parse({ host: socket, user: ACCOUNT, password, sslMode: 'disable' })
  const deadline = performance.now() + START_DEADLINE_MS
  try {
    while (!(await answers(settings, ctx))) {
      ctx.signal.throwIfAborted()
      if (ended !== undefined) throw notStarted(program, ended)
      if (performance.now() > deadline) throw notStarted(program, 'it did not answer within a minute')
      await sleep(LOOK_EVERY_MS)
    }
  } catch (thrown) {
    await child.stop()
    throw thrown
  }
  return { settings, stop: () => child.stop().then(() => {}) }
}

/** All rights but that to files, so that dumps may name whom they like as the definer of a view or a routine. */
function accountSql(family: Family, password: Secret): string {
  const account = `'${ACCOUNT}'@'localhost'`
  return [
    `CREATE USER ${account} IDENTIFIED BY '${password.reveal()}';`,
    `GRANT ALL ON *.* TO ${account};`,
    `REVOKE FILE ON *.* FROM ${account};`,
    ...(family === 'MySQL' ? [`ALTER USER 'root'@'localhost' IDENTIFIED BY '${password.reveal()}';`] : []),
    '',
  ].join('\n')
}

async function answers(settings: MysqlServer, ctx: DriverContext): Promise<boolean> {
  return withMysql(settings, ctx, (client) => client.rows('SELECT 1')).then(
    () => true,
    () => false,
  )
}

const notStarted = ({ family }: Program, reason: string) =>
  new CodedError('RESTORE_TOOL_FAILED', {
    tool: `A ${family} server`,
    exit: 'its start',
    reason: reason.replace(/\.$/, ''),
  })
