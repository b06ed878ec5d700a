import { CodedError } from '#lib/errors/coded-error.ts'
import type { S3Client } from './s3-client.ts'
import { refusalError, S3Refusal, serviceName } from './s3-errors.ts'
import type { S3Connection } from './s3-settings.ts'
import { elementsOf, textOf } from './s3-xml.ts'

export interface S3Object {
  key: string
  bytes: number
  /** Without its quotes. The same etag, size and time are the same content. */
  etag: string
  /** As the service writes it: 2026-11-23T10:00:00.000Z. */
  lastModified: string
  /** Such as STANDARD; null when the service does not say. */
  storageClass: string | null
}

export interface S3Page {
  objects: S3Object[]
  /** Keys that are not UTF-8, in the percent-encoding of the service: nobody can name them in a request. */
  unreadableKeys: string[]
}

/**
 * The objects below a prefix, page by page, in the newest version of each. The answer is checked to be whole: a listing that
 * breaks off rejects.
 */
export async function* listObjects(
  client: S3Client,
  connection: S3Connection,
  bucket: string,
  prefix: string,
  pageSize = 1000,
): AsyncGenerator<S3Page> {
  const query = { 'list-type': '2', 'encoding-type': 'url', 'max-keys': String(pageSize), prefix }
  let token: string | null = null
  do {
    const more: Record<string, string> = token === null ? {} : { 'continuation-token': token }
    const { text } = await client.send({ bucket, query: { ...query, ...more } }).catch((thrown: unknown) => {
      const attempt = { bucket, right: `s3:ListBucket on ${bucket}` }
      throw thrown instanceof S3Refusal ? refusalError(thrown, connection, attempt) : thrown
    })
    const truncated = textOf(text, 'IsTruncated')
    token = truncated === 'true' ? textOf(text, 'NextContinuationToken') : null
    if (!text.includes('</ListBucketResult>') || truncated === null || (truncated === 'true' && !token))
      throw brokenAnswer(connection, 'its list of objects is not whole')
    yield pageOf(text, connection)
  } while (token !== null)
}

/** Resolves when the service answers, whatever it says; rejects as `send` does when it cannot be reached. */
export async function requireAnswer(client: S3Client, bucket: string): Promise<void> {
  await client.send({ bucket, query: { 'list-type': '2', 'max-keys': '1' } }).catch((thrown: unknown) => {
    if (!(thrown instanceof S3Refusal)) throw thrown
  })
}

/** The buckets that the account sees. */
export async function listBuckets(client: S3Client, connection: S3Connection): Promise<string[]> {
  const { text } = await client.send({ bucket: null }).catch((thrown: unknown) => {
    const attempt = { bucket: null, right: 's3:ListAllMyBuckets' }
    throw thrown instanceof S3Refusal ? refusalError(thrown, connection, attempt) : thrown
  })
  if (!text.includes('ListAllMyBucketsResult')) throw brokenAnswer(connection, 'its list of buckets is not one')
  return elementsOf(text, 'Bucket').flatMap((bucket) => textOf(bucket, 'Name') ?? [])
}

function pageOf(text: string, connection: S3Connection): S3Page {
  const encoded = textOf(text, 'EncodingType') === 'url'
  const page: S3Page = { objects: [], unreadableKeys: [] }
  for (const element of elementsOf(text, 'Contents')) {
    const [raw, size] = [textOf(element, 'Key'), textOf(element, 'Size')]
    if (raw === null || size === null || !/^\d+$/.test(size))
      throw brokenAnswer(connection, 'an object in its list has no key or no size')
    const key = encoded ? decode(raw) : raw
    if (key === null) {
      page.unreadableKeys.push(raw)
      continue
    }
    page.objects.push({
      key,
      bytes: Number(size),
      etag: (textOf(element, 'ETag') ?? '').replaceAll('"', ''),
      lastModified: textOf(element, 'LastModified') ?? '',
      storageClass: textOf(element, 'StorageClass'),
    })
  }
  return page
}

/** Amazon writes a space as `+`, others as %20; all write a plus as %2B. Null when the bytes are not UTF-8. */
function decode(raw: string): string | null {
  try {
    return decodeURIComponent(raw.replaceAll('+', ' '))
  } catch {
    return null
  }
}

function brokenAnswer(connection: S3Connection, reason: string): CodedError {
  return new CodedError('SOURCE_UNREACHABLE', { source: serviceName(connection), reason })
}
