import { Readable } from 'node:stream'
import { openS3, type S3Client, type S3Request } from '#lib/sources/connections/s3-client.ts'
import type { S3Account, S3Server } from '#lib/testing/s3-server.ts'
import { sha256 } from '../connections/s3-sign.ts'
import { inParallel } from './parallel.ts'
import { s3Settings } from './settings.ts'

export type Content = string | Buffer | { content: string; headers: Record<string, string> }

/** Unparsed settings of a source on the test's server. */
export function settingsFor(server: S3Server, bucket: string, more: object = {}, account: S3Account = server.owner) {
  const caFile = server.caFile === null ? {} : { caFile: server.caFile }
  return { endpoint: server.endpoint, region: server.region, ...account, ...caFile, bucket, ...more }
}

/** Talks to the server as one of its accounts, without a driver in between. */
export async function clientOf(server: S3Server, account: S3Account = server.owner): Promise<S3Client> {
  return openS3(s3Settings.parse(settingsFor(server, 'none', {}, account)), new AbortController().signal)
}

let buckets = 0

/** Makes a bucket of a new name that holds these objects, and gives its name. */
export async function makeBucket(
  server: S3Server,
  objects: Readonly<Record<string, Content>> = {},
  headers: Record<string, string> = {},
): Promise<string> {
  const bucket = `bucket-${++buckets}`
  await withClient(server, (client) => client.send({ method: 'PUT', bucket, headers }))
  await putObjects(server, bucket, objects)
  return bucket
}

export async function putObjects(
  server: S3Server,
  bucket: string,
  objects: Readonly<Record<string, Content>>,
): Promise<void> {
  await withClient(server, (client) =>
    inParallel(Object.entries(objects), 8, async ([key, content]) => {
      await client.send(putRequest(bucket, key, content))
    }),
  )
}

export async function deleteObject(server: S3Server, bucket: string, key: string): Promise<void> {
  await withClient(server, (client) => client.send({ method: 'DELETE', bucket, key }))
}

async function withClient(server: S3Server, work: (client: S3Client) => Promise<unknown>): Promise<void> {
  const client = await clientOf(server)
  try {
    await work(client)
  } finally {
    client.close()
  }
}

function putRequest(bucket: string, key: string, content: Content): S3Request {
  const { bytes, headers } =
    typeof content === 'string' || Buffer.isBuffer(content)
      ? { bytes: Buffer.from(content), headers: {} }
      : { bytes: Buffer.from(content.content), headers: content.headers }
  const body = { length: bytes.length, sha256: sha256(bytes), stream: () => Readable.from([bytes]) }
  return { method: 'PUT', bucket, key, headers, ...(bytes.length === 0 ? {} : { body }) }
}
