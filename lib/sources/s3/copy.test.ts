import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type S3Server, s3ServerMissing, startS3Server } from '#lib/testing/s3-server.ts'
import { temporaryContext } from '../conformance-context.ts'
import { saveCopy } from '../conformance-copy.ts'
import { listObjects } from '../connections/s3-list.ts'
import type { DriverContext, SourceCopy } from '../driver.ts'
import { clientOf, makeBucket, settingsFor } from './bucket.fixture.ts'
import { s3Driver } from './driver.ts'
import { s3Settings } from './settings.ts'

const missing = await s3ServerMissing()
let server: S3Server

if (missing === null) {
  beforeAll(async () => {
    server = await startS3Server({ tls: true })
  })
  afterAll(() => server.stop())
}

const parsed = (bucket: string, more: object = {}) => s3Settings.parse(settingsFor(server, bucket, more))
const everySaved = async (paths: readonly string[]) => new Set(paths)

/** Key, content, content type and metadata of everything in a bucket. */
async function contentOf(bucket: string): Promise<Record<string, unknown>> {
  const client = await clientOf(server)
  const content: Record<string, unknown> = {}
  try {
    for await (const { objects } of listObjects(client, parsed(bucket), bucket, '', 3))
      for (const { key } of objects) {
        const { text, headers } = await client.send({ bucket, key })
        content[key] = {
          text,
          type: headers['content-type'],
          cache: headers['cache-control'],
          of: headers['x-amz-meta-of'],
        }
      }
  } finally {
    client.close()
  }
  return content
}

async function openPaths(bucket: string, ctx: DriverContext, more: object = {}) {
  const copy = await s3Driver.open(parsed(bucket, more), ctx)
  if (copy.shape !== 'paths') throw new Error('paths were expected')
  return { folder: copy.include[0] as string, copy }
}

const unsavedOf = (copy: SourceCopy) => (copy.shape === 'paths' ? copy.unsaved?.(everySaved) : undefined)

const files = async (folder: string) =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()

/** Overwrites or deletes while the driver waits: its log is called in the course of its work. */
function rclone(...args: string[]) {
  execFileSync('rclone', args, {
    input: 'meanwhile',
    env: {
      PATH: '/usr/bin:/bin',
      RCLONE_CONFIG: '/dev/null',
      RCLONE_CA_CERT: server.caFile ?? '',
      RCLONE_CONFIG_AT_TYPE: 's3',
      RCLONE_CONFIG_AT_PROVIDER: 'Other',
      RCLONE_CONFIG_AT_ENDPOINT: server.endpoint,
      RCLONE_CONFIG_AT_REGION: server.region,
      RCLONE_CONFIG_AT_ACCESS_KEY_ID: server.owner.accessKeyId,
      RCLONE_CONFIG_AT_SECRET_ACCESS_KEY: server.owner.secretAccessKey,
    } as unknown as NodeJS.ProcessEnv,
  })
}

