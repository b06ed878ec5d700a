import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { type S3Server, s3ServerMissing, startS3Server } from '#lib/testing/s3-server.ts'
import { describeSource } from '../conformance.ts'
import { makeBucket, settingsFor } from './bucket.fixture.ts'

const missing = await s3ServerMissing()
let server: S3Server
let manyBucket: string | undefined

if (missing === null) {
  beforeAll(async () => {
    server = await startS3Server()
  })
  afterAll(() => server.stop())
}

const few = { 'a.txt': 'a', 'b/c.html': '<c>', 'b/empty': '' }
const many = Object.fromEntries(
  Array.from({ length: 300 }, (_, i) => [`many/${i % 7}/${i}.bin`, Buffer.alloc(4096, i)]),
)
const odd = {
  'sp ace/it’s "odd" & <so>.txt': '1',
  'new\nline\r': '22',
  '-rf': '333',
  '*?[]{}\\': '4444',
  'Größe ☂ 数据 😀': '5',
  'per%20cent%2F+plus': '6',
  '％ ．． ‛x': '7',
  'a//b': '8',
  '/leading': '9',
  '../../up': '10',
  './here': '11',
  'folder/': '',
  'folder/inside': '12',
  both: '13',
  'both/below': '14',
  [`long/${'n'.repeat(256)}`]: '15',
  [`long/${'ü'.repeat(400)}`]: '16',
  [`${'deep/'.repeat(150)}x`]: '17',
  ' ': '18',
  'trailing. ': '19',
}

describeSource('s3', {
  missing,
  filled: async () => settingsFor(server, await makeBucket(server, few)),
  odd: async () => settingsFor(server, await makeBucket(server, odd)),
  empty: async () => settingsFor(server, await makeBucket(server)),
  gone: async () => ({ settings: settingsFor(server, 'no-such-bucket'), code: 'SOURCE_BUCKET_UNKNOWN' }),
  big: async () => {
    manyBucket ??= await makeBucket(server, many)
    return settingsFor(server, manyBucket)
  },
  elsewhere: async () => {
    const settings = settingsFor(server, await makeBucket(server), { prefix: 'else where/$(x)' })
    return { settings, seen: settings }
  },
  faults: {
    unreachable: async () => ({ ...settingsFor(server, 'bucket'), endpoint: 'http://127.0.0.1:1' }),
    denied: async () => ({ ...settingsFor(server, await makeBucket(server, few)), secretAccessKey: 'wrong' }),
    withoutRights: async () => {
      const bucket = await makeBucket(server, few, { 'x-amz-acl': 'public-read' })
      return {
        settings: settingsFor(server, bucket, {}, server.stranger),
        names: ['s3:GetObject', bucket],
      }
    },
    tlsMismatch: async () => ({
      ...settingsFor(server, await makeBucket(server, few)),
      endpoint: server.endpoint.replace('http:', 'https:'),
    }),
    needsTool: true,
    oldTool: async (dir) => {
      const folder = join(dir, 'old')
      await mkdir(folder)
      await writeFile(join(folder, 'rclone'), '#!/bin/sh\necho "rclone v1.53.3-DEV"\n')
      await chmod(join(folder, 'rclone'), 0o755)
      return folder
    },
    killsDump: true,
    fillsScratch: true,
    crash: { kill: () => server.kill(), revive: () => server.revive() },
    freeze: { stop: async () => server.freeze(), go: async () => server.thaw() },
    named: async (_dir, name) =>
      settingsFor(server, await makeBucket(server, { [`${name}/a`]: 'x', [`${name}b`]: 'y' }), { prefix: name }),
  },
})
