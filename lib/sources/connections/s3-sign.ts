import { createHash } from 'node:crypto'
import aws4 from 'aws4'

export interface RequestToSign {
  method: string
  host: string
  /** As it stands in the request line: each segment percent-encoded once. */
  path: string
  query: Readonly<Record<string, string>>
  /** Further headers; all but a range are signed. */
  headers: Readonly<Record<string, string>>
  /** SHA-256 of the body, in hex. */
  bodyHash: string
}

export interface Signer {
  accessKeyId: string
  secretAccessKey: string
  region: string
}

export const EMPTY_BODY = sha256('')

/** The headers of an S3 request with its signature (AWS Signature Version 4). */
export function signedHeaders(request: RequestToSign, signer: Signer, now: Date): Record<string, string> {
  const { method, host, path, query, headers, bodyHash } = request
  const { region, accessKeyId, secretAccessKey } = signer
  const time = now.toISOString().replace(/[-:]|\.\d+/g, '')
  const toSign = {
    service: 's3',
    region,
    method,
    host,
    path: `${path}?${queryString(query)}`.replace(/\?$/, ''),
    headers: { ...headers, host, 'x-amz-content-sha256': bodyHash, 'x-amz-date': time },
  }
  return aws4.sign(toSign, { accessKeyId, secretAccessKey }).headers as Record<string, string>
}

/** The query in the order and encoding in which it is signed and sent. */
export function queryString(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .sort()
    .join('&')
}

/** RFC 3986: everything but letters, digits and `-._~`. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}

export function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex')
}