describe.skipIf(missing)('A copy of a bucket', () => {
  test('brings back keys, contents, content types and metadata as they were', async () => {
    await using run = await temporaryContext()
    const headers = { 'content-type': 'text/x-odd', 'cache-control': 'max-age=7', 'x-amz-meta-of': 'Ada' }
    const bucket = await makeBucket(server, {
      'plain.txt': { content: 'p', headers },
      'a//b': { content: 'odd name', headers },
      'folder/': '',
      both: '1',
      'both/below': '2',
      'sp ace/％ ‛ü+%2B': { content: '3', headers: { 'content-type': 'image/png' } },
    })
    await saveCopy(await s3Driver.open(parsed(bucket), run.context), join(run.dir, 'saved'))
    const target = await makeBucket(server)
    await s3Driver.restore(parsed(target), join(run.dir, 'saved'), run.context)
    const [was, is] = [await contentOf(bucket), await contentOf(target)]
    expect(Object.keys(was)).toHaveLength(6)
    expect(is).toEqual(was)
  })

  test('takes what changed while it was made in one of its versions, and misses nothing that was deleted', async () => {
    await using run = await temporaryContext()
    const bucket = await makeBucket(server, { a: 'a', b: 'as listed', c: 'c', 'd//odd': 'd' })
    const log = (_: string, message: string) => {
      if (!message.includes('4 objects')) return
      rclone('rcat', `at:${bucket}/b`)
      rclone('deletefile', `at:${bucket}/c`)
    }
    const { folder, copy } = await openPaths(bucket, { ...run.context, log })
    expect(await readFile(join(folder, 'objects/b'), 'utf8')).toBe('meanwhile')
    expect((await files(folder)).filter((file) => !file.startsWith('unusual/'))).toEqual([
      'inventory.ndjson',
      'objects/a',
      'objects/b',
    ])
    expect(await unsavedOf(copy)).toEqual([])
    const inventory = await readFile(join(folder, 'inventory.ndjson'), 'utf8')
    expect(inventory).not.toContain('"key":"c"')
    expect(inventory).toContain(createHash('md5').update('meanwhile').digest('hex')) // of the same size as what was listed
  })

  test('follows the bucket: what is gone, changed or became a folder', async () => {
    await using run = await temporaryContext()
    const bucket = await makeBucket(server, { a: 'a', gone: 'g', turns: 't', same: 's' })
    await openPaths(bucket, run.context)
    for (const key of ['gone', 'turns']) rclone('deletefile', `at:${bucket}/${key}`)
    for (const key of ['a', 'turns/into']) rclone('rcat', `at:${bucket}/${key}`)
    const { folder } = await openPaths(bucket, run.context)
    expect(await files(folder)).toEqual(['inventory.ndjson', 'objects/a', 'objects/same', 'objects/turns/into'])
    expect(await readFile(join(folder, 'objects/a'), 'utf8')).toBe('meanwhile')
  })

  test('leaves out what the patterns catch, and the preview says why', async () => {
    await using run = await temporaryContext()
    const bucket = await makeBucket(server, { 'up/a.txt': 'a', 'up/a.tmp': 'b', 'up/cache/c': 'cc', other: 'd' })
    const more = { prefix: 'up', exclude: ['*.tmp', '/cache/**'] }
    const { folder } = await openPaths(bucket, run.context, more)
    expect(await files(folder)).toEqual(['inventory.ndjson', 'objects/a.txt'])
    expect(await s3Driver.preview?.(parsed(bucket, more), run.context)).toEqual({
      taken: { files: 1, bytes: 1, examples: ['up/a.txt'] },
      leftOut: {
        files: 2,
        bytes: 3,
        examples: [
          { path: 'up/a.tmp', because: '*.tmp' },
          { path: 'up/cache/c', because: '/cache/**' },
        ],
      },
      complete: true,
    })
  })

  test('names what restic did not save', async () => {
    await using run = await temporaryContext()
    const bucket = await makeBucket(server, { a: 'a', b: 'b' })
    const { folder, copy } = await openPaths(bucket, run.context)
    const unsaved = await copy.unsaved?.(async () => new Set([join(folder, 'objects/a')]))
    expect(unsaved).toEqual([`${bucket}/b`])
  })

  test('is not put into a folder of a bucket that holds something, nor when a file of it is missing', async () => {
    await using run = await temporaryContext()
    const bucket = await makeBucket(server, { 'in/a': 'a', 'in/b': 'b' })
    const saved = join(run.dir, 'saved')
    await saveCopy(await s3Driver.open(parsed(bucket), run.context), saved)
    await expect(s3Driver.restore(parsed(bucket, { prefix: 'in' }), saved, run.context)).rejects.toMatchObject({
      code: 'RESTORE_TARGET_NOT_EMPTY',
      details: { target: `${bucket}/in/`, holds: ['in/a', 'in/b'] },
    })
    const [lost] = (await files(saved)).filter((file) => file.endsWith('in/b'))
    await rm(join(saved, lost as string))
    const target = await makeBucket(server)
    await expect(s3Driver.restore(parsed(target), saved, run.context)).rejects.toMatchObject({
      code: 'RESTORE_CONTENT_WRONG',
    })
    expect(await contentOf(target)).toEqual({})
  })

  test('is laid out below a folder, and not below one that holds something', async () => {
    await using run = await temporaryContext()
    const bucket = await makeBucket(server, { 'a/b': 'ab', 'c//d': 'cd' })
    const [saved, target] = [join(run.dir, 'saved'), join(run.dir, 'target')]
    await saveCopy(await s3Driver.open(parsed(bucket), run.context), saved)
    const receipt = await s3Driver.restore(parsed(bucket), saved, run.context, target)
    expect(receipt.inventory).toEqual({ tables: null, files: 2, bytes: 4 })
    expect(await readFile(join(target, 'objects/a/b'), 'utf8')).toBe('ab')
    await expect(s3Driver.restore(parsed(bucket), saved, run.context, target)).rejects.toMatchObject({
      code: 'RESTORE_TARGET_NOT_EMPTY',
    })
    await expect(s3Driver.restore(parsed(bucket), saved, run.context, '/opt/not-ours')).rejects.toMatchObject({
      code: 'PATH_NOT_ALLOWED',
    })
  })

  test('shows no key in arguments or in what is said, and gives rclone nothing of ours', async () => {
    await using run = await temporaryContext()
    const tools = join(run.dir, 'tools')
    await mkdir(tools)
    // Stands in for rclone and tells what it was given.
    await writeFile(
      join(tools, 'rclone'),
      `#!/bin/sh\n[ "$1" = version ] && echo 'rclone v9.1.0' && exit\necho "args: $0 $*" >&2\nenv | cut -d= -f1 | sort | xargs echo names: >&2\nexit 7\n`,
    )
    await chmod(join(tools, 'rclone'), 0o755)
    const said: string[] = []
    const log = (_: string, line: string) => said.push(line)
    const ctx = { ...run.context, toolPath: [tools], systemToolPath: [], log }
    const opening = s3Driver.open(parsed(await makeBucket(server, { a: 'a' })), ctx)
    await expect(opening).rejects.toMatchObject({ code: 'SOURCE_DUMP_FAILED', details: { exit: 'exit 7' } })
    const all = said.join('\n')
    for (const secret of [server.owner.secretAccessKey, server.owner.accessKeyId]) expect(all).not.toContain(secret)
    expect(all).toContain('args: ')
    expect(all).toContain('RCLONE_CONFIG_SOURCE_SECRET_ACCESS_KEY')
    expect(all).not.toContain(' HOME')
  })

  test('is refused when the certificate is of no known authority', async () => {
    await using run = await temporaryContext()
    const { caFile: _, ...settings } = settingsFor(server, await makeBucket(server, { a: 'a' })) as { caFile: string }
    const probing = s3Driver.probe(s3Settings.parse(settings), run.context)
    await expect(probing).rejects.toMatchObject({ code: 'SOURCE_TLS_FAILED' })
  })
})

