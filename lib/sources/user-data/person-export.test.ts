import { createHash } from 'node:crypto'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type PostgresServer, postgresMissing, startPostgresServer } from '#lib/testing/postgres-server.ts'
import { type TemporaryContext, temporaryContext } from '../conformance-context.ts'
import { exportPerson } from './person-export.ts'
import { userDataSettings } from './settings.ts'
import { readZip } from './zip.fixture.ts'

const SHOP = `CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, note TEXT);
  INSERT INTO people VALUES (1, 'Ada', NULL), (2, 'Žofie', ''), (42, 'Eve', '=1+1');
  CREATE TABLE orders (id INTEGER PRIMARY KEY, person INTEGER, item TEXT);
  INSERT INTO orders VALUES (10, 1, 'pen'), (11, 2, 'ink'), (12, 1, 'a "book"'), (13, 2, '☂');
  CREATE TABLE settings (name TEXT, value TEXT)`
const exports = [
  { name: 'person', table: 'people', personColumn: 'id' },
  { name: 'orders', query: 'SELECT * FROM orders', personQuery: 'SELECT * FROM orders WHERE person = :userId -- mine' },
  { name: 'settings', table: 'settings' },
]

function inSqlite(run: TemporaryContext, sql = SHOP) {
  const path = join(run.dir, 'shop.db')
  const database = new DatabaseSync(path)
  database.exec(sql)
  database.close()
  return { kind: 'sqlite', path }
}

async function zipOf(run: TemporaryContext, raw: unknown, person: string) {
  const entries = readZip(await buffer(await exportPerson(userDataSettings.parse(raw), person, run.context)))
  const manifest = JSON.parse(entries.get('manifest.json')?.toString() ?? '')
  for (const part of [
    ...manifest.exports.flatMap((one: { csv: object; ndjson: object }) => [one.csv, one.ndjson]),
    ...manifest.files,
  ]) {
    const content = entries.get(part.file) as Buffer
    expect({ bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') }).toEqual({
      bytes: part.bytes,
      sha256: part.sha256,
    })
  }
  return { entries, manifest, text: (file: string) => entries.get(file)?.toString() }
}

const refused = (run: TemporaryContext, raw: unknown, person: string) =>
  expect(exportPerson(userDataSettings.parse(raw), person, run.context)).rejects

async function withFiles(run: TemporaryContext) {
  const uploads = join(run.dir, 'uploads')
  await mkdir(join(uploads, '1/deep'), { recursive: true })
  await mkdir(join(uploads, '2'))
  await writeFile(join(uploads, '1/a.txt'), 'of Ada')
  await writeFile(join(uploads, '1/deep/back\\slash 100%.bin'), Buffer.from([0, 1, 255]))
  await writeFile(Buffer.concat([Buffer.from(join(uploads, '1/')), Buffer.from([0xff])]), 'not UTF-8')
  await writeFile(join(uploads, '2/b.txt'), 'of Žofie')
  await symlink('/etc/passwd', join(uploads, '1/link'))
  return { uploads, files: [{ name: 'uploads', path: `${uploads}/{userId}` }] }
}

test('The ZIP holds the rows of the person in both forms, and the manifest last', async () => {
  await using run = await temporaryContext()
  const { entries, manifest, text } = await zipOf(run, { connection: inSqlite(run), exports }, '1')
  expect([...entries.keys()]).toEqual(['person.csv', 'person.ndjson', 'orders.csv', 'orders.ndjson', 'manifest.json'])
  expect(text('person.csv')).toBe('id,name,note\n1,Ada,\n')
  expect(text('orders.csv')).toBe('id,person,item\n10,1,pen\n12,1,"a ""book"""\n')
  expect(text('orders.ndjson')).toBe('{"id":10,"person":1,"item":"pen"}\n{"id":12,"person":1,"item":"a \\"book\\""}\n')
  expect(manifest).toMatchObject({
    person: '1',
    leftOut: ['settings'],
    exports: [
      { name: 'person', table: 'people', rows: 1 },
      { name: 'orders', table: null, rows: 2 },
    ],
  })
})

test('An id is bound, never spliced: one that is SQL finds nobody', async () => {
  await using run = await temporaryContext()
  const byColumn = [exports[0], { name: 'orders', table: 'orders', personColumn: 'person' }]
  const raw = { connection: inSqlite(run), exports: byColumn }
  for (const id of ["1' OR '1'='1", '1 OR 1=1', '1; DROP TABLE people', '01', '1.0', ' 1', '+1', '3', ''])
    await refused(run, raw, id).toMatchObject({ code: 'USER_DATA_PERSON_UNKNOWN' })
  expect((await zipOf(run, raw, '2')).manifest.exports[1].rows).toBe(2)
})

