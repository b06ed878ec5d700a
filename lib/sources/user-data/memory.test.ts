import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startChild } from '#lib/process/child.ts'
import { type PostgresServer, postgresMissing, startPostgresServer } from '#lib/testing/postgres-server.ts'

const ROWS = 2_000_000
const LIMIT_BYTES = 300_000_000
/** V8 collects young garbage late, and the later the busier the machine is: without this about 100 MB of it are measured too. */
const COLLECT_SOON = '--max-semi-space-size=8'

/** Runs an export in a process of its own and gives the most memory that it ever had. */
async function measure(settings: object, person: string | null) {
  let said = ''
  const child = await startChild({
    command: process.execPath,
    args: [COLLECT_SOON, fileURLToPath(new URL('./memory.fixture.ts', import.meta.url))],
    env: { NODE_NO_WARNINGS: '1', TMPDIR: process.env.TMPDIR ?? '/tmp' },
    stdin: 'pipe',
    onStdoutLine: (line) => {
      said = line
    },
  })
  child.stdin?.end(JSON.stringify({ settings, person }))
  const { code, stderr } = await child.exited
  expect(stderr).toBe('')
  expect(code).toBe(0)
  return JSON.parse(said) as { bytes: number; maxRssBytes: number }
}

const missing = await postgresMissing()
describe.skipIf(missing)(`Two million rows${missing ? ` (${missing})` : ''}`, () => {
  let server: PostgresServer
  let settings: object
  beforeAll(async () => {
    server = await startPostgresServer()
    await server.query(`CREATE UNLOGGED TABLE visits AS SELECT i AS id, 7 AS person, now() + i * interval '1 second' AS at,
      (i * 0.01)::numeric(38, 10) AS amount, md5(i::text) AS page, jsonb_build_object('n', i, 'agent', md5((i + 1)::text)) AS doc
      FROM generate_series(1, ${ROWS}) AS i`)
    const login = { user: 'postgres', password: server.password }
    const connection = { kind: 'postgres', host: '127.0.0.1', port: server.port, database: 'postgres', ...login }
    settings = { connection, exports: [{ name: 'visits', table: 'visits', personColumn: 'person' }] }
  })
  afterAll(() => server?.stop())

  test('of one person are sent as a ZIP with less than 300 MB of memory', { timeout: 600_000 }, async () => {
    const { bytes, maxRssBytes } = await measure(settings, '7')
    console.info(`${Math.round(maxRssBytes / 1e6)} MB for a ZIP of ${Math.round(bytes / 1e6)} MB`)
    expect(bytes).toBeGreaterThan(100_000_000)
    expect(maxRssBytes).toBeLessThan(LIMIT_BYTES)
  })

  test('of everybody are saved with less than 300 MB of memory', { timeout: 600_000 }, async () => {
    const { bytes, maxRssBytes } = await measure(settings, null)
    console.info(`${Math.round(maxRssBytes / 1e6)} MB for files of ${Math.round(bytes / 1e6)} MB`)
    expect(bytes).toBeGreaterThan(500_000_000)
    expect(maxRssBytes).toBeLessThan(LIMIT_BYTES)
  })
})
