import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type PostgresServer, postgresMissing, startPostgresServer } from '#lib/testing/postgres-server.ts'
import { describeSource, type SourceFixture } from '../conformance.ts'
import { type TemporaryContext, temporaryContext } from '../conformance-context.ts'
import { saveCopy } from '../conformance-copy.ts'
import { userDataDriver } from './driver.ts'
import { userDataSettings } from './settings.ts'

const missing = await postgresMissing()
let server: PostgresServer
let databases = 0

if (missing === null) {
  beforeAll(async () => {
    server = await startPostgresServer()
  })
  afterAll(() => server.stop())
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

async function inPostgres(sql: string, database = `made_${++databases}`) {
  await server.query(`CREATE DATABASE ${quoted(database)}`)
  await server.query(sql, database)
  const login = { user: 'postgres', password: server.password }
  return { kind: 'postgres', host: '127.0.0.1', port: server.port, database, ...login }
}

async function inSqlite(path: string, sql: string) {
  await mkdir(dirname(path), { recursive: true })
  const database = new DatabaseSync(path)
  database.exec(sql)
  database.close()
  return { kind: 'sqlite', path }
}

/** Loaded into the tables of another database. */
const into =
  (make: (dir: string) => Promise<object>): SourceFixture['elsewhere'] =>
  async (raw, dir) => {
    const settings = { ...raw, connection: await make(dir) }
    return { settings, seen: settings }
  }
/** One table whose name is that of the database, or of its file, as well. */
const peopleIn = (table: string) => PEOPLE.replaceAll('people', quoted(table))
const exportsOf = (table: string) => [{ name: 'people', table }]
const PEOPLE = `CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT);
  INSERT INTO people VALUES (1, 'Ada'), (2, 'Žofie'), (3, NULL), (4, '')`
const people = [
  { name: 'people', table: 'people' },
  { name: 'named', query: 'SELECT name FROM people WHERE name IS NOT NULL -- only these' },
]
const ODD = `CREATE TABLE "tä ""ble"" of
mine" ("a, b" TEXT, "c""d" TEXT); INSERT INTO "tä ""ble"" of
mine" VALUES ('1, 2', 'line
break "quoted" ' || '\u2028')`
const odd = [{ name: 'odd', table: 'tä "ble" of\nmine' }]

describeSource(
  'user-data',
  {
    filled: async (dir) => ({ connection: await inSqlite(join(dir, 'a.db'), PEOPLE), exports: people }),
    odd: async (dir) => ({ connection: await inSqlite(join(dir, 'o "d', 'ä\n.db'), ODD), exports: odd }),
    empty: async (dir) => ({
      connection: await inSqlite(join(dir, 'a.db'), 'CREATE TABLE people (id INTEGER)'),
      exports: [people[0]],
    }),
    gone: async (dir) => ({
      settings: { connection: { kind: 'sqlite', path: join(dir, 'gone.db') }, exports: people },
      code: 'PATH_NOT_FOUND',
    }),
    big: async (dir) => ({
      connection: await inSqlite(join(dir, 'a.db'), 'CREATE TABLE t (id INTEGER)'),
      exports: [
        { name: 'many', query: 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n' },
      ],
    }),
    elsewhere: into((dir) => inSqlite(join(dir, 'new.db'), '')),
    faults: {
      unreachable: null, // a file that is not there is “gone”
      denied: null, // it has no accounts
      withoutRights: null,
      tlsMismatch: null,
      needsTool: false,
      oldTool: null,
      killsDump: true,
      fillsScratch: true,
      crash: null,
      freeze: null,
      named: async (dir, name) => ({
        connection: await inSqlite(join(dir, name), peopleIn(name)),
        exports: exportsOf(name),
      }),
    },
  },
  ' from SQLite',
)

describeSource(
  'user-data',
  {
    missing,
    filled: async () => ({ connection: await inPostgres(PEOPLE), exports: people }),
    odd: async () => ({ connection: await inPostgres(ODD), exports: odd }),
    empty: async () => ({ connection: await inPostgres('CREATE TABLE people (id int)'), exports: [people[0]] }),
    gone: async () => ({
      settings: { connection: { ...(await inPostgres('')), port: 1 }, exports: people },
      code: 'SOURCE_UNREACHABLE',
    }),
    big: async () => ({
      connection: await inPostgres(''),
      exports: [{ name: 'many', query: 'SELECT generate_series(1, 1000000000) AS i' }],
    }),
    elsewhere: into(() => inPostgres('')),
    faults: {
      unreachable: async () => ({ connection: { ...(await inPostgres('')), port: 1 }, exports: people }),
      denied: async () => ({ connection: { ...(await inPostgres('')), password: 'wrong' }, exports: people }),
      withoutRights: async () => {
        const user = `reader_${databases}`
        const connection = await inPostgres(`${PEOPLE}; CREATE SCHEMA "c losed"; CREATE TABLE "c losed".one (id int);
          CREATE TABLE two (id int); CREATE ROLE ${user} LOGIN PASSWORD 'x'; GRANT SELECT ON people TO ${user}`)
        const exports = [...people, { name: 'one', table: 'c losed.one' }, { name: 'two', query: 'SELECT * FROM two' }]
        return {
          settings: { connection: { ...connection, user, password: 'x' }, exports },
          names: ['c losed.one'],
        }
      },
      tlsMismatch: async () => ({ connection: { ...(await inPostgres('')), sslMode: 'require' }, exports: people }),
      needsTool: false,
      oldTool: null,
      killsDump: false,
      fillsScratch: true,
      crash: {
        kill: () => server.kill(),
        revive: async () => {
          await server.stop()
          server = await startPostgresServer()
        },
      },
      freeze: { stop: () => server.freeze(), go: () => server.thaw() },
      named: async (_dir, name) => ({
        connection: await inPostgres(peopleIn(name), name),
        exports: exportsOf(name),
      }),
    },
  },
  ' from PostgreSQL',
)

/** Saves, and reads a file of what was saved. */
async function save(run: TemporaryContext, raw: unknown) {
  const folder = join(run.dir, 'saved')
  await saveCopy(await userDataDriver.open(userDataDriver.settings.parse(raw), run.context), folder)
  return { folder, read: (file: string) => readFile(join(folder, run.context.scratch, file), 'utf8') }
}

test('A restore below a folder brings the files, and changes no table', async () => {
  await using run = await temporaryContext()
  const raw = { connection: await inSqlite(join(run.dir, 'a.db'), PEOPLE), exports: people }
  const { folder } = await save(run, raw)
  const target = join(run.dir, 'target')
  const { inventory } = await userDataDriver.restore(userDataDriver.settings.parse(raw), folder, run.context, target)
  expect(inventory.tables).toEqual({ people: 4, named: 3 })
  expect((await readdir(target)).sort()).toEqual([
    'manifest.json',
    'named.csv',
    'named.ndjson',
    'people.csv',
    'people.ndjson',
  ])
})

test('SQLite values stay exact, and NULL differs from an empty text', async () => {
  await using run = await temporaryContext()
  const connection = await inSqlite(
    join(run.dir, 'a.db'),
    `CREATE TABLE t (id INTEGER, price REAL, text TEXT, bytes BLOB);
     INSERT INTO t VALUES (9223372036854775807, 2.0, NULL, x'00ff'), (-1, 0.1, '', NULL), (0, 1e300, 'a "b", c', x'')`,
  )
  const { read } = await save(run, { connection, exports: [{ name: 't', table: 't' }] })
  expect((await read('t.csv')).split('\n')).toEqual([
    'id,price,text,bytes',
    '9223372036854775807,2.0,,\\x00ff',
    '-1,0.1,"",',
    '0,1e+300,"a ""b"", c",\\x',
    '',
  ])
  expect((await read('t.ndjson')).split('\n')).toEqual([
    '{"id":9223372036854775807,"price":2.0,"text":null,"bytes":{"blob":"00ff"}}',
    '{"id":-1,"price":0.1,"text":"","bytes":null}',
    '{"id":0,"price":1e+300,"text":"a \\"b\\", c","bytes":{"blob":""}}',
    '',
  ])
  const manifest = JSON.parse(await read('manifest.json'))
  expect(manifest.snapshotAt).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  expect(manifest.exports[0]).toMatchObject({ rows: 3, columns: [{ name: 'id', type: 'INTEGER' }, {}, {}, {}] })
})

test('A changed, cut or missing file is found before anything is brought back', async () => {
  await using run = await temporaryContext()
  const raw = { connection: await inSqlite(join(run.dir, 'a.db'), PEOPLE), exports: people }
  const { folder } = await save(run, raw)
  const file = join(folder, run.context.scratch, 'people.csv')
  const whole = await readFile(file, 'utf8')
  const target = join(run.dir, 'target')
  for (const content of [whole.replace('Ada', 'Eve'), whole.slice(0, 9)]) {
    await writeFile(file, content)
    const restoring = userDataDriver.restore(userDataDriver.settings.parse(raw), folder, run.context, target)
    await expect(restoring).rejects.toMatchObject({ code: 'RESTORE_CONTENT_WRONG' })
  }
  await expect(readFile(join(target, 'manifest.json'))).rejects.toThrow('ENOENT')
})

test('A query that fails is named, and leaves nothing behind', async () => {
  await using run = await temporaryContext()
  const connection = await inSqlite(join(run.dir, 'a.db'), PEOPLE)
  const settings = userDataSettings.parse({ connection, exports: [...people, { name: 'wrong', table: 'nowhere' }] })
  await expect(userDataDriver.open(settings, run.context)).rejects.toMatchObject({
    code: 'SOURCE_QUERY_FAILED',
    details: { name: 'wrong' },
  })
  expect(await run.scratchContent()).toEqual([])
})

describe.skipIf(missing)('User data from PostgreSQL', () => {
  test('names every table that is closed to the account before it is saved, and what would open it', async () => {
    await using run = await temporaryContext()
    const connection = await inPostgres(`${PEOPLE}; CREATE TABLE a (id int); CREATE SCHEMA s; CREATE TABLE s.b (id int);
      CREATE TABLE c (id int); CREATE ROLE nobody_much LOGIN PASSWORD 'x'; GRANT SELECT ON people TO nobody_much`)
    const exports = [
      ...people,
      { name: 'a', table: 'a', personColumn: 'id' },
      { name: 'b', table: 's.b' },
      { name: 'c', query: 'SELECT * FROM c' },
    ]
    const settings = userDataSettings.parse({
      connection: { ...connection, user: 'nobody_much', password: 'x' },
      exports,
    })
    await expect(userDataDriver.probe(settings, run.context)).rejects.toMatchObject({
      code: 'SOURCE_RIGHTS_MISSING',
      details: {
        missing: [
          expect.stringContaining('table a '),
          expect.stringContaining('table s.b '),
          expect.stringContaining('“c” reads (permission denied for table c)'),
        ],
        grant: expect.stringContaining('GRANT USAGE ON SCHEMA "s" TO "nobody_much"; GRANT SELECT ON "s"."b" TO'),
      },
    })
  })

  test('stays exact, and NULL differs from an empty text', async () => {
    await using run = await temporaryContext()
    const connection = await inPostgres(
      `SET TimeZone = 'Europe/Berlin'; CREATE SCHEMA app;
       CREATE TABLE app.t (id bigint, price numeric(30, 12), at timestamptz, text text, bytes bytea, doc json);
       INSERT INTO app.t VALUES (9223372036854775807, 12345678901234567.123456789012, '2026-01-02 03:04:05.123456+01', NULL,
         '\\x00ff', E'{"a":\\n 1.10}'), (NULL, NULL, NULL, '', NULL, NULL)`,
    )
    const { read } = await save(run, { connection, exports: [{ name: 't', table: 'app.t' }] })
    expect((await read('t.csv')).split('\n')).toEqual([
      'id,price,at,text,bytes,doc',
      '9223372036854775807,12345678901234567.123456789012,2026-01-02 02:04:05.123456+00,,\\x00ff,"{""a"":',
      ' 1.10}"',
      ',,,"",,',
      '',
    ])
    expect((await read('t.ndjson')).split('\n')).toEqual([
      '{"id":9223372036854775807,"price":12345678901234567.123456789012,"at":"2026-01-02T02:04:05.123456+00:00","text":null,"bytes":"\\\\x00ff","doc":{"a":  1.10}}',
      '{"id":null,"price":null,"at":null,"text":"","bytes":null}',
      '',
    ])
    const { columns } = JSON.parse(await read('manifest.json')).exports[0]
    expect(columns[1]).toEqual({ name: 'price', type: 'numeric(30,12)' })
  })

  test('is all from one moment while another session writes', async () => {
    await using run = await temporaryContext()
    const connection = await inPostgres('CREATE TABLE a (n int); CREATE TABLE b (n int)')
    let going = true
    const writing = (async () => {
      while (going)
        await server.query('BEGIN; INSERT INTO a VALUES (1); INSERT INTO b VALUES (1); COMMIT', connection.database)
    })()
    try {
      const slow = { name: 'slow', query: 'SELECT pg_sleep(0.5)::text AS s' }
      const exports = [{ name: 'a', table: 'a' }, slow, { name: 'b', table: 'b' }]
      const { read } = await save(run, { connection, exports })
      const [a, , b] = JSON.parse(await read('manifest.json')).exports
      expect(a.rows).toBe(b.rows)
    } finally {
      going = false
      await writing
    }
    const [now] = await server.query('SELECT count(*)::int AS n FROM a', connection.database)
    expect(now?.n, 'the writer did write').toBeGreaterThan(1)
  })

  test('cannot be changed by a query, whatever it is', async () => {
    await using run = await temporaryContext()
    const connection = await inPostgres(
      `${PEOPLE}; CREATE FUNCTION wipe() RETURNS int LANGUAGE sql AS 'DELETE FROM people RETURNING 1'`,
    )
    for (const query of ['SELECT wipe()', 'WITH d AS (DELETE FROM people RETURNING 1) SELECT * FROM d']) {
      const settings = userDataSettings.parse({ connection, exports: [{ name: 'evil', query }] })
      await expect(userDataDriver.open(settings, run.context)).rejects.toMatchObject({
        code: 'SOURCE_QUERY_FAILED',
        details: { name: 'evil' },
      })
    }
    const [left] = await server.query('SELECT count(*)::int AS n FROM people', connection.database)
    expect(left?.n).toBe(4)
  })

  test('leaves no query running on the server when it is cancelled before the first row', async () => {
    await using run = await temporaryContext()
    const connection = await inPostgres('')
    const settings = userDataSettings.parse({
      connection,
      exports: [{ name: 'slow', query: 'SELECT pg_sleep(3600)::text' }],
    })
    const cancel = new AbortController()
    const opening = userDataDriver.open(settings, { ...run.context, signal: cancel.signal })
    const sleeping = async () => {
      const [row] = await server.query(
        `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = '${connection.database}' AND wait_event = 'PgSleep'`,
      )
      return Number(row?.n)
    }
    await expect.poll(sleeping, { timeout: 20_000 }).toBe(1)
    cancel.abort(new Error('cancelled by a test'))
    await expect(opening).rejects.toThrow('cancelled by a test')
    expect(await run.scratchContent()).toEqual([])
    await expect.poll(sleeping, { timeout: 20_000 }).toBe(0)
  })

  test('refuses two columns of one name', async () => {
    await using run = await temporaryContext()
    const exports = [{ name: 'twice', query: 'SELECT 1 AS a, 2 AS a' }]
    const settings = userDataSettings.parse({ connection: await inPostgres(''), exports })
    await expect(userDataDriver.open(settings, run.context)).rejects.toMatchObject({ code: 'SOURCE_QUERY_FAILED' })
  })
})
