import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Child, runChild, startChild } from '#lib/process/child.ts'
import { mountSmallDisk, type SmallDisk } from './small-disk.ts'

export interface S3Account {
  accessKeyId: string
  secretAccessKey: string
}

/** A real S3 server (OpenStack Swift with its S3 interface) on loopback, its data in a temporary folder. */
export interface S3Server {
  /** http://127.0.0.1:port, or https. The same after `revive`. */
  endpoint: string
  /** Any other is refused. */
  region: string
  /** Owns what it makes. */
  owner: S3Account
  /** May do only what the access control lists of buckets and objects say. */
  stranger: S3Account
  /** The authority's certificate (PEM) of an https server. */
  caFile: string | null
  /** Ends it without any goodbye (SIGKILL); `revive` starts it again with what it had. */
  kill(): Promise<void>
  revive(): Promise<void>
  /** Stops it where it is, as a disconnected machine looks; `thaw` lets it go on. */
  freeze(): void
  thaw(): void
  /** What its data lie on, when a small one was asked for. */
  disk: SmallDisk | null
  /** Ends it and removes its data. */
  stop(): Promise<void>
}

const PYTHON = '/usr/bin/python3'
const PROGRAM = join(import.meta.dirname, 's3-server.py')
const READY_TIMEOUT_MS = 60_000
const owner = { accessKeyId: 'test:owner', secretAccessKey: 'owner+secret/=' }
const stranger = { accessKeyId: 'test:stranger', secretAccessKey: 'another' }
const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8' }

/** Why tests with an S3 server cannot run here, or null. In CI nothing may be skipped: there it throws. */
export async function s3ServerMissing(): Promise<string | null> {
  const args = ['-c', 'import swift.common.middleware.s3api']
  const code = await runChild({ command: PYTHON, args, env }).then(
    (exit) => exit.code,
    () => null,
  )
  if (code === 0) return null
  const reason = 'OpenStack Swift is not installed (apt-get install python3-swift)'
  if (process.env.CI === 'true') throw new Error(`${reason}; in CI this may not be skipped`)
  return reason
}

/** Resolves when the server takes requests. Bucket names need three letters at least. */
export async function startS3Server(options: { tls?: boolean; diskMegabytes?: number } = {}): Promise<S3Server> {
  const folder = await mkdtemp(join(tmpdir(), 'throw-away-s3-'))
  try {
    if (options.tls) await makeCertificate(folder)
    const disk = options.diskMegabytes ? await mountSmallDisk(join(folder, 'devices/sda'), options.diskMegabytes) : null
    let running = await launch(folder, 0)
    const { endpoint } = running
    const signal = (name: NodeJS.Signals) => process.kill(running.child.pid, name)
    const kill = () => end(running.child)
    return {
      endpoint,
      region: 'us-east-1',
      owner,
      stranger,
      caFile: options.tls ? join(folder, 'certificate.pem') : null,
      kill,
      revive: async () => {
        running = await launch(folder, Number(new URL(endpoint).port))
      },
      freeze: () => signal('SIGSTOP'),
      thaw: () => signal('SIGCONT'),
      disk,
      stop: async () => {
        await kill()
        disk?.unmount()
        await rm(folder, { recursive: true, force: true, maxRetries: 5 })
      },
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

async function end(child: Child): Promise<void> {
  try {
    process.kill(child.pid, 'SIGKILL')
  } catch {} // it has ended already
  await child.exited
}

async function launch(folder: string, port: number): Promise<{ child: Child; endpoint: string }> {
  const said: string[] = []
  const isReady = Promise.withResolvers<string>()
  const accounts = [owner, stranger].flatMap((account) => [account.accessKeyId, account.secretAccessKey])
  const child = await startChild({
    command: PYTHON,
    args: [PROGRAM, folder, String(port), ...accounts],
    env,
    cwd: folder,
    onStdoutLine: (line) => isReady.resolve(line),
    onStderrLine: (line) => said.push(line),
  })
  const problem = (what: string) => new Error(`the S3 server ${what}: ${said.slice(-5).join(' | ')}`)
  const timer = setTimeout(() => isReady.reject(problem('was not ready in time')), READY_TIMEOUT_MS)
  void child.exited.then(() => isReady.reject(problem('ended')))
  isReady.promise.catch(() => {})
  try {
    return { child, endpoint: await isReady.promise }
  } catch (error) {
    await end(child)
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/** A certificate that signs itself, for 127.0.0.1 and localhost. */
async function makeCertificate(folder: string): Promise<void> {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const files = ['-keyout', key, '-out', certificate]
  const made = await runChild({
    command: 'openssl',
    args: ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...files],
    env,
  })
  if (made.code !== 0) throw new Error(`openssl failed: ${made.stderr}`)
  const both = await Promise.all([key, certificate].map((file) => readFile(file, 'utf8')))
  await writeFile(join(folder, 'tls.pem'), both.join(''))
  await chmod(join(folder, 'tls.pem'), 0o600)
}
