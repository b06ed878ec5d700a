import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeCertificate } from '#lib/testing/certificates.ts'
import { type RedisServer, redisMissing, startRedisServer } from '#lib/testing/redis-server.ts'
import { describeSource } from '../conformance.ts'

const missing = redisMissing()
let server: RedisServer
let other: RedisServer
let encrypted: RedisServer
let certificates: string

const settingsOf = (at: RedisServer) => ({ host: '127.0.0.1', port: at.port, password: at.password })

async function fill(...commands: (string | Buffer)[][]) {
  await server.run(['FLUSHALL'], ['CONFIG', 'SET', 'rdb-key-save-delay', '0'], ...commands)
  return settingsOf(server)
}

const SOME = [
  ['SET', 'name', 'Ada'],
  ['HSET', 'person', 'name', 'Žofie'],
  ['SELECT', '5'],
  ['RPUSH', 'list', 'a', 'b'],
]
const MANY = `local filler = {} for i = 1, 1000 do filler[i] = string.char(33 + (i * 7919) % 90) end
  for i = 1, 40000 do redis.call('SET', 'key ' .. i, i .. table.concat(filler)) end`

describeSource('redis', {
  missing,
  start: async () => {
    server = await startRedisServer()
    other = await startRedisServer()
    certificates = await mkdtemp(join(tmpdir(), 'certificates-'))
    const [cert, key] = [join(certificates, 'cert.pem'), join(certificates, 'key.pem')]
    const made = await makeCertificate(['IP:127.0.0.1'])
    await writeFile(cert, made.certificate)
    await writeFile(key, made.key)
    const files = { 'tls-cert-file': cert, 'tls-key-file': key, 'tls-auth-clients': 'no' }
    encrypted = await startRedisServer((port) => ({ port: '0', 'tls-port': String(port), ...files }))
  },
  stop: async () => {
    await server.stop()
    await other.stop()
    await encrypted.stop()
    await rm(certificates, { recursive: true })
  },
  filled: () => fill(...SOME),
  odd: () =>
    fill(
      ['SET', 'with a break\nand "quotes" \'\r\n', ''],
      ['SET', Buffer.from([0, 255, 254, 10]), Buffer.from([0, 128, 255])],
      ['SET', '', 'the empty key'],
      ['HSET', '数据 ☂', '$(x)', '--option'],
    ),
  empty: () => fill(),
  gone: async () => ({ settings: { host: '127.0.0.1', port: 1 }, code: 'SOURCE_UNREACHABLE' }),
  big: async () => {
    const settings = await fill(['EVAL', MANY, '0'])
    await server.run(['CONFIG', 'SET', 'rdb-key-save-delay', '20'])
    return settings
  },
  elsewhere: async () => {
    await other.run(['FLUSHALL'])
    return { settings: settingsOf(other), seen: settingsOf(other) }
  },
  faults: {
    unreachable: async () => ({ ...settingsOf(server), port: 1 }),
    denied: async () => ({ ...settingsOf(server), password: 'wrong' }),
    withoutRights: async () => {
      await server.run(['ACL', 'SETUSER', 'clerk', 'reset', 'on', '>clerk', '~*', '+info', '+ping', '+acl|dryrun'])
      return { settings: { ...settingsOf(server), user: 'clerk', password: 'clerk' }, names: ['SYNC', 'REPLCONF'] }
    },
    tlsMismatch: async () => ({ ...settingsOf(encrypted), tls: 'verify-full' }), // signed by itself
    needsTool: true,
    oldTool: async (dir) => {
      await symlink('/usr/bin/redis-cli', join(dir, 'redis-check-rdb'))
      // Stands in for a client of an old package, which tells the package's version.
      await writeFile(join(dir, 'redis-cli'), '#!/bin/sh\necho redis-cli 4.0.14\n')
      await chmod(join(dir, 'redis-cli'), 0o755)
      return dir
    },
    killsDump: true,
    fillsScratch: true,
    crash: { kill: () => server.kill(), revive: () => server.restart() },
    freeze: { stop: async () => server.freeze(), go: async () => server.thaw() },
    named: (_dir, name) => fill(['SET', name, name], ['HSET', `${name} hash`, name, name]),
  },
})
