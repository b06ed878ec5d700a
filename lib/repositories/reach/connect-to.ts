import { connect, type Socket } from 'node:net'
import { CodedError } from '#lib/errors/coded-error.ts'

/** Opens a connection. Rejects with REPOSITORY_UNREACHABLE, or with the signal's reason. The caller closes it. */
export async function connectTo(host: string, port: number, repository: string, signal: AbortSignal): Promise<Socket> {
  signal.throwIfAborted()
  const socket = connect({ host, port })
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
    return socket
  } catch (thrown) {
    socket.destroy()
    throw unreachable(thrown, repository) ?? thrown
  }
}

const TLS_CODES = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|EPROTO$|HOSTNAME_MISMATCH$)/

/** What an error of the network means, by its code; null for anything else. */
export function unreachable(thrown: unknown, repository: string): CodedError | null {
  const error = thrown instanceof AggregateError ? (thrown.errors[0] as unknown) : thrown
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  if (code === undefined || code.startsWith('ERR_INVALID_') || error instanceof CodedError) return null
  const reason = code === 'ENOTFOUND' ? 'its name is unknown' : code
  if (TLS_CODES.test(code))
    return new CodedError('REPOSITORY_TLS_FAILED', { repository, reason: code }, { cause: thrown })
  return new CodedError('REPOSITORY_UNREACHABLE', { repository, reason }, { cause: thrown })
}
