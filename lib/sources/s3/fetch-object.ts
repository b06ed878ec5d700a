import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { utimes } from 'node:fs/promises'
import type { IncomingHttpHeaders } from 'node:http'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { isCoded } from '#lib/errors/coded-error.ts'
import type { S3Client } from '../connections/s3-client.ts'
import { connectionError, S3Refusal } from '../connections/s3-errors.ts'
import type { S3Object } from '../connections/s3-list.ts'
import type { DriverContext } from '../driver.ts'
import type { S3Settings } from './settings.ts'

const KEPT_HEADERS = new Set([
  'content-type',
  'content-encoding',
  'content-language',
  'content-disposition',
  'cache-control',
  'expires',
  'x-amz-website-redirect-location',
])

/** What a service sends with an object that has to be sent back to it in a restore. */
export function headersToKeep(headers: IncomingHttpHeaders): Record<string, string> {
  const kept = Object.entries(headers).filter(
    ([name, value]) => typeof value === 'string' && (KEPT_HEADERS.has(name) || name.startsWith('x-amz-meta-')),
  )
  return Object.fromEntries(kept) as Record<string, string>
}

export const etagIn = (headers: IncomingHttpHeaders): string => (headers.etag ?? '').replaceAll('"', '')

export interface FetchFrom {
  client: S3Client
  settings: S3Settings
  ctx: Pick<DriverContext, 'signal'>
  moved(bytes: number): void
}

const RETRY_DELAYS_MS = [250, 2000]

/**
 * Fetches one object in one request, so that content, etag and headers are of the same version, whichever was listed. A
 * transfer that breaks off is tried three times. Rejects with S3Refusal, with an error of the catalogue, with the system's
 * error (ENOSPC) of writing, or with an Error that says what is wrong with what came.
 */
export async function fetchObject(
  from: FetchFrom,
  object: S3Object,
  path: string,
): Promise<{ object: S3Object; headers: Record<string, string> }> {
  const { signal } = from.ctx
  for (let attempt = 0; ; attempt++)
    try {
      return await fetchOnce(from, object, path)
    } catch (thrown) {
      signal.throwIfAborted()
      const delayMs = RETRY_DELAYS_MS[attempt]
      const isBusy = thrown instanceof S3Refusal && (thrown.status === 429 || thrown.status >= 500)
      if (delayMs === undefined || !(isBusy || isCoded(thrown, 'SOURCE_UNREACHABLE'))) throw thrown
      await sleep(delayMs, undefined, { signal }).catch(() => signal.throwIfAborted())
    }
}

async function fetchOnce({ client, settings, ctx: { signal }, moved }: FetchFrom, object: S3Object, path: string) {
  const answer = await client.stream({ bucket: settings.bucket, key: object.key })
  const hash = createHash('md5')
  let bytes = 0
  const count = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length
      hash.update(chunk)
      moved(chunk.length)
      done(null, chunk)
    },
  })
  await pipeline(answer, count, createWriteStream(path, { mode: 0o600 }), { signal }).catch((thrown: unknown) => {
    signal.throwIfAborted()
    const isOfDisk = (thrown as { syscall?: unknown } | null)?.syscall === 'write'
    throw isOfDisk ? thrown : connectionError(thrown, settings)
  })
  const etag = etagIn(answer.headers)
  const whole = Number(answer.headers['content-length'] ?? bytes)
  if (bytes !== whole) throw new Error(`${bytes} of ${whole} bytes came`)
  if (isMd5(etag, answer.headers) && hash.digest('hex') !== etag) throw new Error('its MD5 is not its etag')
  const modified = new Date(answer.headers['last-modified'] ?? object.lastModified)
  await utimes(path, modified, modified)
  const isListed = etag !== '' && etag === object.etag && bytes === object.bytes
  return {
    object: isListed ? object : { ...object, bytes, etag, lastModified: modified.toISOString() },
    headers: headersToKeep(answer.headers),
  }
}

/** Not of objects that were put in parts, nor of those that are encrypted with a key of the customer's or of KMS. */
function isMd5(etag: string, headers: IncomingHttpHeaders): boolean {
  const encryption = headers['x-amz-server-side-encryption']
  const byCustomer = headers['x-amz-server-side-encryption-customer-algorithm'] !== undefined
  return /^[0-9a-f]{32}$/.test(etag) && !byCustomer && (encryption === undefined || encryption === 'AES256')
}
