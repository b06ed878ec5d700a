import {
  AbortError,
  ClientClosedError,
  ConnectionTimeoutError,
  DisconnectsClientError,
  ErrorReply,
  SocketClosedUnexpectedlyError,
} from '@redis/client'
import { CodedError } from '#lib/errors/coded-error.ts'
import { accountOf, nameOf, type RedisSettings } from './settings.ts'

/** By the system's errno. */
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
  EACCES: 'this program may not use the socket',
}

/** The first word of an error reply is its code: WRONGPASS, NOPERM, LOADING, … Empty for what is no reply. */
export function replyCode(thrown: unknown): string {
  return thrown instanceof ErrorReply ? (/^[A-Z]+/.exec(thrown.message)?.[0] ?? '') : ''
}

export const isTimeout = (thrown: unknown): boolean => thrown instanceof ConnectionTimeoutError

/** What the system, TLS or the server said, as a CodedError. Null for what only the caller can name. */
export function redisError(thrown: unknown, settings: RedisSettings): CodedError | null {
  if (thrown instanceof CodedError) return thrown
  const source = nameOf(settings)
  const said = thrown instanceof Error ? thrown.message.replace(/\.$/, '') : String(thrown)
  const cause = { cause: thrown }
  const denied = (reason: string) => new CodedError('SOURCE_ACCESS_DENIED', { source, reason }, cause)
  const away = (reason: string) => new CodedError('SOURCE_UNREACHABLE', { source, reason }, cause)
  switch (replyCode(thrown)) {
    case 'WRONGPASS':
      return denied(`the password of ${accountOf(settings)} is wrong, or there is no such account`)
    case 'NOAUTH':
      return denied('it wants a password and none is set')
    case 'DENIED':
      return denied('its protected mode takes no connection from another machine')
    case 'NOPERM':
      return denied(said.replace(/^NOPERM /, ''))
    case 'ERR':
      return said.startsWith('ERR AUTH') || said.startsWith('ERR invalid password') ? denied(said.slice(4)) : null
    case 'LOADING':
      return away('it is still loading its data')
    case 'MASTERDOWN':
    case 'NOMASTERLINK':
      return away('it is a replica that has no link to its primary')
  }
  if (isTimeout(thrown)) return away('it does not answer')
  const code = codeOf(thrown)
  const reason = unreachable[code]
  if (reason !== undefined) return away(reason)
  if (isOfTls(code)) return new CodedError('SOURCE_TLS_FAILED', { source, reason: said }, cause)
  if (isOfConnection(thrown)) return away('the connection was cut')
  return null
}

/** OpenSSL's own (ERR_SSL_…), Node's about names (ERR_TLS_…), and what X.509 verification calls a refused certificate. */
function isOfTls(code: string): boolean {
  return /^(ERR_(SSL|TLS)_|EPROTO$|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH$|INVALID_CA$)/.test(code)
}

function isOfConnection(thrown: unknown): boolean {
  const kinds = [AbortError, ClientClosedError, DisconnectsClientError, SocketClosedUnexpectedlyError]
  return kinds.some((kind) => thrown instanceof kind)
}

function codeOf(thrown: unknown): string {
  const code = (thrown as { code?: unknown } | null)?.code
  if (typeof code === 'string') return code
  // Several addresses were tried: the first failure speaks for all.
  return thrown instanceof AggregateError ? codeOf(thrown.errors[0]) : ''
}
