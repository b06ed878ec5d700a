import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Child, startChild } from '#lib/process/child.ts'
import { freePort } from './free-port.ts'
import { signalTree } from './process-tree.ts'

/** A throw-away `rclone serve` on loopback over an empty folder. */
export interface RcloneServer {
  readonly port: number
  readonly user: string
  readonly password: string
  /** What it serves. */
  readonly folder: string
  kill(): Promise<void>
  revive(): Promise<void>
  freeze(): Promise<void>
  thaw(): Promise<void>
  stop(): Promise<void>
}

const user = 'backup'
const password = 'p:a"s\'s $w%40rd'

export async function startRcloneServer(
  protocol: 'restic' | 'sftp',
  args: readonly string[] = [],
): Promise<RcloneServer> {
  const folder = await mkdtemp(join(tmpdir(), 'throw-away-rclone-'))
  const port = await freePort()
  let child = await launch()
  const end = async () => {
    await signalTree(child.pid, 'SIGKILL')
    await child.exited
  }

  async function launch(): Promise<Child> {
    const ready = Promise.withResolvers<void>()
    const said: string[] = []
    const started = await startChild({
      command: 'rclone',
      args: ['serve', protocol, folder, '--addr', `127.0.0.1:${port}`, '-v', ...args],
      env: {
        PATH: '/usr/local/bin:/usr/bin:/bin',
        RCLONE_CONFIG: '/dev/null',
        RCLONE_USER: user,
        RCLONE_PASS: password,
        HOME: folder,
      },
      onStderrLine: (line) => {
        said.push(line)
        if (/Serving restic REST API on|SFTP server listening on/.test(line)) ready.resolve()
      },
    })
    void started.exited.then(() => ready.reject(new Error(`rclone ended: ${said.join(' | ')}`)))
    await ready.promise
    return started
  }

  return {
    port,
    user,
    password,
    folder,
    kill: end,
    revive: async () => {
      child = await launch()
    },
    freeze: () => signalTree(child.pid, 'SIGSTOP'),
    thaw: () => signalTree(child.pid, 'SIGCONT'),
    stop: async () => {
      await end()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
