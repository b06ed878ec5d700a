import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type RedisServer, redisMissing, startRedisServer } from '#lib/testing/redis-server.ts'
import { type TemporaryContext, temporaryContext } from '../conformance-context.ts'
import { saveCopy } from '../conformance-copy.ts'
import { redisDriver } from './driver.ts'

const missing = redisMissing()
let source: RedisServer
let target: RedisServer

const settingsOf = (at: RedisServer, more: object = {}) =>
  redisDriver.settings.parse({ host: '127.0.0.1', port: at.port, password: at.password, ...more })

async function save(run: TemporaryContext) {
  const folder = join(run.dir, 'saved')
  await saveCopy(await redisDriver.open(settingsOf(source), run.context), folder)
  return { folder, file: join(folder, run.context.scratch, 'dump.rdb') }
}

/** A hash of a key's value, whatever its order in memory. */
const digestOf = async (server: RedisServer, key: string | Buffer) =>
  String(await server.run(['DEBUG', 'DIGEST-VALUE', key]))

describe.skipIf(missing)('A restored Redis database', () => {
  beforeAll(async () => {
    source = await startRedisServer()
    target = await startRedisServer()
  })
  afterAll(async () => {
    await source.stop()
    await target.stop()
  })
  beforeEach(async () => {
    await source.run(['FLUSHALL'], ['FUNCTION', 'FLUSH'])
    await target.run(['FLUSHALL'], ['FUNCTION', 'FLUSH'])
  })

  test('holds every type of value, in its database, byte for byte', async () => {
    await using run = await temporaryContext()
    const binary = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
    await source.run(
      ['SET', binary, Buffer.concat([binary, binary])],
      ['SET', 'number', '42'],
      ['RPUSH', 'list', 'a', binary, ''],
      ['SADD', 'set', '1', '2', 'three'],
      ['HSET', 'hash', 'a', '1', binary, binary],
      ['ZADD', 'zset', '-inf', 'low', '1.5', 'middle', '+inf', 'high'],
      ['XADD', 'stream', '5-1', 'a', 'b'],
      ['XADD', 'stream', '5-2', 'c', binary],
      ['XGROUP', 'CREATE', 'stream', 'group', '0'],
      ['XREADGROUP', 'GROUP', 'group', 'reader', 'COUNT', '1', 'STREAMS', 'stream', '>'],
      ['XDEL', 'stream', '5-1'],
      ['PFADD', 'log', 'a', 'b', 'c'],
      ['GEOADD', 'geo', '13.361389', '38.115556', 'Palermo'],
      ['SETBIT', 'bits', '70000', '1'],
      ['SELECT', '15'],
      ['SET', 'number', '43'],
    )
    const { folder } = await save(run)
    const receipt = await redisDriver.restore(settingsOf(target), folder, run.context)
    expect(receipt.inventory.tables).toEqual({ 'keys that never expire': 11 })
    expect(await target.run(['SELECT', '15'], ['GET', 'number'])).toEqual(Buffer.from('43'))
    const keys = (await source.run(['KEYS', '*'])) as Buffer[]
    expect(keys).toHaveLength(10)
    for (const key of keys) expect(await digestOf(target, key), String(key)).toBe(await digestOf(source, key))
    const pending = ['XPENDING', 'stream', 'group']
    expect(await target.run(pending)).toEqual(await source.run(pending))
    expect(await target.run(['XADD', 'stream', '*', 'd', 'e'])).not.toBeNull()
    expect(await target.run(['XLEN', 'stream'])).toBe(2)
  })

  test('keeps what is left of each key’s time to live', async () => {
    await using run = await temporaryContext()
    await source.run(['SET', 'for ever', '1'], ['SET', 'an hour', '1', 'EX', '3600'], ['SET', 'over', '1', 'PX', '1'])
    const { folder } = await save(run)
    await redisDriver.restore(settingsOf(target), folder, run.context)
    expect(await target.run(['PTTL', 'for ever'])).toBe(-1)
    const end = async (server: RedisServer) => Number(await server.run(['PEXPIRETIME', 'an hour']))
    expect(Math.abs((await end(target)) - (await end(source)))).toBeLessThan(60_000)
    expect(await target.run(['EXISTS', 'over'])).toBe(0)
  })

  test('is whole with many keys and values that are larger than a page of them', async () => {
    await using run = await temporaryContext()
    const fill = "for i = 1, 20000 do redis.call('SET', 'key ' .. i, i) end"
    await source.run(
      ['EVAL', fill, '0'],
      ['SET', 'large', Buffer.alloc(9_000_000, 'x')],
      ['SETRANGE', 'l2', '9000000', 'x'],
    )
    const { folder } = await save(run)
    const reports: number[] = []
    const ctx = { ...run.context, progress: (bytes: number) => reports.push(bytes) }
    const receipt = await redisDriver.restore(settingsOf(target), folder, ctx)
    expect(receipt.inventory.tables).toEqual({ 'keys that never expire': 20_002 })
    expect(await target.run(['GET', 'key 7777'])).toEqual(Buffer.from('7777'))
    expect(reports).toEqual([...reports].sort((a, b) => a - b))
    expect(reports.length).toBeGreaterThan(2)
  })

  test('has its functions again, put there by an account with the rights that the documentation names', async () => {
    await using run = await temporaryContext()
    await source.run(['FUNCTION', 'LOAD', `#!lua name=mine\nredis.register_function('one', function() return 1 end)`])
    const { folder } = await save(run)
    const rights = '+info +ping +psync +sync +replconf +acl|dryrun ~* +select +restore +del +function'.split(' ')
    await target.run(['ACL', 'SETUSER', 'restorer', 'reset', 'on', '>secret', ...rights])
    const account = settingsOf(target, { user: 'restorer', password: 'secret' })
    await redisDriver.restore(account, folder, run.context)
    expect(await target.run(['FCALL', 'one', '0'])).toBe(1)
    await expect(redisDriver.restore(settingsOf(target), folder, run.context)).rejects.toMatchObject({
      code: 'RESTORE_TARGET_NOT_EMPTY',
      details: { holds: ['the function library mine'] },
    })
  })

  test('never replaces what is there', async () => {
    await using run = await temporaryContext()
    await source.run(['SET', 'a', 'old'])
    const { folder } = await save(run)
    await target.run(['SELECT', '3'], ['SET', 'a', 'new'])
    await expect(redisDriver.restore(settingsOf(target), folder, run.context)).rejects.toMatchObject({
      code: 'RESTORE_TARGET_NOT_EMPTY',
      details: { holds: ['1 keys in db3'] },
    })
    expect(await target.run(['SELECT', '3'], ['GET', 'a'])).toEqual(Buffer.from('new'))
  })

  test.each(['cut', 'changed in one byte', 'followed by nothing of Redis'])(
    'is not made of a copy that is %s',
    async (damage) => {
      await using run = await temporaryContext()
      await source.run(['EVAL', "for i = 1, 1000 do redis.call('SET', 'key ' .. i, 'value ' .. i) end", '0'])
      const { folder, file } = await save(run)
      const whole = await readFile(file)
      if (damage === 'cut') await truncate(file, whole.length - 100)
      else if (damage === 'changed in one byte') {
        whole.writeUInt8(whole.readUInt8(whole.length - 50) ^ 1, whole.length - 50)
        await writeFile(file, whole)
      } else await writeFile(file, 'Dear reader, this is not a database.')
      await expect(redisDriver.restore(settingsOf(target), folder, run.context)).rejects.toMatchObject({
        code: 'RESTORE_CONTENT_WRONG',
      })
      expect(await target.run(['DBSIZE'])).toBe(0)
    },
  )

  test('is taken back when the target refuses a key, except for what others put there', async () => {
    await using run = await temporaryContext()
    await source.run(['EVAL', "for i = 1, 5000 do redis.call('SET', 'key ' .. i, i) end", '0'], ['SELECT', '1'])
    await source.run(['SELECT', '1'], ['SET', 'taken', '1'], ['SET', 'free', '1'])
    const { folder } = await save(run)
    let interfering: Promise<unknown> = Promise.resolve()
    const log = (_: string, line: string) => {
      if (line.includes('loads the copy')) interfering = target.run(['SELECT', '1'], ['SET', 'taken', 'by another'])
    }
    const ctx = { ...run.context, log }
    const restoring = redisDriver.restore(settingsOf(target), folder, ctx)
    await expect(restoring).rejects.toMatchObject({
      code: 'RESTORE_TOOL_FAILED',
      details: { reason: expect.stringMatching(/^BUSYKEY/) },
    })
    await interfering
    expect(await target.run(['DBSIZE'])).toBe(0)
    expect(await target.run(['SELECT', '1'], ['DBSIZE'])).toBe(1)
    expect(await target.run(['SELECT', '1'], ['GET', 'taken'])).toEqual(Buffer.from('by another'))
  })

  test('is taken back when it is cancelled', async () => {
    await using run = await temporaryContext()
    await source.run(['EVAL', "for i = 1, 30000 do redis.call('SET', 'key ' .. i, i) end", '0'])
    const { folder } = await save(run)
    const cancel = new AbortController()
    let reports = 0
    const ctx = {
      ...run.context,
      signal: cancel.signal,
      progress: () => {
        reports += 1
        if (reports === 10) cancel.abort(new Error('cancelled by a test'))
      },
    }
    await expect(redisDriver.restore(settingsOf(target), folder, ctx)).rejects.toThrow('cancelled by a test')
    expect(reports).toBeGreaterThanOrEqual(10)
    expect(await target.run(['DBSIZE'])).toBe(0)
    expect(await run.scratchContent()).toEqual([])
  })

  test('is not begun with a file that is no single one', async () => {
    await using run = await temporaryContext()
    const folder = join(run.dir, 'two')
    await mkdir(folder)
    for (const name of ['a.rdb', 'b.rdb']) await writeFile(join(folder, name), 'REDIS0010')
    await expect(redisDriver.restore(settingsOf(target), folder, run.context)).rejects.toMatchObject({
      code: 'RESTORE_CONTENT_WRONG',
    })
  })
})
