import { expect, it } from 'vitest'
import { serverOf } from './server-of.ts'

it.each([
  ['postgres', { host: 'DB.example.org', port: 5432, database: 'shop' }, 'db.example.org:5432'],
  ['mysql', { host: 'db.example.org', port: 3306 }, 'db.example.org:3306'],
  ['redis', { host: '/run/redis.sock', port: 6379 }, '/run/redis.sock:6379'],
  ['user-data', { connection: { kind: 'postgres', host: 'db.example.org', port: 5432 } }, 'db.example.org:5432'],
  ['user-data', { connection: { kind: 'sqlite', path: '/srv/shop.sqlite' } }, null],
  ['s3', { endpoint: 'https://s3.example.org', bucket: 'uploads' }, 'https://s3.example.org'],
  ['s3', { endpoint: '', bucket: 'uploads' }, null],
  ['files', { paths: ['/srv'] }, null],
  ['no kind of this version', { host: 'db.example.org', port: 1 }, null],
  ['postgres', null, null],
])('the server of %s %j is %s', (kind, settings, server) => {
  expect(serverOf(kind, settings)).toBe(server)
})
