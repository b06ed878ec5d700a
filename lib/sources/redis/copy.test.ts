import { chmod, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeCertificate } from '#lib/testing/certificates.ts'
import { type RedisServer, redisMissing, startRedisServer } from '#lib/testing/redis-server.ts'
import { temporaryContext } from '../conformance-context.ts'
import { redisDriver } from './driver.ts'
import type { ServerVersion } from './server.ts'
import { canRead } from './tools.ts'

const missing = redisMissing()
let server: RedisServer

const settingsOf = (more: object = {}) =>
  redisDriver.settings.parse({ host: '127.0.0.1', port: server.port, password: server.password, ...more })

async function contentOf(copy: Awaited<ReturnType<typeof redisDriver.open>>): Promise<Buffer> {
  if (copy.shape !== 'paths') throw new Error('paths were expected')
  const content = await readFile(copy.include[0] as string)
  await copy.close()
  return content
}

describe.skipIf(missing)('A copy of a Redis server', () => {
  beforeAll(async () => {
    server = await startRedisServer()
    await server.run(['SET', 'name', 'Ada'])
  })
  afterAll(() => server.stop())

  test('ends with the checksum, without the mark that ends the transfer, and is for its owner alone', async () => {
    await using run = await temporaryContext()
    for (const diskless of ['yes', 'no']) {
      await server.run(['CONFIG', 'SET', 'repl-diskless-sync', diskless])
      const copy = await redisDriver.open(settingsOf(), run.context)
      if (copy.shape !== 'paths') throw new Error('paths were expected')
      expect((await stat(copy.include[0] as string)).mode & 0o777).toBe(0o600)
      const content = await contentOf(copy)
      expect(content.subarray(0, 5).toString()).toBe('REDIS')
      expect(content.at(-9)).toBe(0xff)
    }
    await server.run(['CONFIG', 'SET', 'repl-diskless-sync', 'yes'])
  })

  test('is made with the least rights that the error names', async () => {
    await using run = await temporaryContext()
    await server.run(['ACL', 'SETUSER', 'backup', 'reset', 'on', '>secret', '+info', '+ping'])
    const settings = settingsOf({ user: 'backup', password: 'secret' })
    const grant = await redisDriver.open(settings, run.context).then(
      () => '',
      (error: { code: string; details: { grant: string; missing: string[] } }) => {
        expect(error.code).toBe('SOURCE_RIGHTS_MISSING') // redis-cli found out: the account may not even ask
        return error.details.grant
      },
    )
    expect((await redisDriver.probe(settings, run.context)).warnings).toHaveLength(1)
    const words = grant.slice(0, grant.indexOf(',')).split(' ')
    expect(words.slice(0, 3)).toEqual(['ACL', 'SETUSER', 'backup'])
    await server.run(words)
    expect((await redisDriver.probe(settings, run.context)).warnings).toEqual([])
    expect((await contentOf(await redisDriver.open(settings, run.context))).includes('Ada')).toBe(true)
  })

  test('is made through a socket', async () => {
    await using run = await temporaryContext()
    const copy = await redisDriver.open(settingsOf({ host: server.socket }), run.context)
    expect((await contentOf(copy)).includes('Ada')).toBe(true)
    const gone = settingsOf({ host: `${server.socket}-not` })
    await expect(redisDriver.probe(gone, run.context)).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
  })

  test('is not made by a password that only falls back to the open account', async () => {
    await using run = await temporaryContext()
    const open = await startRedisServer(() => ({ requirepass: '' }))
    try {
      const settings = redisDriver.settings.parse({ host: '127.0.0.1', port: open.port, password: 'any' })
      await expect(redisDriver.open(settings, run.context)).rejects.toMatchObject({ code: 'SOURCE_ACCESS_DENIED' })
      const without = redisDriver.settings.parse({ host: '127.0.0.1', port: open.port })
      await contentOf(await redisDriver.open(without, run.context))
    } finally {
      await open.stop()
    }
    await expect(redisDriver.open(settingsOf({ password: undefined }), run.context)).rejects.toMatchObject({
      code: 'SOURCE_ACCESS_DENIED',
    })
  })

  test('that redis-check-rdb refuses is no copy', async () => {
    await using run = await temporaryContext()
    const tools = join(run.dir, 'tools')
    await mkdir(tools)
    await symlink('/usr/bin/redis-check-rdb', join(tools, 'redis-check-rdb'))
    // Stands in for a transfer that is cut and yet ends well.
    const cut = '#!/bin/sh\n[ "$1" = --version ] && exec /usr/bin/redis-cli --version\n'
    const last = 'for file; do :; done\n/usr/bin/redis-cli "$@" && truncate -s -20 "$file"\n'
    await writeFile(join(tools, 'redis-cli'), cut + last)
    await chmod(join(tools, 'redis-cli'), 0o755)
    const ctx = { ...run.context, toolPath: [tools], systemToolPath: [] }
    const log: string[] = []
    const opening = redisDriver.open(settingsOf(), { ...ctx, log: (_, line) => log.push(line) })
    await expect(opening).rejects.toMatchObject({
      code: 'SOURCE_DUMP_FAILED',
      details: { reason: expect.stringMatching(/EOF/) },
    })
    expect(await run.scratchContent()).toEqual([])
    expect(log.join('\n')).not.toContain(server.password)
  })

  test('of a replica needs a link to its primary', async () => {
    await using run = await temporaryContext()
    const replica = await startRedisServer(() => ({ replicaof: '127.0.0.1 1' }))
    try {
      const settings = redisDriver.settings.parse({ host: '127.0.0.1', port: replica.port, password: replica.password })
      for (const call of [redisDriver.probe, redisDriver.open])
        await expect(call(settings, run.context)).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
    } finally {
      await replica.stop()
    }
  })
})

