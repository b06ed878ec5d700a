import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { type Child, runChild, startChild } from '#lib/process/child.ts'
import { freePort } from './free-port.ts'
import { signalTree } from './process-tree.ts'

/** A throw-away OpenSSH server on loopback, for the user that runs the tests, with a key. */
export interface SshServer {
  readonly port: number
  readonly user: string
  /** "ssh-ed25519 AAAA…" */
  readonly hostKey: string
  readonly privateKey: string
  kill(): Promise<void>
  revive(): Promise<void>
  freeze(): Promise<void>
  thaw(): Promise<void>
  stop(): Promise<void>
}

const SSHD = '/usr/sbin/sshd'
const env = { LC_ALL: 'C', PATH: '/usr/bin:/bin' }

export async function startSshServer(): Promise<SshServer> {
  const folder = await mkdtemp(join(tmpdir(), 'throw-away-ssh-'))
  await chmod(folder, 0o711)
  const [port, hostKey, userKey] = [
    await freePort(),
    await makeSshKey(folder, 'host'),
    await makeSshKey(folder, 'user'),
  ]
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
  const config = {
    ListenAddress: `127.0.0.1:${port}`,
    HostKey: join(folder, 'host'),
    AuthorizedKeysFile: join(folder, 'user.pub'),
    PidFile: 'none',
    StrictModes: 'no',
    UsePAM: 'no',
    PasswordAuthentication: 'no',
    PermitRootLogin: 'yes',
    Subsystem: 'sftp internal-sftp',
  }
  const lines = Object.entries(config).map(([name, value]) => `${name} ${value}\n`)
  await writeFile(join(folder, 'config'), lines.join(''))
  let child = await launch(folder)
  const end = async () => {
    await signalTree(child.pid, 'SIGKILL')
    await child.exited
  }
  return {
    port,
    user: userInfo().username,
    hostKey: hostKey.public,
    privateKey: userKey.private,
    kill: end,
    revive: async () => {
      child = await launch(folder)
    },
    freeze: () => signalTree(child.pid, 'SIGSTOP'),
    thaw: () => signalTree(child.pid, 'SIGCONT'),
    stop: async () => {
      await end()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Makes the key pair folder/name and folder/name.pub. */
export async function makeSshKey(folder: string, name: string) {
  const file = join(folder, name)
  const made = await runChild({
    command: '/usr/bin/ssh-keygen',
    args: ['-q', '-t', 'ed25519', '-N', '', '-f', file],
    env,
  })
  if (made.code !== 0) throw new Error(`ssh-keygen failed: ${made.stderr}`)
  return { private: await readFile(file, 'utf8'), public: (await readFile(`${file}.pub`, 'utf8')).trim() }
}

async function launch(folder: string): Promise<Child> {
  const ready = Promise.withResolvers<void>()
  const said: string[] = []
  const child = await startChild({
    command: SSHD,
    args: ['-D', '-e', '-f', join(folder, 'config')],
    env,
    onStderrLine: (line) => {
      said.push(line)
      if (line.includes('listening on')) ready.resolve()
    },
  })
  void child.exited.then(() => ready.reject(new Error(`sshd ended: ${said.join(' | ')}`)))
  await ready.promise
  return child
}