test('A person who has rows in one export only is there, with empty files for the others', async () => {
  await using run = await temporaryContext()
  const { text } = await zipOf(run, { connection: inSqlite(run), exports }, '42')
  expect(text('orders.csv')).toBe('id,person,item\n')
  expect(text('orders.ndjson')).toBe('')
  expect(text('person.csv')).toBe('id,name,note\n42,Eve,=1+1\n')
})

test('Values that a spreadsheet takes for formulas are changed only where that is asked for', async () => {
  await using run = await temporaryContext()
  const raw = { connection: inSqlite(run), exports, spreadsheetSafe: true }
  const { text, manifest } = await zipOf(run, raw, '42')
  expect(text('person.csv')).toBe("id,name,note\n42,Eve,'=1+1\n")
  expect(text('person.ndjson')).toContain('"note":"=1+1"')
  expect(manifest.spreadsheetSafe).toBe(true)
})

test('A source that says of nothing whose it is has no export of a person', async () => {
  await using run = await temporaryContext()
  const raw = { connection: inSqlite(run), exports: [{ name: 'settings', table: 'settings' }] }
  await refused(run, raw, '1').toMatchObject({ code: 'USER_DATA_NOT_PER_PERSON' })
})

test('Files of the person come along, and nothing behind a symlink', async () => {
  await using run = await temporaryContext()
  const { files } = await withFiles(run)
  const { entries, manifest, text } = await zipOf(run, { connection: inSqlite(run), exports, files }, '1')
  expect([...entries.keys()].filter((name) => name.startsWith('files/'))).toEqual([
    'files/uploads/a.txt',
    'files/uploads/deep/back%5Cslash 100%25.bin',
    'files/uploads/%FF',
  ])
  expect([...entries.keys()].at(-1)).toBe('manifest.json')
  expect(text('files/uploads/a.txt')).toBe('of Ada')
  expect(manifest.filesLeftOut).toEqual([{ file: 'files/uploads/link', because: 'a symbolic link' }])
})

test('A person with files and no rows is there', async () => {
  await using run = await temporaryContext()
  const { uploads, files } = await withFiles(run)
  await mkdir(join(uploads, '77'))
  await writeFile(join(uploads, '77/only.txt'), 'x')
  expect((await zipOf(run, { connection: inSqlite(run), exports, files }, '77')).manifest.files).toHaveLength(1)
  await refused(run, { connection: inSqlite(run, ''), exports, files }, '78').toMatchObject({
    code: 'USER_DATA_PERSON_UNKNOWN',
  })
})

test.each(['..', '.', '../2', '2/../1', 'a/b', 'a\\b', 'a\0b', 'x'.repeat(256)])(
  'The id %j never becomes a path',
  async (id) => {
    await using run = await temporaryContext()
    const { files } = await withFiles(run)
    await refused(run, { connection: inSqlite(run), exports, files }, id).toMatchObject({ code: 'INPUT_INVALID' })
  },
)

test('A person’s folder that leads out of the storage roots is refused', async () => {
  await using run = await temporaryContext()
  const { uploads, files } = await withFiles(run)
  await symlink('/etc', join(uploads, '42'))
  const raw = { connection: inSqlite(run), exports, files }
  await refused(run, raw, '42').toMatchObject({ code: 'PATH_NOT_ALLOWED' })
  await refused(run, { ...raw, files: [{ name: 'etc', path: '/etc/{userId}' }] }, '1').toMatchObject({
    code: 'PATH_NOT_ALLOWED',
  })
})

test('A folder of files that is not mounted is not taken for a person without files', async () => {
  await using run = await temporaryContext()
  const files = [{ name: 'gone', path: join(run.dir, 'gone/{userId}') }]
  await refused(run, { connection: inSqlite(run), exports, files }, '1').toMatchObject({ code: 'PATH_NOT_FOUND' })
})

test('An error in mid-stream breaks it: what came of it is no ZIP', async () => {
  await using run = await temporaryContext()
  const rows = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT i FROM n'
  const personQuery = `SELECT CASE WHEN i = 300000 THEN json('{') ELSE randomblob(9) END AS v FROM (${rows}) WHERE :userId`
  const raw = { connection: inSqlite(run), exports: [{ name: 'late', query: 'SELECT 1', personQuery }] }
  const zip = await exportPerson(userDataSettings.parse(raw), '1', run.context)
  const chunks: Buffer[] = []
  const reading = (async () => {
    for await (const chunk of zip) chunks.push(chunk)
  })()
  await expect(reading).rejects.toMatchObject({ code: 'SOURCE_QUERY_FAILED', details: { name: 'late' } })
  expect(chunks.length, 'the fault came in mid-stream').toBeGreaterThan(1)
  expect(() => readZip(Buffer.concat(chunks))).toThrow('the ZIP is cut')
})