test.skipIf(missing)('The buckets of a service are found', async () => {
  await using run = await temporaryContext()
  const bucket = await makeBucket(server)
  const { discovery } = s3Driver
  const found = await discovery?.find(discovery.settings.parse(settingsFor(server, 'any')), run.context)
  expect(found).toContainEqual({ name: bucket, bytes: null })
})

test.each([
  { endpoint: 's3.example.org' },
  { endpoint: 'https://user:secret@s3.example.org' },
  { endpoint: 'https://s3.example.org/path' },
  { endpoint: 'ftp://s3.example.org' },
  { bucket: '-rf' },
  { bucket: 'a/b' },
  { region: 'a b' },
  { accessKeyId: 'a\nb' },
  { secretAccessKey: '' },
  { prefix: 'a\0' },
  { exclude: ['{a'] },
  { caFile: 'relative.pem' },
])('The settings %j are refused', (more) => {
  const settings = { accessKeyId: 'key', secretAccessKey: 'secret', bucket: 'uploads' }
  expect(s3Settings.parse({ ...settings, prefix: 'a/b' })).toMatchObject({ prefix: 'a/b/', endpoint: '' })
  expect(s3Settings.parse({ ...settings, endpoint: 'https://s3.example.org:9000/' }).endpoint).toBe(
    'https://s3.example.org:9000',
  )
  expect(s3Settings.safeParse({ ...settings, ...more }).success).toBe(false)
})
