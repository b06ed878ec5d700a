import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type PostgresServer, postgresMissing, startPostgresServer } from '#lib/testing/postgres-server.ts'
import { type TemporaryContext, temporaryContext } from '../conformance-context.ts'
import { saveCopy } from '../conformance-copy.ts'
import { userDataDriver } from './driver.ts'

const parse = (raw: unknown) => userDataDriver.settings.parse(raw)

/** Saves one source and loads it into another. */
async function move(run: TemporaryContext, from: { connection: object; exports: object[] }, to: object, safe: boolean) {
  const folder = join(run.dir, 'saved')
  const settings = { ...from, spreadsheetSafe: safe }
  await saveCopy(await userDataDriver.open(parse(settings), run.context), folder)
  return { folder, receipt: await userDataDriver.restore(parse({ ...settings, connection: to }), folder, run.context) }
}

const forms: [string, boolean][] = [
  ['CSV', false],
  ['NDJSON', true],
]

describe('SQLite', () => {
  async function database(path: string, sql = '') {
    await mkdir(dirname(path), { recursive: true })
    const opened = new DatabaseSync(path)
    opened.exec(sql)
    opened.close()
    return { kind: 'sqlite', path }
  }
  /** Type and bytes of every value. */
  function content({ path }: { path: string }, table = 't', order = 'rowid') {
    const opened = new DatabaseSync(path, { readOnly: true })
    const columns = opened.prepare(`SELECT * FROM "${table}"`).columns()
    const values = columns.map((c) => `typeof("${c.name}") || hex(CAST("${c.name}" AS BLOB)) || quote("${c.name}")`)
    const rows = opened.prepare(`SELECT ${values.join(", ' | ', ")} FROM "${table}" ORDER BY ${order}`).all()
    opened.close()
    return { columns: columns.map(({ name, type }) => [name, type]), rows: rows.map((row) => Object.values(row)) }
  }
  const TABLE =
    'CREATE TABLE t (id INTEGER PRIMARY KEY, price REAL, "te xt" TEXT, bytes BLOB, odd NUMERIC(10, 2), "--" VARCHAR(20))'
  const PURE = `${TABLE}; INSERT INTO t VALUES
    (9223372036854775807, 2.0, NULL, x'00ff', 1, '\\.'),
    (-9223372036854775808, 0.1, '', NULL, NULL, '=1+1'),
    (1, -0.0, 'a "b", c', x'', 3, ' spaces '),
    (2, 9e999, 'line' || char(10) || 'break' || char(13) || ' ☂ 🎉', x'22', 4, '\\x00'),
    (3, -9e999, char(0) || 'nul', x'0a', 5, '"'),
    (4, 1e300, '${'x'.repeat(200_000)}', NULL, NULL, '🎉' || char(8232)),
    (5, 1.7976931348623157e308, '007', NULL, NULL, '1.50'),
    (6, 5e-324, 'NULL', NULL, NULL, NULL)`
  const MIXED = `${TABLE}; INSERT INTO t VALUES (1, 'text', '1', 1, 'a', 1), (2, 2, '2.0', 2.0, 2.5, x'31'),
    (3, NULL, x'31', '{"blob":"00"}', 7, '{"blob":"00"}'), (4, x'00', 'x', 'x', x'00', NULL)`

  test.each([
    ...forms.map(([form, safe]) => [form, safe, PURE] as const),
    ['values of several types', false, MIXED] as const,
  ])('comes back value for value from %s', async (_form, safe, sql) => {
    await using run = await temporaryContext()
    const connection = await database(join(run.dir, 'from.db'), sql)
    const to = { kind: 'sqlite', path: join(run.dir, 'new.db') }
    const { receipt } = await move(run, { connection, exports: [{ name: 't', table: 't' }] }, to, safe)
    expect(receipt.inventory.tables).toEqual({ t: content(connection).rows.length })
    expect(content(to, 't', 'id')).toEqual(content(connection, 't', 'id'))
  })

  test('comes back where one column is all there is, whatever is in it', async () => {
    await using run = await temporaryContext()
    const values = `('\\.'), (char(13)), (NULL), (''), ('a' || char(10) || '\\.' || char(10) || 'b'), (' '), (','), ('last')`
    const connection = await database(
      join(run.dir, 'from.db'),
      `CREATE TABLE t (a TEXT); INSERT INTO t VALUES ${values}`,
    )
    const to = { kind: 'sqlite', path: join(run.dir, 'new.db') }
    await move(run, { connection, exports: [{ name: 't', table: 't' }] }, to, false)
    expect(content(to)).toEqual(content(connection))
  })

  test('goes into tables that exist, with their keys, generated columns and foreign keys', async () => {
    await using run = await temporaryContext()
    const schema = `CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL REFERENCES parent (id),
        twice INTEGER GENERATED ALWAYS AS (id * 2));
      CREATE TABLE parent (id INTEGER PRIMARY KEY)`
    const rows = 'INSERT INTO parent VALUES (1); INSERT INTO child (id, parent) VALUES (10, 1)'
    const connection = await database(join(run.dir, 'from.db'), `${schema}; ${rows}`)
    const to = await database(join(run.dir, 'to.db'), schema)
    const exports = ['child', 'parent'].map((table) => ({ name: table, table }))
    await move(run, { connection, exports }, to, false)
    for (const table of ['child', 'parent']) expect(content(to, table)).toEqual(content(connection, table))
  })

  test('goes into no table that holds something, and leaves no new one', async () => {
    await using run = await temporaryContext()
    const connection = await database(join(run.dir, 'from.db'), `${PURE}; CREATE TABLE u (id INT)`)
    const to = await database(join(run.dir, 'to.db'), `${TABLE}; INSERT INTO t (id) VALUES (1)`)
    const exports = ['u', 't'].map((table) => ({ name: table, table }))
    await expect(move(run, { connection, exports }, to, false)).rejects.toMatchObject({
      code: 'RESTORE_TARGET_NOT_EMPTY',
      message: expect.stringContaining('rows in table t'),
    })
    expect(content(to).rows).toHaveLength(1)
    expect(() => content(to, 'u')).toThrow('no such table')
  })

  test('is as it was when a row is refused, and a new file is gone again', async () => {
    await using run = await temporaryContext()
    const connection = await database(
      join(run.dir, 'from.db'),
      'CREATE TABLE t (id INT); INSERT INTO t VALUES (1), (-1)',
    )
    const exports = [{ name: 't', table: 't' }]
    const strict = await database(join(run.dir, 'strict.db'), 'CREATE TABLE t (id INT CHECK (id > 0))')
    await expect(move(run, { connection, exports }, strict, false)).rejects.toMatchObject({
      code: 'RESTORE_TOOL_FAILED',
    })
    expect(content(strict).rows).toEqual([])
    const wrong = await database(join(run.dir, 'other.db'), 'CREATE TABLE t (nr INT)')
    await expect(move(run, { connection, exports }, wrong, false)).rejects.toMatchObject({
      code: 'RESTORE_TOOL_FAILED',
    })
    const twice = { kind: 'sqlite', path: join(run.dir, 'no folder/new.db') }
    await expect(move(run, { connection, exports }, twice, false)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
  })

  test('text that is not UTF-8 fails the export instead of being changed', async () => {
    await using run = await temporaryContext()
    const exports = [{ name: 't', table: 't' }]
    const odd = await database(
      join(run.dir, 'odd.db'),
      `CREATE TABLE t (a TEXT); INSERT INTO t VALUES (CAST(x'e9' AS TEXT))`,
    )
    await expect(userDataDriver.open(parse({ connection: odd, exports }), run.context)).rejects.toMatchObject({
      code: 'SOURCE_QUERY_FAILED',
      message: expect.stringContaining('not UTF-8'),
    })
    const fine = await database(join(run.dir, 'fine.db'), `CREATE TABLE t (a TEXT); INSERT INTO t VALUES (char(65533))`)
    await (await userDataDriver.open(parse({ connection: fine, exports }), run.context)).close()
  })

  test('is refused where its hash is wrong, before anything is loaded', async () => {
    await using run = await temporaryContext()
    const connection = await database(join(run.dir, 'from.db'), PURE)
    const from = { connection, exports: [{ name: 't', table: 't' }] }
    const { folder } = await move(run, from, { kind: 'sqlite', path: join(run.dir, 'new.db') }, false)
    await writeFile(join(folder, run.context.scratch, 't.ndjson'), '{"id":1}\n')
    const to = { kind: 'sqlite', path: join(run.dir, 'other.db') }
    const restoring = userDataDriver.restore(parse({ ...from, connection: to }), folder, run.context)
    await expect(restoring).rejects.toMatchObject({ code: 'RESTORE_CONTENT_WRONG' })
    expect(() => content(to)).toThrow()
  })
})

const missing = await postgresMissing()
describe.skipIf(missing)('PostgreSQL', () => {
  let server: PostgresServer
  let count = 0
  beforeAll(async () => {
    server = await startPostgresServer()
  })
  afterAll(() => server?.stop())

  const TYPES = `CREATE TYPE mood AS ENUM ('so so', 'good, "really"'); CREATE SCHEMA app;
    CREATE TYPE app.address AS (street text, "no, 1" int, tags text[]); CREATE DOMAIN app.short AS varchar(5)`
  async function database(sql = '') {
    const name = `made_${++count}`
    await server.query(`CREATE DATABASE ${name}`)
    await server.query(`ALTER DATABASE ${name} SET DateStyle = 'German'; ALTER DATABASE ${name} SET bytea_output = 'escape';
      ALTER DATABASE ${name} SET TimeZone = 'Asia/Kathmandu'; ALTER DATABASE ${name} SET extra_float_digits = -5`)
    await server.query(sql, name)
    const login = { user: 'postgres', password: server.password }
    return { kind: 'postgres', host: '127.0.0.1', port: server.port, database: name, ...login }
  }
  /** Names, types and bytes of every value. */
  async function content({ database: name }: { database: string }, table: string) {
    const columns = await server.query(
      `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
       WHERE attrelid = '${table}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
      name,
    )
    const values = columns.map((c) => `encode(convert_to("${c.name}"::text, 'UTF8'), 'hex') AS "${c.name}"`)
    const rows = await server.query(
      `SET extra_float_digits = 3; SELECT ${values.join(', ')} FROM ${table} ORDER BY id`,
      name,
    )
    return { columns, rows }
  }

  const TABLE = `CREATE TABLE t (id bigint, price numeric(38,10), free numeric, at timestamptz, local timestamp(6), day date, clock timetz,
    span interval, real float4, double float8, yes boolean, text text, fixed char(5), var varchar(20), bytes bytea, doc json,
    docb jsonb, ints int[], texts text[], docs jsonb[], times timestamptz[], mood mood, moods mood[], home app.address,
    homes app.address[], short app.short, range int4range, spans tstzrange, multi nummultirange, key uuid, net inet, mac macaddr,
    bits bit varying(9), spot point, words tsvector, money money, "char" "char", name name, xml xml)`
  const ROWS = `INSERT INTO t (id, price, free, at, local, day, clock, span, real, double, yes, text, fixed, var, bytes, doc, docb,
      ints, texts, docs, times, mood, moods, home, homes, short, range, spans, multi, key, net, mac, bits, spot, words, money,
      "char", name, xml) VALUES
    (9223372036854775807, 1234567890123456789012345678.0123456789, 'NaN', '2026-01-02 03:04:05.123456+05:45', 'infinity',
      '-infinity', '01:02:03.000001+02', '-1 year 2 mons -3 days 04:05:06.000007', 'NaN', '-Infinity', true, '', 'a', ' ',
      '\\x00ff0a', '{"a":  1.10, "b": "1"}', '{"a": 12345678901234567890.10}', '{{1,NULL},{3,4}}',
      ARRAY['a "b"', NULL, 'NULL', '', E'back\\\\slash, {x}', E'line\\nbreak'], ARRAY['null'::jsonb, NULL, '"x"'],
      ARRAY['infinity'::timestamptz, '2026-01-02 03:04:05+00'], 'good, "really"', ARRAY['so so'::mood, NULL],
      ROW('Main "St", 1', NULL, ARRAY['x', NULL]), ARRAY[ROW('', 1, NULL)::app.address, NULL], 'abcde', '[1,5)',
      '["2026-01-01 00:00:00+00",)', '{[1.5,2.5),[9,)}', '6f9619ff-8b86-d011-b42d-00cf4fc964ff', '::1/64', '08:00:2b:01:02:03',
      B'10101', '(1.5,-2)', 'a:1A fat:2', '12.34', 'x', 'nämé', '<a>1</a>'),
    (-1, -0.0000000001, 'Infinity', '0044-03-15 12:00:00+00 BC', '12026-01-01 00:00:00.5', '2026-12-31', '24:00:00-12', '0',
      -0.0, 5e-324, false, E'line\\r\\nbreak \\u2028 🎉', '', '=1+1', '', 'null', 'null', '[0:1]={7,8}', '{}', '{}', '{}', NULL,
      '{}', ROW(NULL, NULL, NULL), '{}', '', 'empty', NULL, '{}', NULL, '10.0.0.1', NULL, B'', NULL, '', '-1', NULL, '', NULL),
    (0, 0, 1e-300, 'infinity', NULL, NULL, NULL, NULL, 3.4028235e38,
      1.7976931348623157e308, NULL, '\\.', NULL, NULL, NULL, E'"str\\u0041"', '"str"', '{{{1},{2}},{{3},{4}}}', '{{a},{b}}', NULL,
      NULL, NULL, NULL, NULL, NULL, NULL, '(,)', 'empty', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
      NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`

  test.each(forms.flatMap(([form, safe]) => [true, false].map((exists) => [form, safe, exists] as const)))(
    'comes back value for value from %s (neutralised: %s, into a table that exists: %s)',
    async (_form, safe, exists) => {
      await using run = await temporaryContext()
      const connection = await database(`${TYPES}; ${TABLE}; ${ROWS}`)
      const to = await database(`${TYPES}; ${exists ? TABLE : ''}`)
      const { receipt } = await move(run, { connection, exports: [{ name: 't', table: 't' }] }, to, safe)
      expect(receipt.inventory.tables).toEqual({ t: 4 })
      const [before, after] = [await content(connection, 't'), await content(to, 't')]
      expect(after.rows).toEqual(before.rows)
      // A table that is made has the domain's base type: the server tells no more of a result.
      const base = (c: Record<string, unknown>) => (c.type === 'app.short' ? { ...c, type: 'character varying(5)' } : c)
      expect(after.columns).toEqual(exists ? before.columns : before.columns.map(base))
    },
  )

  test('comes back where one column is all there is, whatever is in it', async () => {
    await using run = await temporaryContext()
    const values = `('\\.'), (E'\\r'), (NULL), (''), (E'a\\n\\\\.\\nb'), (' '), (','), ('last')`
    const connection = await database(`CREATE TABLE t (id text); INSERT INTO t VALUES ${values}`)
    const to = await database()
    await move(run, { connection, exports: [{ name: 't', table: 't' }] }, to, false)
    const { rows } = await content(to, 't')
    expect(rows).toHaveLength(8)
    expect(rows).toEqual((await content(connection, 't')).rows)
  })

  test('goes into tables with keys, in the order of their foreign keys, and sequences go on after it', async () => {
    await using run = await temporaryContext()
    const schema = `CREATE SCHEMA "o ""dd"; CREATE TABLE parent (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
      CREATE TABLE "o ""dd"."ch""ild" (id serial PRIMARY KEY, parent int NOT NULL REFERENCES parent,
        self int REFERENCES "o ""dd"."ch""ild", twice int GENERATED ALWAYS AS (id * 2) STORED)`
    const rows = `INSERT INTO parent DEFAULT VALUES; INSERT INTO parent DEFAULT VALUES;
      INSERT INTO "o ""dd"."ch""ild" (id, parent, self) VALUES (1, 2, 3), (2, 1, 1), (3, 1, 2)`
    const connection = await database(`${schema}; ${rows}`)
    const to = await database(schema)
    const exports = [
      { name: 'child', table: 'o "dd.ch"ild' },
      { name: 'parent', table: 'parent' },
    ]
    await move(run, { connection, exports }, to, false)
    for (const table of ['parent', '"o ""dd"."ch""ild"'])
      expect(await content(to, table)).toEqual(await content(connection, table))
    const insert = `INSERT INTO parent DEFAULT VALUES; INSERT INTO "o ""dd"."ch""ild" (parent) VALUES (3) RETURNING id`
    expect(await server.query(insert, to.database)).toEqual([{ id: 4 }])
  })

  test('goes into no table that holds something, and leaves no new one', async () => {
    await using run = await temporaryContext()
    const connection = await database('CREATE TABLE a (id int); CREATE TABLE t (id int); INSERT INTO t VALUES (1)')
    const to = await database('CREATE TABLE t (id int); INSERT INTO t VALUES (7)')
    const exports = ['a', 't'].map((table) => ({ name: table, table }))
    await expect(move(run, { connection, exports }, to, false)).rejects.toMatchObject({
      code: 'RESTORE_TARGET_NOT_EMPTY',
      details: { holds: ['rows in table t'] },
    })
    expect(await server.query(`SELECT to_regclass('a') AS a, (SELECT max(id) FROM t) AS id`, to.database)).toEqual([
      { a: null, id: 7 },
    ])
  })

  test('is as it was when a row is refused', async () => {
    await using run = await temporaryContext()
    const rows = 'INSERT INTO t VALUES (1), (-1)'
    const connection = await database(`CREATE TABLE a (id int); CREATE TABLE t (id int); ${rows}`)
    const exports = ['a', 't'].map((table) => ({ name: table, table }))
    const to = await database('CREATE TABLE t (id int CHECK (id > 0))')
    await expect(move(run, { connection, exports }, to, true)).rejects.toMatchObject({
      code: 'RESTORE_TOOL_FAILED',
      message: expect.stringContaining('SQLSTATE 23514 in “t”'),
    })
    expect(await server.query(`SELECT to_regclass('a') AS a, (SELECT count(*)::int FROM t) AS n`, to.database)).toEqual(
      [{ a: null, n: 0 }],
    )
  })

  test('of one kind is not loaded into the other', async () => {
    await using run = await temporaryContext()
    const connection = await database('CREATE TABLE t (id int)')
    const to = { kind: 'sqlite', path: join(run.dir, 'new.db') }
    await expect(move(run, { connection, exports: [{ name: 't', table: 't' }] }, to, false)).rejects.toMatchObject({
      code: 'RESTORE_CONTENT_WRONG',
    })
  })
})
