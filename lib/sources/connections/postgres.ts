import { Client, type ClientConfig } from 'pg'
import { z } from 'zod'
import { CodedError } from '#lib/errors/coded-error.ts'
import { secretText } from '#lib/forms/settings.ts'
import type { DriverContext } from '../driver.ts'
import type { LibpqTls } from './libpq-tls.ts'
import { isWithoutTls, postgresError } from './postgres-errors.ts'
import { tlsFields, tlsOptions } from './tls.ts'

const word = (max: number) =>
  z
    .string()
    .min(1, 'must not be empty')
    .max(max, 'is too long')
    .refine((text) => !text.includes('\0'), 'must not contain a NUL character')

export const postgresFields = {
  /** A host name or address, or the folder of a Unix socket. One host: a comma is refused. */
  host: word(255)
    .refine((host) => !host.includes(','), 'must be one host')
    .meta({
      title: 'Host',
      description: 'A name, an address or the folder of a socket.',
      examples: ['db.example.org'],
    }),
  port: z.int().min(1).max(65535).default(5432).meta({ title: 'Port' }),
  database: word(63).meta({ title: 'Database', examples: ['shop'] }),
  user: word(63).meta({ title: 'User', examples: ['backup'] }),
  /** May be absent where the server trusts the connection. */
  password: secretText.optional().meta({ title: 'Password', secret: true }),
  ...tlsFields,
}

export const needsRootCert = {
  check: (s: { sslMode: string; sslRootCert?: string | undefined }) =>
    !s.sslMode.startsWith('verify-') || s.sslRootCert !== undefined,
  params: { path: ['sslRootCert'], message: 'checking the server’s certificate needs that of its authority' },
}

export const postgresConnection = z.strictObject(postgresFields).refine(needsRootCert.check, needsRootCert.params)
export type PostgresConnection = z.infer<typeof postgresConnection>

const CONNECT_TIMEOUT_MS = 15_000
const KEEPALIVE_IDLE_MS = 30_000

/**
 * What libpq's programs see: this and nothing of ours, with the variables of `libpqTls`. The password travels here, never
 * in an argument.
 */
export function libpqEnvironment(s: PostgresConnection, tls: LibpqTls): Record<string, string> {
  return {
    PGHOST: s.host,
    PGPORT: String(s.port),
    PGUSER: s.user,
    ...(s.password ? { PGPASSWORD: s.password.reveal() } : {}),
    PGPASSFILE: '/dev/null',
    ...tls.env,
    PGGSSENCMODE: 'disable',
    PGCONNECT_TIMEOUT: String(CONNECT_TIMEOUT_MS / 1000),
    PGAPPNAME: 'system-backup-trigger',
    LC_ALL: 'C',
  }
}

/**
 * The database for a program's --dbname, which reads a connection string: a database called "a=b" would be something else.
 * Keepalives notice within a minute that the network is gone; they can be asked for in no other way.
 */
export function libpqDatabase(database: string): string {
  const name = database.replaceAll(/['\\]/g, '\\$&')
  return `dbname='${name}' keepalives_idle=${KEEPALIVE_IDLE_MS / 1000} keepalives_interval=10 keepalives_count=3`
}

/**
 * Gives `work` a connection and closes it whatever happens. An abort cuts the connection, and the rejection is then the
 * signal's reason. Errors of connecting become CodedErrors; what `work` throws passes through unchanged, except for a
 * broken connection.
 */
export async function withPostgres<T>(
  settings: PostgresConnection,
  ctx: Pick<DriverContext, 'signal'>,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  ctx.signal.throwIfAborted()
  const client = await connect(settings, ctx.signal)
  const cut = () => socketOf(client).destroy()
  ctx.signal.addEventListener('abort', cut, { once: true })
  try {
    ctx.signal.throwIfAborted()
    // The server ends a query soon after we are cut off, where it can (14 and newer).
    await client.query(
      `SELECT set_config(name, '2s', false) FROM pg_settings WHERE name = 'client_connection_check_interval'`,
    )
    return await work(client)
  } catch (thrown) {
    ctx.signal.throwIfAborted()
    throw postgresError(thrown, settings) ?? thrown
  } finally {
    ctx.signal.removeEventListener('abort', cut)
    await client.end().catch(() => {})
  }
}

async function connect(settings: PostgresConnection, signal: AbortSignal): Promise<Client> {
  const tls = await tlsOptions(settings)
  if (settings.sslMode !== 'prefer') return tryToConnect(settings, tls, signal)
  try {
    return await tryToConnect(settings, tls, signal)
  } catch (thrown) {
    if (!(thrown instanceof CodedError) || !isWithoutTls(thrown.cause)) throw thrown
    return tryToConnect(settings, false, signal)
  }
}

async function tryToConnect(s: PostgresConnection, ssl: ClientConfig['ssl'], signal: AbortSignal): Promise<Client> {
  const client = new Client({
    host: s.host,
    port: s.port,
    database: s.database,
    user: s.user,
    password: () => s.password?.reveal() ?? '', // a function keeps the library from PGPASSWORD and .pgpass
    ssl,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_IDLE_MS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'system-backup-trigger',
    fallback_application_name: 'system-backup-trigger',
  })
  client.on('error', () => {}) // told again by the query that was going on
  const cut = () => socketOf(client).destroy()
  signal.addEventListener('abort', cut, { once: true })
  try {
    await client.connect()
    return client
  } catch (thrown) {
    socketOf(client).destroy()
    signal.throwIfAborted()
    throw postgresError(thrown, s, 'connecting') ?? thrown
  } finally {
    signal.removeEventListener('abort', cut)
  }
}

function socketOf(client: Client): { destroy(): void } {
  return (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream
}
