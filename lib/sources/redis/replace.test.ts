import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runChild } from '#lib/process/child.ts'
import { type RedisServer, redisMissing, startRedisServer } from '#lib/testing/redis-server.ts'
import { temporaryContext } from '../conformance-context.ts'
import { saveCopy } from '../conformance-copy.ts'
import type { DriverContext, Inventory } from '../driver.ts'
import { type RedisConnection, withRedis } from './client.ts'
import { redisDriver } from './driver.ts'
import { replaceCopy, replaceIn } from './replace.ts'
import { withLoaded } from './temporary-server.ts'

const missing = redisMissing()
const library = (name: string) =>
  `#!lua name=${name}\nredis.register_function('${name}', function() return '${name}' end)`

describe.skipIf(missing)('A copy of Redis in the place of what a server holds', () => {
  let [source, target] = [] as unknown as [RedisServer, RedisServer]
  beforeAll(async () => {
    ;[source, target] = await Promise.all([startRedisServer(), startRedisServer()])
  })
  afterAll(() => Promise.all([source?.stop(), target?.stop()]))
  beforeEach(async () => {
    for (const server of [source, target]) await server.run(['FLUSHALL'], ['FUNCTION', 'FLUSH'])
    await source.run(
      ['SET', 'name', 'new'],
      ['SET', 'short', 'x', 'EX', '9999'],
      ['SELECT', '3'],
      ['RPUSH', 'list', 'a', 'b'],
      ['FUNCTION', 'LOAD', library('fresh')],
    )
    await target.run(
      ['SET', 'name', 'old'],
      ['SELECT', '5'],
      ['SET', 'other', 'old'],
      ['FUNCTION', 'LOAD', library('stale')],
    )
  })

  const settingsOf = ({ port, password }: RedisServer) =>
    redisDriver.settings.parse({ host: '127.0.0.1', port, password })
  const save = async (ctx: DriverContext, folder: string) => {
    await saveCopy(await redisDriver.open(settingsOf(source), ctx), folder)
    return folder
  }
  const held = async (server: RedisServer) => ({
    keys: String(await server.run(['INFO', 'keyspace']))
      .split('\r\n')
      .filter((line) => line.startsWith('db'))
      .map((line) => line.split(',')[0]),
    name: String(await server.run(['GET', 'name'])),
    functions: String(await server.run(['FUNCTION', 'LIST'])).match(/fresh|stale/)?.[0],
  })
  const old = { keys: ['db0:keys=1', 'db5:keys=1'], name: 'old', functions: 'stale' }

  test('is there whole, in its databases, with its functions; what was there is in a file', async () => {
    await using run = await temporaryContext()
    const folder = await save(run.context, join(run.dir, 'saved'))
    const kept = join(run.dir, 'kept', 'before.rdb')
    let seen: Inventory | undefined
    const accept = (inventory: Inventory) => {
      seen = inventory
    }
    const receipt = await replaceCopy(settingsOf(target), folder, kept, accept, run.context)
    expect(receipt.summary).toContain('3 keys put in the place')
    expect(seen?.tables).toEqual({ 'keys that never expire': 2 })
    expect(await held(target)).toEqual({ keys: ['db0:keys=2', 'db3:keys=1'], name: 'new', functions: 'fresh' })
    expect(Number(await target.run(['TTL', 'short']))).toBeGreaterThan(9000)
    const checked = await runChild({ command: '/usr/bin/redis-check-rdb', args: [kept], env: {} })
    expect(checked.stdout.join('\n')).toMatch(/2 keys read/)
    expect(await readFile(kept, 'latin1')).toContain('stale')
  })

  test('is not there, and nothing is changed, when it is not accepted or the restore is cancelled', async () => {
    const cancel = new AbortController()
    await using run = await temporaryContext()
    await using cancelled = await temporaryContext({
      signal: cancel.signal,
      progress: () => cancel.abort(new Error('cancelled by a test')),
    })
    const folder = await save(run.context, join(run.dir, 'saved'))
    const kept = join(run.dir, 'before.rdb')
    const refuse = () => {
      throw new Error('rows are missing')
    }
    await expect(replaceCopy(settingsOf(target), folder, kept, refuse, run.context)).rejects.toThrow('rows are missing')
    expect(await held(target)).toEqual(old)
    await expect(replaceCopy(settingsOf(target), folder, kept, () => {}, cancelled.context)).rejects.toThrow(
      'cancelled by a test',
    )
    expect(await held(target)).toEqual(old)
  })

  test('leaves all as it was when the server may not exchange databases, and when the answer to it is lost', async () => {
    await using run = await temporaryContext()
    const folder = await save(run.context, join(run.dir, 'saved'))
    await target.run(['ACL', 'SETUSER', 'most', 'on', '>pw', '~*', '+@all', '-swapdb'])
    const most = redisDriver.settings.parse({ host: '127.0.0.1', port: target.port, user: 'most', password: 'pw' })
    await expect(replaceCopy(most, folder, join(run.dir, 'a.rdb'), () => {}, run.context)).rejects.toMatchObject({
      code: 'RESTORE_TOOL_FAILED',
    })
    expect(await held(target)).toEqual(old)

    const settings = settingsOf(target)
    const file = join(folder, run.context.scratch, 'dump.rdb')
    const losing = withLoaded({ command: '/usr/bin/redis-server' }, file, run.context, (loaded) =>
      withRedis(loaded, run.context, (from) =>
        withRedis(settings, run.context, (redis) => {
          const send: RedisConnection['send'] = async (...words) => {
            const answer = await redis.send(...words)
            if (words[0] === 'EXEC') throw new Error('the answer was lost')
            return answer
          }
          return replaceIn({ settings, from, redis: { send }, accept: () => {} }, run.context)
        }),
      ),
    )
    await expect(losing).rejects.toThrow('the answer was lost')
    expect(await held(target)).toEqual(old)
  })

  test('needs databases that are empty and that nobody is in', async () => {
    await using run = await temporaryContext()
    const folder = await save(run.context, join(run.dir, 'saved'))
    const small = await startRedisServer(() => ({ databases: '4' }))
    try {
      await small.run(['SET', 'name', 'old'], ['SELECT', '1'], ['SET', 'other', 'old'])
      const replacing = replaceCopy(settingsOf(small), folder, join(run.dir, 'before.rdb'), () => {}, run.context)
      // 0, 1 and 3 change places; only 2 is left for them.
      await expect(replacing).rejects.toMatchObject({
        code: 'RESTORE_TOOL_FAILED',
        message: expect.stringContaining('it has 1 empty databases that nobody uses, and 3 are needed'),
      })
      expect(String(await small.run(['GET', 'name']))).toBe('old')
    } finally {
      await small.stop()
    }
  })

  test('is refused by an account that may not copy what is there', async () => {
    await using run = await temporaryContext()
    const folder = await save(run.context, join(run.dir, 'saved'))
    await target.run(['ACL', 'SETUSER', 'writer', 'on', '>pw', '~*', '+@all', '-psync', '-sync'])
    const writer = redisDriver.settings.parse({ host: '127.0.0.1', port: target.port, user: 'writer', password: 'pw' })
    await expect(replaceCopy(writer, folder, join(run.dir, 'b.rdb'), () => {}, run.context)).rejects.toMatchObject({
      code: 'SOURCE_RIGHTS_MISSING',
    })
    expect(await held(target)).toEqual(old)
  })
})