describe.skipIf(missing)('An encrypted Redis server', () => {
  test('is copied when its certificate is the right one, and refused when it is not', async () => {
    await using run = await temporaryContext()
    const [mine, others] = [join(run.dir, 'mine.pem'), join(run.dir, 'others.pem')]
    const { certificate, key } = await makeCertificate(['IP:127.0.0.1'])
    await writeFile(mine, certificate)
    await writeFile(join(run.dir, 'key.pem'), key)
    await writeFile(others, (await makeCertificate(['IP:127.0.0.1'])).certificate)
    const files = { 'tls-cert-file': mine, 'tls-key-file': join(run.dir, 'key.pem'), 'tls-auth-clients': 'no' }
    const encrypted = await startRedisServer((port) => ({ port: '0', 'tls-port': String(port), ...files }))
    const plain = await startRedisServer()
    try {
      const settings = (more: object, at = encrypted) =>
        redisDriver.settings.parse({ host: '127.0.0.1', port: at.port, password: at.password, ...more })
      await encrypted.run(['SET', 'name', 'Ada'])
      for (const more of [{ tls: 'verify-full', tlsCa: mine }, { tls: 'require' }])
        expect((await contentOf(await redisDriver.open(settings(more), run.context))).includes('Ada')).toBe(true)
      const refused = [
        settings({ tls: 'verify-full', tlsCa: others }),
        settings({ tls: 'verify-full' }),
        settings({ tls: 'verify-full', tlsCa: mine, host: 'localhost' }),
      ]
      for (const one of refused)
        for (const call of [redisDriver.probe, redisDriver.open])
          await expect(call(one, run.context)).rejects.toMatchObject({ code: 'SOURCE_TLS_FAILED' })
      const toPlain = settings({ tls: 'require' }, plain)
      await expect(redisDriver.probe(toPlain, run.context)).rejects.toMatchObject({ code: 'SOURCE_TLS_FAILED' })
      const toNothing = settings({ tls: 'require', port: 1 })
      await expect(redisDriver.probe(toNothing, run.context)).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
      const withoutFile = settings({ tls: 'verify-full', tlsCa: join(run.dir, 'none.pem') })
      await expect(redisDriver.probe(withoutFile, run.context)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
    } finally {
      await encrypted.stop()
      await plain.stop()
    }
  })
})

test.each<[tool: string, server: string, reads: boolean, because: string]>([
  ['Redis 7.0.15', 'Redis 7.0.4', true, 'patches do not change the format'],
  ['Redis 7.0.15', 'Redis 7.2.0', false, 'the format is newer'],
  ['Redis 6.0.16', 'Redis 6.2.1', true, 'all of 5 and 6 share one format'],
  ['Redis 8.2.1', 'Redis 5.0.3', true, 'older files are always read'],
  ['Valkey 8.1.1', 'Redis 7.2.4', true, 'Valkey began there'],
  ['Valkey 8.1.1', 'Redis 7.4.0', false, 'Redis went on by itself'],
  ['Redis 7.2.4', 'Valkey 8.1.1', true, 'Valkey kept the format up to 8'],
  ['Redis 7.0.15', 'Valkey 7.2.5', false, 'the format is newer'],
  ['Redis 8.2.1', 'Valkey 9.0.0', false, 'Valkey went on by itself'],
  ['Valkey 7.2.5', 'Valkey 8.1.1', true, 'Valkey kept the format up to 8'],
  ['Valkey 8.1.1', 'Valkey 9.0.0', false, 'the format is newer'],
])('%s and a file of %s: %s, for %s', (tool, from, reads) => {
  const of = (text: string): ServerVersion => {
    const [family, version] = text.split(' ') as ['Redis', string]
    return { family, version }
  }
  expect(canRead(of(tool), of(from))).toBe(reads)
})
