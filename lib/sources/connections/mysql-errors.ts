import { CodedError } from '#lib/errors/coded-error.ts'
import type { MysqlServer } from './mysql.ts'

/** Names and addresses only; no user, no password. */
export const nameOf = (s: Pick<MysqlServer, 'host' | 'port'>): string =>
  s.host.startsWith('/') ? `MySQL at ${s.host}` : `MySQL at ${s.host}:${s.port}`

/** By errno of the system, of Node's resolver and of the client library. */
const unreachable: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name cannot be looked up',
  ETIMEDOUT: 'it does not answer',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no way to the network',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  PROTOCOL_CONNECTION_LOST: 'the connection was cut',
  ENOENT: 'there is no such socket',
}

/** By the server's error numbers, which both families share where both have them. */
const refusedFor: Record<number, string> = {
  1040: 'it has no connection left to give',
  1053: 'it is shutting down',
  1203: 'the account has no connection left',
  1226: 'the account has used up what it may',
}
const WRONG_PASSWORD = 1045
const DENIED = new Set([1130, 1129, 1251, 1524, 1698, 1820, 1862, 3118, 3955, 4151])
const NO_RIGHTS = new Set([1044, 1142, 1143, 1227, 1370])
const DATABASE_UNKNOWN = 1049
const INSECURE_REFUSED = 3159 // MySQL; MariaDB says the same as for a wrong password

/**
 * What the server (by error number) or the system (by errno) said, as a CodedError. Null for errors of a statement, which
 * only the caller can name. CodedErrors stay what they are.
 */
export function mysqlError(thrown: unknown, server: MysqlServer, database = ''): CodedError | null {
  if (thrown instanceof CodedError) return thrown
  const source = nameOf(server)
  const { errno, code } = codesOf(thrown)
  const said = (thrown instanceof Error ? thrown.message : String(thrown)).replace(/\.$/, '')
  const cause = { cause: thrown }
  if (errno === WRONG_PASSWORD) {
    const encryption = server.sslMode === 'disable' ? ', or it wants encryption' : ''
    const reason = `the password of ${server.user} is wrong, or there is no such account${encryption}`
    return new CodedError('SOURCE_ACCESS_DENIED', { source, reason }, cause)
  }
  if (DENIED.has(errno)) return new CodedError('SOURCE_ACCESS_DENIED', { source, reason: said }, cause)
  if (NO_RIGHTS.has(errno)) {
    const grant = 'see the rights that a backup needs in docs/sources/mysql.md.'
    return new CodedError('SOURCE_RIGHTS_MISSING', { source, missing: [said], grant }, cause)
  }
  if (errno === DATABASE_UNKNOWN) return new CodedError('SOURCE_DATABASE_UNKNOWN', { database }, cause)
  if (errno === INSECURE_REFUSED)
    return new CodedError(
      'SOURCE_TLS_FAILED',
      { source, reason: 'the server wants encryption and the source has none' },
      cause,
    )
  const reason = refusedFor[errno] ?? unreachable[code]
  if (reason !== undefined) return new CodedError('SOURCE_UNREACHABLE', { source, reason }, cause)
  if (code === 'HANDSHAKE_NO_SSL_SUPPORT')
    return new CodedError('SOURCE_TLS_FAILED', { source, reason: 'the server offers no encryption' }, cause)
  if (isOfTls(code)) return new CodedError('SOURCE_TLS_FAILED', { source, reason: said }, cause)
  return null
}

/** Codes of OpenSSL and of Node's certificate checks; `HANDSHAKE_SSL_ERROR` wraps them in the client library. */
function isOfTls(code: string): boolean {
  return /^(HANDSHAKE_SSL_ERROR|EPROTO|ERR_(TLS|SSL)_.*|.*CERT.*|.*_SIGNATURE|HOSTNAME_MISMATCH|INVALID_CA)$/.test(code)
}

function codesOf(thrown: unknown): { errno: number; code: string } {
  const { errno, code } = (thrown ?? {}) as { errno?: unknown; code?: unknown }
  // Several addresses were tried: the first failure speaks for all.
  if (thrown instanceof AggregateError && typeof code !== 'string') return codesOf(thrown.errors[0])
  return { errno: typeof errno === 'number' ? errno : 0, code: typeof code === 'string' ? code : '' }
}
