import { CodedError } from '#lib/errors/coded-error.ts'
import type { PostgresConnection } from './postgres.ts'

/** Names and addresses only; no user, no password. */
export const nameOf = (s: Pick<PostgresConnection, 'host' | 'port'>): string => `PostgreSQL at ${s.host}:${s.port}`

const unreachable: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name cannot be looked up',
  ETIMEDOUT: 'it does not answer',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no way to the network',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ENOENT: 'there is no such socket',
  '57P01': 'the server is being shut down',
  '57P02': 'the server crashed',
  '57P03': 'the server is starting up or shutting down',
  '53300': 'it has no connection left to give',
}

/** Codes of Node's TLS: its own, OpenSSL's, and those of certificates (Node's documentation, “X509 certificate error codes”). */
const OF_TLS =
  /^(ERR_(TLS|SSL|OSSL)_|EPROTO$|UNABLE_TO_|INVALID_(CA|PURPOSE)$|HOSTNAME_MISMATCH$|PATH_LENGTH_EXCEEDED$)|CERT|CRL/

/** The client library has no code for this answer of a server; the words are the library's own. */
export const isWithoutTls = (thrown: unknown): boolean =>
  thrown instanceof Error && thrown.message === 'The server does not support SSL connections'

/**
 * What the server (by SQLSTATE) or the system (by errno) said, as a CodedError. Null for errors of a query, which only the
 * caller can name. CodedErrors stay what they are.
 */
export function postgresError(
  thrown: unknown,
  settings: PostgresConnection,
  when: 'connecting' | 'working' = 'working',
): CodedError | null {
  if (thrown instanceof CodedError) return thrown
  const source = nameOf(settings)
  const code = codeOf(thrown)
  const said = thrown instanceof Error ? thrown.message.replace(/\.$/, '') : String(thrown)
  const cause = { cause: thrown }
  if (code === '28P01')
    return new CodedError(
      'SOURCE_ACCESS_DENIED',
      { source, reason: `the password of ${settings.user} is wrong` },
      cause,
    )
  if (code === '28000' || code === '42501')
    return new CodedError('SOURCE_ACCESS_DENIED', { source, reason: said }, cause)
  if (isWithoutTls(thrown))
    return new CodedError('SOURCE_TLS_FAILED', { source, reason: 'it offers no encryption' }, cause)
  if (when === 'connecting' && OF_TLS.test(code))
    return new CodedError('SOURCE_TLS_FAILED', { source, reason: said }, cause)
  if (code === '3D000') return new CodedError('SOURCE_DATABASE_UNKNOWN', { database: settings.database }, cause)
  const reason = unreachable[code]
  if (reason !== undefined && (when === 'connecting' || code !== 'ENOENT'))
    return new CodedError('SOURCE_UNREACHABLE', { source, reason }, cause)
  if (when === 'connecting' && code === '' && settings.password === undefined && said.startsWith('SASL'))
    return new CodedError('SOURCE_ACCESS_DENIED', { source, reason: 'it wants a password and none is set' }, cause)
  // Without any code it was neither the server nor the system: TLS, a time-out or a connection that broke.
  const isOfConnection = when === 'connecting' || code.startsWith('08') || code === ''
  if (!isOfConnection || isProgrammingError(thrown)) return null
  return new CodedError('SOURCE_UNREACHABLE', { source, reason: said }, cause)
}

export function isSqlState(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('E')
}

export function codeOf(thrown: unknown): string {
  const code = (thrown as { code?: unknown } | null)?.code
  if (typeof code === 'string') return code
  // Several addresses were tried: the first failure speaks for all.
  return thrown instanceof AggregateError ? codeOf(thrown.errors[0]) : ''
}

function isProgrammingError(thrown: unknown): boolean {
  return thrown instanceof TypeError || thrown instanceof RangeError || thrown instanceof ReferenceError
}
