import { readFile } from 'node:fs/promises'
import { connect as connectSocket } from 'node:net'
import { createClient, RESP_TYPES } from '@redis/client'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { DriverContext } from '../driver.ts'
import { isTimeout, redisError } from './errors.ts'
import { nameOf, type RedisSettings } from './settings.ts'

/** Anything that a command answers; what is binary comes as a Buffer. */
export type Reply = Buffer | string | number | null | Reply[]

export interface RedisConnection {
  /** One command as an array of words: nothing in it is ever read as something else. Rejects with what the server said. */
  send(...words: (string | Buffer)[]): Promise<Reply>
}

const CONNECT_TIMEOUT_MS = 10_000

/**
 * Gives `work` a connection that is signed in, and closes it whatever happens. An abort cuts the connection, and the
 * rejection is then the signal's reason. Errors of the connection become CodedErrors; what the server says to a command
 * reaches `work` as it is.
 */
export async function withRedis<T>(
  settings: RedisSettings,
  ctx: Pick<DriverContext, 'signal'>,
  work: (redis: RedisConnection) => Promise<T>,
): Promise<T> {
  ctx.signal.throwIfAborted()
  const client = createClient({
    RESP: 2,
    socket: { ...(await socketOf(settings)), connectTimeout: CONNECT_TIMEOUT_MS, reconnectStrategy: false },
    ...(settings.user === undefined ? {} : { username: settings.user }),
    ...(settings.password ? { password: settings.password.reveal() } : {}),
    disableClientInfo: true,
    maintNotifications: 'disabled',
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  })
  client.on('error', () => {}) // told again by the command that was going on
  const cut = () => client.destroy()
  ctx.signal.addEventListener('abort', cut, { once: true })
  try {
    await client.connect()
    ctx.signal.throwIfAborted()
    return await work({ send: async (...words) => (await client.sendCommand(words)) as Reply })
  } catch (thrown) {
    ctx.signal.throwIfAborted()
    if (settings.tls !== 'disable' && isTimeout(thrown) && (await listens(settings)))
      throw new CodedError(
        'SOURCE_TLS_FAILED',
        { source: nameOf(settings), reason: 'it takes connections and does not answer to TLS' },
        { cause: thrown },
      )
    throw redisError(thrown, settings) ?? thrown
  } finally {
    ctx.signal.removeEventListener('abort', cut)
    if (client.isOpen) client.destroy()
  }
}

async function socketOf(settings: RedisSettings) {
  const { host, port, tls, tlsCa: path } = settings
  if (host.startsWith('/')) return { path: host, tls: false as const }
  if (tls === 'disable') return { host, port }
  if (tls === 'require') return { host, port, tls: true as const, rejectUnauthorized: false }
  if (path === undefined) return { host, port, tls: true as const }
  const ca = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new CodedError('PATH_NOT_FOUND', { path }, { cause })
  })
  return { host, port, tls: true as const, ca }
}

/** Whether something takes a connection there at all. */
async function listens({ host, port }: RedisSettings): Promise<boolean> {
  const socket = connectSocket({ host, port, timeout: 2000 })
  const answer = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true))
    socket.once('timeout', () => resolve(false))
    socket.once('error', () => resolve(false))
  })
  socket.destroy()
  return answer
}
