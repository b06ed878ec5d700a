import type { BlockList } from 'node:net'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { Secret } from '#lib/secrets/secret.ts'
import type { HookNotice, Webhook } from './hook.ts'
import { post } from './post.ts'

export interface WebhookCall {
  notice: HookNotice
  /** The same each time that the same call is repeated. */
  key: string
  token: Secret | null
  /** Private networks that may be reached. */
  allowed: BlockList
  signal: AbortSignal
}

/**
 * Posts the notice as JSON. Resolves with the status when the answer is a success (2xx); its content is not read, and no redirect is
 * followed. Rejects with WEBHOOK_FAILED, WEBHOOK_ADDRESS_REFUSED, or the signal's reason.
 */
export async function callWebhook(
  { url: text }: Webhook,
  { notice, key, token, allowed, signal }: WebhookCall,
): Promise<number> {
  const url = new URL(text)
  const headers = {
    'content-type': 'application/json',
    'idempotency-key': key,
    ...(token && { authorization: `Bearer ${token.reveal()}` }),
  }
  const body = JSON.stringify(notice)
  const { status } = await post(url, { body, headers, allowed, signal }).catch((cause: NodeJS.ErrnoException) => {
    signal.throwIfAborted()
    if (cause instanceof CodedError) throw cause
    throw new CodedError('WEBHOOK_FAILED', { host: url.host, reason: cause.code ?? cause.message }, { cause })
  })
  if (status >= 200 && status < 300) return status
  const isRedirect = status >= 300 && status < 400
  const reason = `it answered ${status}${isRedirect ? ', and no redirect is followed' : ''}`
  throw new CodedError('WEBHOOK_FAILED', { host: url.host, reason })
}
