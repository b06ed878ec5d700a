import { request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { type BlockList, isIP } from 'node:net'
import { guardedLookup, requireReachable } from './addresses.ts'

export interface Posted {
  status: number
  headers: Record<string, string | string[] | undefined>
  /** Its beginning, when it was asked for. */
  text: string
}

/** Of an answer so much is read at most, in characters. */
const READ_AT_MOST = 16_384

/**
 * Posts a body and resolves with the answer, whatever its status; no redirect is followed. Its text is only read with `reads`. Rejects
 * with WEBHOOK_ADDRESS_REFUSED for an address that is neither public nor in `allowed`, with what kept it from being
 * answered, or the signal's reason.
 */
export async function post(
  url: URL,
  {
    body,
    headers,
    allowed,
    signal,
    reads = false,
  }: {
    body: string
    headers: Record<string, string>
    /** Private networks that may be reached. */
    allowed: BlockList
    signal: AbortSignal
    reads?: boolean
  },
): Promise<Posted> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(host)) requireReachable(host, host, allowed) // an address is not looked up
  const request = url.protocol === 'https:' ? requestTls : requestPlain
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      method: 'POST',
      agent: false,
      lookup: guardedLookup(allowed),
      signal,
      headers: { 'content-length': Buffer.byteLength(body), 'user-agent': 'system-backup-trigger', ...headers },
    })
    sent.on('error', reject)
    sent.on('response', (response) => {
      const answer = { status: response.statusCode ?? 0, headers: response.headers }
      if (!reads) {
        resolve({ ...answer, text: '' })
        response.destroy()
        return
      }
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
        if (text.length >= READ_AT_MOST) response.destroy()
      })
      response.on('error', reject)
      response.on('close', () => resolve({ ...answer, text: text.slice(0, READ_AT_MOST) }))
    })
    sent.end(body)
  })
}
