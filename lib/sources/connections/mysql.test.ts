import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '#lib/secrets/secret.ts'
import { type MariadbServer, mariadbMissing, startMariadbServer } from '#lib/testing/mariadb-server.ts'
import { type MysqlServer, withMysql } from './mysql.ts'

const missing = await mariadbMissing()

describe.skipIf(missing)('A connection to a MySQL server', () => {
  let server: MariadbServer
  let place: MysqlServer
  beforeAll(async () => {
    server = await startMariadbServer()
    const { port, user, password } = server
    place = { host: '127.0.0.1', port, user, password: new Secret(password), sslMode: 'prefer' }
  })
  afterAll(() => server.stop())

  const sessions = () =>
    server.query(`SELECT INFO FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT BENCHMARK%'`)

  test('ends its session when it is aborted, although the server is busy with its statement', async () => {
    const cancel = new AbortController()
    const working = withMysql(place, { signal: cancel.signal }, (client) =>
      client.rows(`SELECT BENCHMARK(1000000000000, MD5('for hours'))`),
    )
    while ((await sessions()).length === 0);
    cancel.abort(new Error('cancelled by a test'))
    await expect(working).rejects.toThrow('cancelled by a test')
    while ((await sessions()).length > 0);
  })

  test('is given up at once when it is aborted while a frozen server does not answer', async () => {
    server.freeze()
    try {
      for (const afterMs of [0, 1, 100]) {
        const cancel = new AbortController()
        const working = withMysql(place, { signal: cancel.signal }, (client) => client.rows('SELECT 1'))
        setTimeout(() => cancel.abort(new Error('cancelled by a test')), afterMs)
        await expect(working).rejects.toThrow('cancelled by a test')
      }
    } finally {
      server.thaw()
    }
  })

  test('gives numbers that are too large for a number as text', async () => {
    const { signal } = new AbortController()
    const rows = await withMysql(place, { signal }, (client) =>
      client.rows('SELECT ? AS text, 9007199254740993 AS big, 5 AS small', ["'; DROP"]),
    )
    expect(rows).toEqual([{ text: "'; DROP", big: '9007199254740993', small: 5 }])
  })
})
