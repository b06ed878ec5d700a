import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { openS3 } from './s3-client.ts'
import { listObjects, type S3Page } from './s3-list.ts'
import { s3Fields } from './s3-settings.ts'

type Answer = { status?: number; body: string }

/** Lists from a server that gives these answers in turn: what real services do, and the test's S3 server does not. */
async function pagesOf(...answers: Answer[]): Promise<{ pages: S3Page[]; asked: string[] }> {
  const asked: string[] = []
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    asked.push(request.url ?? '')
    const { status = 200, body } = answers[asked.length - 1] ?? { status: 500, body: '' }
    response.writeHead(status).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const connection = z
    .object(s3Fields)
    .parse({ endpoint: `http://127.0.0.1:${port}`, accessKeyId: 'key', secretAccessKey: 'secret' })
  const client = await openS3(connection, new AbortController().signal)
  try {
    const pages = []
    for await (const page of listObjects(client, connection, 'uploads', 'a/')) pages.push(page)
    return { pages, asked }
  } finally {
    client.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

const object = (key: string) =>
  `<Contents><Key>${key}</Key><Size>3</Size><ETag>&quot;e&quot;</ETag><LastModified>2026-01-02T03:04:05.000Z</LastModified></Contents>`
const listing = (inner: string, more = '<IsTruncated>false</IsTruncated>') => ({
  body: `<?xml version="1.0"?><ListBucketResult xmlns="x">${more}${inner}</ListBucketResult>`,
})
const keysOf = (pages: S3Page[]) => pages.flatMap(({ objects }) => objects.map(({ key }) => key))
const encoding = '<IsTruncated>false</IsTruncated><EncodingType>url</EncodingType>'
const goesOn = '<IsTruncated>true</IsTruncated><NextContinuationToken>t&amp;1</NextContinuationToken>'
const busy = { status: 503, body: '<Error><Code>SlowDown</Code></Error>' }

test('Keys are read in both encodings, and those that are not UTF-8 are told apart', async () => {
  const { pages } = await pagesOf(listing(object('a/x+y%2Bz%0A%C3%BC') + object('a/%FF'), encoding))
  expect(keysOf(pages)).toEqual(['a/x y+z\nü'])
  expect(pages[0]?.unreadableKeys).toEqual(['a/%FF'])
  expect(keysOf((await pagesOf(listing(object('a/&lt;%41&gt; &#x263a;+')))).pages)).toEqual(['a/<%41> ☺+'])
})

test('A listing goes on where the page before ended', async () => {
  const { pages, asked } = await pagesOf(listing(object('a/1'), goesOn), listing(object('a/2')))
  expect(keysOf(pages)).toEqual(['a/1', 'a/2'])
  expect(asked[1]).toContain('continuation-token=t%261')
  expect(pages[0]?.objects[0]).toEqual({
    key: 'a/1',
    bytes: 3,
    etag: 'e',
    lastModified: '2026-01-02T03:04:05.000Z',
    storageClass: null,
  })
})

test('A server that is busy is asked again, three times', async () => {
  expect(keysOf((await pagesOf(busy, busy, listing(object('a/1')))).pages)).toEqual(['a/1'])
  await expect(pagesOf(busy, busy, busy, listing(''))).rejects.toMatchObject({
    code: 'SOURCE_UNREACHABLE',
    details: { reason: 'it answered 503 (SlowDown)' },
  })
})

test.each([
  ['breaks off', { body: listing(object('a/1')).body.slice(0, -10) }],
  ['does not say whether it goes on', listing(object('a/1'), '')],
  ['goes on and does not say where', listing(object('a/1'), '<IsTruncated>true</IsTruncated>')],
  ['has an object without a size', listing('<Contents><Key>a/1</Key></Contents>')],
  ['is another page', { body: '<html>Welcome</html>' }],
])('A listing that %s is refused', async (_, answer) => {
  await expect(pagesOf(answer)).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
})

test.each([
  [404, 'NoSuchBucket', 'SOURCE_BUCKET_UNKNOWN'],
  [301, 'PermanentRedirect', 'SOURCE_BUCKET_UNKNOWN'],
  [403, 'InvalidAccessKeyId', 'SOURCE_ACCESS_DENIED'],
  [403, 'RequestTimeTooSkewed', 'SOURCE_ACCESS_DENIED'],
  [403, 'AccessDenied', 'SOURCE_RIGHTS_MISSING'],
  [400, 'InvalidRequest', 'SOURCE_UNREACHABLE'],
])('The refusal %i %s is %s', async (status, code, expected) => {
  const answer = { status, body: `<Error><Code>${code}</Code><Message>no</Message></Error>` }
  await expect(pagesOf(answer)).rejects.toMatchObject({ code: expected })
})
