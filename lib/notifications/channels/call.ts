import { CodedError } from '#lib/errors/coded-error.ts'
import { type Posted, post } from '#lib/hooks/post.ts'
import type { SendDeps } from './kind.ts'

/** Answers that say “not now” (RFC 9110, RFC 6585): every other 4xx is for good. */
const NOT_NOW = [408, 409, 423, 425, 429]
const WORDS_OF_ANSWER = 200

/**
 * Posts a message. Rejects with CHANNEL_REFUSED when the other side will not have it, CHANNEL_UNREACHABLE when another attempt may
 * succeed, WEBHOOK_ADDRESS_REFUSED, or the signal's reason. The address is not told of: it may hold a secret.
 */
export async function call(
  url: URL,
  request: { body: string; headers: Record<string, string> },
  deps: Pick<SendDeps, 'allowed' | 'signal'>,
): Promise<Posted> {
  const posted = await reach(url, request, deps)
  requireTaken(url.host, posted.status, posted.text)
  return posted
}

/** The same for any answer: only one that does not come is an error. */
export async function reach(
  url: URL,
  request: { body: string; headers: Record<string, string> },
  { allowed, signal }: Pick<SendDeps, 'allowed' | 'signal'>,
): Promise<Posted> {
  return post(url, { ...request, allowed, signal, reads: true }).catch((cause: NodeJS.ErrnoException) => {
    signal.throwIfAborted()
    if (cause instanceof CodedError) throw cause
    throw new CodedError('CHANNEL_UNREACHABLE', { host: url.host, reason: cause.code ?? cause.message }, { cause })
  })
}

/** Throws CHANNEL_REFUSED or CHANNEL_UNREACHABLE for an answer that is no success. */
export function requireTaken(host: string, status: number, text: string): void {
  if (status >= 200 && status < 300) return
  const words = text.replace(/\s+/g, ' ').trim().slice(0, WORDS_OF_ANSWER)
  const reason = `it answered ${status}${words === '' ? '' : ` (${words})`}`
  const isForGood = status >= 300 && status < 500 && !NOT_NOW.includes(status)
  throw new CodedError(isForGood ? 'CHANNEL_REFUSED' : 'CHANNEL_UNREACHABLE', { host, reason })
}

/** Posts JSON. */
export const callJson = (
  url: string,
  body: unknown,
  deps: Pick<SendDeps, 'allowed' | 'signal'>,
  headers: Record<string, string> = {},
): Promise<Posted> =>
  call(new URL(url), { body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } }, deps)
