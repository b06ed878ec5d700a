import { setMaxListeners } from 'node:events'
import { readFile } from 'node:fs/promises'
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '#lib/clock/now.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { connectionError, S3Refusal } from './s3-errors.ts'
import { originOf, type S3Connection } from './s3-settings.ts'
import { EMPTY_BODY, percentEncode, queryString, signedHeaders } from './s3-sign.ts'
import { textOf } from './s3-xml.ts'

export interface S3Request {
  method?: 'GET' | 'HEAD' | 'PUT' | 'DELETE'
  /** Null: the service itself, for its list of buckets. */
  bucket: string | null
  /** The key of an object, as it is. */
  key?: string
  query?: Record<string, string>
  headers?: Record<string, string>
  body?: Body
}

/** `length` in bytes; `sha256` in hex. */
interface Body {
  length: number
  sha256: string
  stream(): Readable
}

/** For listing, looking and single objects. Whole buckets are copied by rclone. */
export interface S3Client {
  /**
   * Sends a request and reads the whole answer as text. What may pass by itself is tried three times. Rejects with
   * S3Refusal, or with SOURCE_UNREACHABLE or SOURCE_TLS_FAILED, or with the signal's reason.
   */
  send(request: S3Request): Promise<{ headers: http.IncomingHttpHeaders; text: string }>
  /** As `send`, without trying again and with the answer's body unread: to be consumed or destroyed. */
  stream(request: S3Request): Promise<IncomingMessage>
  close(): void
}

const CONNECT_TIMEOUT_MS = 15_000
const SILENCE_TIMEOUT_MS = 60_000
const RETRY_DELAYS_MS = [250, 1000]
const AT_ONCE = 16
const ANSWER_LIMIT = 64 * 1024 * 1024

/** Opens nothing yet. Rejects with PATH_NOT_FOUND when the authority's certificate cannot be read. */
export async function openS3(connection: S3Connection, signal: AbortSignal): Promise<S3Client> {
  const origin = new URL(originOf(connection))
  const secure = origin.protocol === 'https:'
  const ca = connection.caFile === undefined ? undefined : await readCertificate(connection.caFile)
  const agent = secure
    ? new https.Agent({ keepAlive: true, maxSockets: AT_ONCE, ...(ca ? { ca } : {}) })
    : new http.Agent({ keepAlive: true, maxSockets: AT_ONCE })
  const signer = {
    accessKeyId: connection.accessKeyId,
    secretAccessKey: connection.secretAccessKey.reveal(),
    region: connection.region,
  }

  const own = AbortSignal.any([signal])
  setMaxListeners(0, own) // one for each request that is under way
  const answerTo = (request: S3Request): Promise<IncomingMessage> => {
    signal.throwIfAborted()
    const { method = 'GET', bucket, key = '', query = {}, body } = request
    const inPath = bucket !== null && connection.pathStyle
    const host = bucket === null || inPath ? origin.host : `${bucket}.${origin.host}`
    const path = `${inPath ? `/${bucket}` : ''}/${key.split('/').map(percentEncode).join('/')}`
    const headers = { ...request.headers, ...(method === 'PUT' ? { 'content-length': String(body?.length ?? 0) } : {}) }
    const toSign = { method, host, path, query, headers, bodyHash: body?.sha256 ?? EMPTY_BODY }
    const outgoing = (secure ? https : http).request({
      agent,
      method,
      host: host.replace(/:\d+$/, '').replace(/^\[|\]$/g, ''),
      port: origin.port === '' ? (secure ? 443 : 80) : Number(origin.port),
      path: Object.keys(query).length === 0 ? path : `${path}?${queryString(query)}`,
      headers: signedHeaders(toSign, signer, systemClock.now()),
      signal: own,
      timeout: SILENCE_TIMEOUT_MS,
    })
    giveUpInTime(outgoing)
    if (body === undefined) outgoing.end()
    else pipeline(body.stream(), outgoing).catch(() => {}) // told by the promise below
    return new Promise((resolve, reject) => {
      outgoing.once('response', resolve)
      outgoing.on('error', reject)
    })
  }
  const accepted = async (request: S3Request): Promise<IncomingMessage> => {
    try {
      const answer = await answerTo(request)
      if (answer.statusCode !== undefined && answer.statusCode >= 200 && answer.statusCode < 300) return answer
      const text = await textIn(answer)
      const code = textOf(text, 'Code') ?? String(answer.statusCode)
      throw new S3Refusal(answer.statusCode ?? 0, code, textOf(text, 'Message') ?? code)
    } catch (thrown) {
      signal.throwIfAborted()
      throw thrown
    }
  }
  return {
    async send(request) {
      for (let attempt = 0; ; attempt++) {
        try {
          const answer = await accepted(request)
          return { headers: answer.headers, text: await textIn(answer) }
        } catch (thrown) {
          signal.throwIfAborted()
          const delayMs = RETRY_DELAYS_MS[attempt]
          if (delayMs === undefined || !mayPass(thrown)) throw connectionError(thrown, connection)
          await sleep(delayMs, undefined, { signal }).catch(() => signal.throwIfAborted())
        }
      }
    },
    stream: (request) =>
      accepted(request).catch((thrown: unknown) => {
        throw connectionError(thrown, connection)
      }),
    close: () => agent.destroy(),
  }
}

function giveUpInTime(outgoing: http.ClientRequest): void {
  const late = () => outgoing.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }))
  outgoing.once('timeout', late)
  outgoing.once('socket', (socket) => {
    if (!socket.connecting) return
    const timer = setTimeout(late, CONNECT_TIMEOUT_MS)
    for (const event of ['connect', 'close']) socket.once(event, () => clearTimeout(timer))
  })
}

async function readCertificate(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new CodedError('PATH_NOT_FOUND', { path }, { cause })
  })
}

async function textIn(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > ANSWER_LIMIT) throw Object.assign(new Error('the answer is too long'), { code: 'EMSGSIZE' })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** A server that is busy or restarts, a kept connection that it closed. */
function mayPass(thrown: unknown): boolean {
  if (thrown instanceof S3Refusal) return thrown.status === 429 || thrown.status >= 500
  return ['ECONNRESET', 'EPIPE'].includes(String((thrown as { code?: unknown } | null)?.code))
}
