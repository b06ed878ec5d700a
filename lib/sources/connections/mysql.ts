import { isIP, connect as openSocket, type Socket } from 'node:net'
import { createConnection, type SslOptions } from 'mysql2'
import type { Connection } from 'mysql2/promise'
import { z } from 'zod'
import { secretText } from '#lib/forms/settings.ts'
import type { DriverContext } from '../driver.ts'
import { mysqlError } from './mysql-errors.ts'
import { tlsFields, tlsOptions } from './tls.ts'

/** The server's limit for names of databases and tables, in characters. */
const NAME_LIMIT = 64

export const mysqlName = (max = NAME_LIMIT) =>
  z
    .string()
    .min(1, 'must not be empty')
    .max(max, 'is too long')
    .refine((text) => !text.includes('\0'), 'must not contain a NUL character')

export const mysqlServerFields = {
  /** A host name or address, or the file of a Unix socket. */
  host: mysqlName(255).meta({
    title: 'Host',
    description: 'A name, an address or the file of a socket.',
    examples: ['db.example.org'],
  }),
  port: z.int().min(1).max(65535).default(3306).meta({ title: 'Port' }),
  user: mysqlName(80).meta({ title: 'User', examples: ['backup'] }),
  /** May be absent where the server trusts the connection. */
  password: secretText.optional().meta({ title: 'Password', secret: true }),
  /** `prefer` and `require` encrypt without checking who answers; `verify-full` checks the authority and the name. */
  sslMode: z // without verify-ca: MariaDB's programs cannot check the one without the other
    .enum(['disable', 'prefer', 'require', 'verify-full'])
    .default('prefer')
    .meta({
      title: 'Encryption',
      enumTitles: {
        disable: 'Never',
        prefer: 'When the server offers it',
        require: 'Always, without checking the server’s certificate',
        'verify-full': 'Always, and the server’s certificate must name the host and be signed by the authority',
      },
    }),
  sslRootCert: tlsFields.sslRootCert,
}

export type MysqlServer = z.infer<z.ZodObject<typeof mysqlServerFields>>

/** What `verify-full` needs, for `superRefine`. Addresses are no names that a certificate could be checked for. */
export function checkEncryption(s: MysqlServer, ctx: z.core.$RefinementCtx): void {
  if (s.sslMode !== 'verify-full') return
  const refuse = (path: string, message: string) => ctx.addIssue({ code: 'custom', path: [path], message })
  if (s.sslRootCert === undefined)
    refuse('sslRootCert', 'checking the server’s certificate needs that of its authority')
  if (isIP(s.host) !== 0 || s.host.startsWith('/')) refuse('host', 'must be a name when its certificate is checked')
}

const CONNECT_TIMEOUT_MS = 15_000
const END_SESSION_TIMEOUT_MS = 2_000

/** A connection that is signed in. Errors of statements are thrown as the library has them: with `errno`. */
export interface MysqlClient {
  /** Whether the connection is encrypted. */
  readonly encrypted: boolean
  /** Values take the place of `?`. 64-bit integers come as strings when they are too large for a number. */
  rows<Row>(sql: string, values?: readonly unknown[]): Promise<Row[]>
}

/**
 * Gives `work` a connection, without a database of its own, and closes it whatever happens. An abort cuts the connection and
 * ends its session on the server; the rejection is then the signal's reason. Errors of connecting, rights and encryption
 * become CodedErrors; others of what `work` throws pass through unchanged.
 */
export async function withMysql<T>(
  server: MysqlServer,
  ctx: Pick<DriverContext, 'signal'>,
  work: (client: MysqlClient) => Promise<T>,
): Promise<T> {
  ctx.signal.throwIfAborted()
  const ways = [await tlsOf(server), ...(server.sslMode === 'prefer' ? [undefined] : [])]
  for (const [i, ssl] of ways.entries()) {
    let session: number | undefined
    try {
      return await connected(server, ssl, ctx.signal, work, (id) => {
        session = id
      })
    } catch (thrown) {
      if (ctx.signal.aborted && session !== undefined) await endSession(server, ssl, session)
      ctx.signal.throwIfAborted()
      const offersNone = (thrown as { code?: unknown } | null)?.code === 'HANDSHAKE_NO_SSL_SUPPORT'
      if (!offersNone || i + 1 === ways.length) throw mysqlError(thrown, server) ?? thrown
    }
  }
  throw new Error('there is always a way to try')
}

/** A server goes on with a statement although its client is gone, until it is told. As well as it can be, within seconds. */
async function endSession(server: MysqlServer, ssl: SslOptions | undefined, session: number): Promise<void> {
  const signal = AbortSignal.timeout(END_SESSION_TIMEOUT_MS)
  await connected(server, ssl, signal, (client) => client.rows('KILL ?', [session])).catch(() => {})
}

async function tlsOf(server: MysqlServer): Promise<SslOptions | undefined> {
  const options = await tlsOptions(server)
  if (options === false) return undefined
  const verifyIdentity = server.sslMode === 'verify-full'
  return { rejectUnauthorized: verifyIdentity, verifyIdentity, ...(options.ca ? { ca: options.ca as string } : {}) }
}

async function connected<T>(
  server: MysqlServer,
  ssl: SslOptions | undefined,
  signal: AbortSignal,
  work: (client: MysqlClient) => Promise<T>,
  onSession: (id: number) => void = () => {},
): Promise<T> {
  signal.throwIfAborted()
  // A socket of our own can be cut at any moment, also while it connects.
  const socket = server.host.startsWith('/') ? openSocket(server.host) : openSocket(server.port, server.host)
  socket.setNoDelay(true).setKeepAlive(true, 30_000)
  const cut = () => socket.destroy()
  signal.addEventListener('abort', cut, { once: true })
  try {
    const connection = await signIn(server, ssl, socket)
    onSession(connection.threadId)
    return await work({
      encrypted: ssl !== undefined,
      rows: async <Row>(sql: string, values: readonly unknown[] = []) => {
        const [rows] = await connection.query(sql, [...values])
        return rows as Row[]
      },
    }).finally(() => connection.end().catch(() => {}))
  } finally {
    signal.removeEventListener('abort', cut)
    socket.destroy()
  }
}

function signIn(server: MysqlServer, ssl: SslOptions | undefined, socket: Socket): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const connection = createConnection({
      stream: () => socket,
      host: server.host,
      user: server.user,
      password: server.password?.reveal() ?? '',
      connectTimeout: CONNECT_TIMEOUT_MS,
      supportBigNumbers: true,
      ...(ssl === undefined ? {} : { ssl }),
    })
    connection.once('connect', () => resolve(connection.promise()))
    connection.on('error', reject) // later ones are told again by the query that was going on
  })
}

export const quoteName = (name: string): string => `\`${name.replaceAll('`', '``')}\``