test('A query that gives other rows when it is asked again breaks the stream', async () => {
  await using run = await temporaryContext()
  const rows = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT i FROM n'
  const personQuery = `SELECT i FROM (${rows}) WHERE random() % 2 = 0 AND :userId = '1'`
  const raw = { connection: inSqlite(run), exports: [{ name: 'chance', query: 'SELECT 1', personQuery }] }
  const outcomes = await Promise.allSettled(Array.from({ length: 3 }, () => zipOf(run, raw, '1')))
  expect(outcomes.some((one) => one.status === 'rejected' && one.reason.code === 'SOURCE_QUERY_FAILED')).toBe(true)
})

const missing = await postgresMissing()
describe.skipIf(missing)('From PostgreSQL', () => {
  let server: PostgresServer
  const connection = (more = {}) => ({
    ...{ kind: 'postgres', host: '127.0.0.1', port: server.port, database: 'postgres' },
    ...{ user: 'postgres', password: server.password },
    ...more,
  })
  beforeAll(async () => {
    server = await startPostgresServer()
    await server.query(`${SHOP}; CREATE TABLE keyed (id uuid, "from" text);
      INSERT INTO keyed VALUES ('6f9619ff-8b86-d011-b42d-00cf4fc964ff', 'x')`)
  })
  afterAll(() => server?.stop())

  test('the rows are the person’s', async () => {
    await using run = await temporaryContext()
    const { text, manifest } = await zipOf(run, { connection: connection(), exports }, '1')
    expect(text('orders.csv')).toBe('id,person,item\n10,1,pen\n12,1,"a ""book"""\n')
    expect(text('person.ndjson')).toBe('{"id":1,"name":"Ada","note":null}\n')
    expect(manifest.exports[0].columns[0]).toEqual({ name: 'id', type: 'integer' })
  })

  test('an id of another type, or in another writing, is refused with the reason', async () => {
    await using run = await temporaryContext()
    const raw = { connection: connection(), exports }
    await refused(run, raw, '3').toMatchObject({ code: 'USER_DATA_PERSON_UNKNOWN' })
    for (const id of ['01', ' 1', 'Ada', '1 OR 1=1', "1'; DROP TABLE people", '99999999999999999999'])
      await refused(run, raw, id).toMatchObject({ code: 'INPUT_INVALID' })
    const keyed = { connection: connection(), exports: [{ name: 'keyed', table: 'keyed', personColumn: 'id' }] }
    const id = '6f9619ff-8b86-d011-b42d-00cf4fc964ff'
    await refused(run, keyed, id.toUpperCase()).toThrow(id)
    expect((await zipOf(run, keyed, id)).text('keyed.csv')).toBe(`id,from\n${id},x\n`)
  })

  const sessions = async () => {
    const [row] = await server.query(
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'system-backup-trigger'`,
    )
    return Number(row?.n)
  }
  const big = 'SELECT i, repeat(md5(i::text), 20) AS t FROM generate_series(1, 500000) AS i WHERE :userId = 1'
  const long = () => ({ connection: connection(), exports: [{ name: 'big', query: 'SELECT 1', personQuery: big }] })

  test('a reader that goes away ends the work and the session', async () => {
    await using run = await temporaryContext()
    const zip = await exportPerson(userDataSettings.parse(long()), '1', run.context)
    for await (const _ of zip) break
    await expect.poll(sessions, { timeout: 20_000 }).toBe(0)
  })

  test('a reader that takes nothing is waited for, and a cancel breaks the stream', async () => {
    await using run = await temporaryContext()
    const cancel = new AbortController()
    let written = 0
    const progress = (bytes: number) => {
      written = bytes
    }
    const ctx = { ...run.context, signal: cancel.signal, progress }
    const zip = await exportPerson(userDataSettings.parse(long()), '1', ctx)
    await expect.poll(() => written).toBeGreaterThan(0)
    let before = -1
    const stands = () => {
      const same = before === written
      before = written
      return same
    }
    await expect.poll(stands, { interval: 300, timeout: 20_000 }).toBe(true)
    expect(written, 'of 350 MB').toBeLessThan(20_000_000)
    cancel.abort(new Error('cancelled by a test'))
    await expect(buffer(zip)).rejects.toThrow('cancelled by a test')
    await expect.poll(sessions, { timeout: 20_000 }).toBe(0)
  })

  test('a session that the server ends breaks the stream', async () => {
    await using run = await temporaryContext()
    const zip = await exportPerson(userDataSettings.parse(long()), '1', run.context)
    await server.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'system-backup-trigger'`,
    )
    await expect(buffer(zip)).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
  })
})
