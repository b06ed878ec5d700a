import { request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { type BlockList, isIP } from 'node:net'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { Secret } from '#lib/secrets/secret.ts'
import { guardedLookup, requireReachable } from './addresses.ts'
import type { HookNotice, Webhook } from './hook.ts'

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
export async function callWebhook({ url: text }: Webhook, call: WebhookCall): Promise<number> {
  const url = new URL(text)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(host)) requireReachable(host, host, call.allowed) // an address is not looked up
  const status = await post(url, call).catch((cause: NodeJS.ErrnoException) => {
    call.signal.throwIfAborted()
    if (cause instanceof CodedError) throw cause
    throw new CodedError('WEBHOOK_FAILED', { host: url.host, reason: cause.code ?? cause.message }, { cause })
  })
  if (status >= 200 && status < 300) return status
  const isRedirect = status >= 300 && status < 400
  const reason = `it answered ${status}${isRedirect ? ', and no redirect is followed' : ''}`
  throw new CodedError('WEBHOOK_FAILED', { host: url.host, reason })
}

function post(url: URL, { notice, key, token, allowed, signal }: WebhookCall): Promise<number> {
  const body = JSON.stringify(notice)
  const request = url.protocol === 'https:' ? requestTls : requestPlain
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      method: 'POST',
      agent: false,
      lookup: guardedLookup(allowed),
      signal,
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'system-backup-trigger',
        'idempotency-key': key,
        ...(token && { authorization: `Bearer ${token.reveal()}` }),
      },
    })
    sent.on('error', reject)
    sent.on('response', (response) => {
      resolve(response.statusCode ?? 0)
      response.destroy()
    })
    sent.end(body)
  })
}
