import { posix } from 'node:path'
import { Client, type ConnectConfig, type SFTPWrapper } from 'ssh2'
import { z } from 'zod'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { Space } from '../kind.ts'
import type { SftpSettings } from '../kinds/sftp.ts'
import { connectTo, unreachable } from './connect-to.ts'

/**
 * Signs in and opens the file transfer, with a client of our own: OpenSSH's has one exit code for every reason. Rejects with
 * REPOSITORY_UNREACHABLE, REPOSITORY_HOST_KEY_WRONG, REPOSITORY_ACCESS_DENIED, the signal's reason or what `use` throws. The
 * connection is closed afterwards.
 */
export async function withSftp<T>(
  settings: SftpSettings,
  signal: AbortSignal,
  use: (sftp: SFTPWrapper) => Promise<T>,
): Promise<T> {
  const { host, port, user, privateKey, password } = settings
  const repository = `sftp server ${host}:${port}`
  const sock = await connectTo(host, port, repository, signal)
  const pinned = Buffer.from(settings.hostKey.split(' ')[1] ?? '', 'base64')
  let isOther = false
  const client = new Client()
  const config: ConnectConfig = {
    sock,
    username: user,
    ...(privateKey ? { privateKey: privateKey.reveal() } : { password: password?.reveal() ?? '' }),
    algorithms: { serverHostKey: algorithmsOf(settings.hostKey) },
    hostVerifier: (key: Buffer) => {
      isOther = !key.equals(pinned)
      return !isOther
    },
  }
  try {
    return await new Promise<T>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      client.once('error', reject)
      client.once('close', () => reject(new CodedError('REPOSITORY_UNREACHABLE', { repository, reason: 'it hung up' })))
      client.once('ready', () =>
        client.sftp((error, sftp) => (error ? reject(error) : use(sftp).then(resolve, reject))),
      )
      client.connect(config)
    })
  } catch (thrown) {
    signal.throwIfAborted()
    if (isOther || isAboutAlgorithms(thrown))
      throw new CodedError('REPOSITORY_HOST_KEY_WRONG', { repository }, { cause: thrown })
    throw denied(thrown, repository) ?? unreachable(thrown, repository) ?? thrown
  } finally {
    client.destroy()
    sock.destroy()
  }
}

/** By OpenSSH's extension of the protocol, which other servers do not have: then null. */
export async function spaceOf(sftp: SFTPWrapper, path: string): Promise<Space | null> {
  return new Promise((resolve) => {
    try {
      sftp.ext_openssh_statvfs(path, (error, found) => resolve(error ? null : parseSpace(found)))
    } catch {
      resolve(null) // the client throws when the server did not offer it
    }
  })
}

/** Writes a file in place of one of that name; the folder that it lies in is made when it is not there. */
export async function putFile(sftp: SFTPWrapper, path: string, content: string): Promise<void> {
  // Both may fail for a good reason: what counts is whether the file can be written then.
  await new Promise<void>((resolve) => sftp.mkdir(posix.dirname(path), { mode: 0o700 }, () => resolve()))
  await new Promise<void>((resolve) => sftp.unlink(path, () => resolve()))
  await new Promise<void>((resolve, reject) =>
    sftp.writeFile(path, content, { mode: 0o400, flag: 'wx' }, (error) => {
      if (error)
        reject(new CodedError('REPOSITORY_UNWRITABLE', { repository: path, reason: error.message }, { cause: error }))
      else resolve()
    }),
  )
}

/** SSH_FX_NO_SUCH_FILE. The client's own list of codes is no named export of it. */
const NO_SUCH_FILE = 2

/** One that is not there is removed. */
export function removeFile(sftp: SFTPWrapper, path: string): Promise<void> {
  return new Promise((resolve, reject) =>
    sftp.unlink(path, (error) => {
      const { code } = (error ?? {}) as { code?: unknown } // of the protocol, in spite of the type
      if (error && code !== NO_SUCH_FILE) reject(error)
      else resolve()
    }),
  )
}

/** statvfs(3): blocks are counted in fragments. */
function parseSpace(found: unknown): Space | null {
  const parsed = z.object({ f_frsize: z.number(), f_blocks: z.number(), f_bavail: z.number() }).safeParse(found)
  if (!parsed.success) return null
  const { f_frsize, f_blocks, f_bavail } = parsed.data
  return { free: f_bavail * f_frsize, total: f_blocks * f_frsize }
}

type Algorithms = NonNullable<NonNullable<ConnectConfig['algorithms']>['serverHostKey']>

/** So that the server shows the key of the pinned kind and not another of its keys. */
function algorithmsOf(hostKey: string): Algorithms {
  const type = hostKey.split(' ')[0] as string
  return (type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'] : [type]) as Algorithms
}

/** The client marks its errors by `level`; see "error" in its documentation. */
const levelOf = (thrown: unknown): unknown =>
  thrown instanceof Error ? (thrown as { level?: unknown }).level : undefined

/** The server has no key of the pinned kind: this is not the server that was meant. */
const isAboutAlgorithms = (thrown: unknown): boolean => levelOf(thrown) === 'handshake'

function denied(thrown: unknown, repository: string): CodedError | null {
  const reason = 'the user, the key or the password is wrong'
  if (levelOf(thrown) === 'client-authentication')
    return new CodedError('REPOSITORY_ACCESS_DENIED', { repository, reason }, { cause: thrown })
  // The channel was refused after the sign-in: an account without file transfer.
  if (thrown instanceof Error && 'reason' in thrown)
    return new CodedError(
      'REPOSITORY_ACCESS_DENIED',
      { repository, reason: 'the account has no SFTP' },
      { cause: thrown },
    )
  return null
}
