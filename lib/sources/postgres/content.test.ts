import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runChild } from '#lib/process/child.ts'
import { type PostgresServer, postgresMissing, startPostgresServer } from '#lib/testing/postgres-server.ts'
import { type TemporaryContext, temporaryContext } from '../conformance-context.ts'
import { saveCopy } from '../conformance-copy.ts'
import { libpqTls } from '../connections/libpq-tls.ts'
import { libpqEnvironment, withPostgres } from '../connections/postgres.ts'
import { postgresDriver } from './driver.ts'
import { describeServer } from './queries.ts'
import { connectionTo, type PostgresSettings } from './settings.ts'
import { bestTool } from './tools.ts'

const missing = await postgresMissing()
let server: PostgresServer
let databases = 0

if (missing === null) {
  beforeAll(async () => {
    server = await startPostgresServer()
  })
  afterAll(() => server.stop())
}

async function makeDatabase(sql: string) {
  const database = `content_${++databases}`
  await server.query(`CREATE DATABASE ${database}`)
  if (sql !== '') await server.query(sql, database)
  const { port, password } = server
  return postgresDriver.settings.parse({ host: '127.0.0.1', port, database, user: 'postgres', password })
}

async function save(settings: PostgresSettings, run: TemporaryContext, name = 'saved') {
  await saveCopy(await postgresDriver.open(settings, run.context), join(run.dir, name))
  return join(run.dir, name)
}

async function saveAndRestore(settings: PostgresSettings, run: TemporaryContext) {
  const target = await makeDatabase('')
  await postgresDriver.restore(target, await save(settings, run), run.context)
  return target
}

/** All of a database as SQL. */
async function script(settings: PostgresSettings, run: TemporaryContext): Promise<string> {
  const connection = connectionTo(settings, settings.database as string)
  const { major } = await withPostgres(connection, run.context, describeServer)
  const { command } = await bestTool('pg_dump', major, run.context)
  const env = {
    ...libpqEnvironment(connection, await libpqTls(connection, run.context)),
    PGDATABASE: connection.database,
  }
  const { code, stdout } = await runChild({ command, args: [], env })
  expect(code).toBe(0)
  return stdout.filter((line) => !/^\\(un)?restrict /.test(line)).join('\n')
}

/** One of each. */
const EVERYTHING = `
  CREATE EXTENSION hstore; CREATE SCHEMA app; COMMENT ON SCHEMA app IS 'what people''s work is';
  CREATE TYPE app.mood AS ENUM ('sad', 'happy'); CREATE DOMAIN app.positive AS int CHECK (VALUE > 0);
  CREATE TABLE app.people (
    id int GENERATED ALWAYS AS IDENTITY (START 100 INCREMENT 7) PRIMARY KEY, name text NOT NULL COLLATE "C",
    initial text GENERATED ALWAYS AS (left(name, 1)) STORED, mood app.mood DEFAULT 'happy', more hstore, age app.positive);
  INSERT INTO app.people (name, more, age) VALUES ('Ada', 'a=>1', 36), (E'Žo\\\\N\\tfie\\n☂', NULL, NULL);
  COMMENT ON COLUMN app.people.name IS 'as they write it'; CREATE INDEX by_name ON app.people (lower(name)) WHERE age > 3;
  CREATE SEQUENCE app.numbers START 5; SELECT nextval('app.numbers'), nextval('app.numbers');
  CREATE TABLE app.measured (day date, value numeric(38,10)) PARTITION BY RANGE (day);
  CREATE TABLE app.y25 PARTITION OF app.measured FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
  CREATE TABLE app.rest PARTITION OF app.measured DEFAULT;
  INSERT INTO app.measured VALUES ('2025-06-01', 0.0000000001), ('1999-01-01', -12345678901234567890.5);
  CREATE UNLOGGED TABLE app.fleeting AS SELECT 1 AS id; CREATE TABLE app.parent (a int); CREATE TABLE app.child () INHERITS (app.parent);
  INSERT INTO app.parent VALUES (1); INSERT INTO app.child VALUES (2);
  CREATE VIEW app.adults AS SELECT name FROM app.people WHERE age > 17; CREATE MATERIALIZED VIEW app.moods AS SELECT mood, count(*) FROM app.people GROUP BY 1;
  CREATE FUNCTION app.shout() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.name := upper(NEW.name); RETURN NEW; END$$;
  CREATE TRIGGER shout BEFORE INSERT ON app.people FOR EACH ROW EXECUTE FUNCTION app.shout();
  ALTER TABLE app.people ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON app.people USING (name = current_user);
  CREATE TABLE app.cards (owner int REFERENCES app.people ON DELETE CASCADE, raw bytea, doc jsonb, tags text[], at timestamptz);
  INSERT INTO app.cards VALUES (100, '\\x00ff', '{"a": null}', '{NULL,"",x}', 'infinity'), (107, NULL, NULL, NULL, NULL);
  CREATE STATISTICS app.together ON name, age FROM app.people; CREATE RULE quiet AS ON DELETE TO app.cards DO INSTEAD NOTHING;
  CREATE PUBLICATION news FOR TABLE app.cards; GRANT SELECT ON app.cards TO pg_monitor;
  SELECT lo_from_bytea(4711, decode(repeat('00ff10', 5000), 'hex')); COMMENT ON LARGE OBJECT 4711 IS 'a picture'`

describe.skipIf(missing)('What a PostgreSQL dump holds', () => {
  test('is everything that people make in a database', async () => {
    await using run = await temporaryContext()
    const settings = await makeDatabase(EVERYTHING)
    const [before, after] = [settings, await saveAndRestore(settings, run)]
    const expected = await script(before, run)
    for (const one of [
      'EXTENSION',
      'TYPE',
      'DOMAIN',
      'IDENTITY',
      'INDEX',
      'PARTITION',
      'UNLOGGED',
      'INHERITS',
      'TRIGGER',
    ])
      expect(expected).toContain(one)
    for (const one of ['POLICY', 'STATISTICS', 'RULE', 'PUBLICATION', 'lo_create', 'COMMENT', 'MATERIALIZED', 'setval'])
      expect(expected).toContain(one)
    expect(await script(after, run)).toBe(expected)
    const next = `SELECT nextval('app.numbers') AS number, lo_get(4711) AS picture, (SELECT sum(count) FROM app.moods) AS moods`
    expect(await server.query(next, after.database)).toEqual(await server.query(next, before.database))
    expect(
      (
        await server.query(`INSERT INTO app.people (name) VALUES ('eve') RETURNING id, name, initial`, after.database)
      )[0],
    ).toEqual({
      ...{ id: 114, name: 'EVE', initial: 'E' },
    })
  })

  test('is of one moment, however much is written meanwhile', async () => {
    await using run = await temporaryContext()
    const settings = await makeDatabase(
      `CREATE TABLE a_left AS SELECT 500000 AS amount; CREATE TABLE z_right AS SELECT 500000 AS amount;
       CREATE TABLE m_between AS SELECT i AS id, repeat(md5(i::text), 20) AS filler FROM generate_series(1, 100000) i`,
    )
    const moved = async () => Number((await server.query('SELECT amount FROM a_left', settings.database))[0]?.amount)
    const writing = new AbortController()
    const writer = moveForEver(settings, writing.signal)
    const before = await moved()
    const saved = await save(settings, run)
    const after = await moved()
    writing.abort()
    await writer
    expect(before - after, 'moved while the dump was made').toBeGreaterThan(10)
    const target = await makeDatabase('')
    await postgresDriver.restore(target, saved, run.context)
    const sum = 'SELECT a.amount + z.amount AS sum FROM a_left a, z_right z'
    expect(await server.query(sum, target.database)).toEqual([{ sum: 1_000_000 }])
  })

  test('may be values of many megabytes', { timeout: 120_000 }, async () => {
    await using run = await temporaryContext()
    const settings = await makeDatabase(
      `CREATE TABLE large (text text, bytes bytea); ALTER TABLE large ALTER text SET STORAGE EXTERNAL, ALTER bytes SET STORAGE EXTERNAL;
       INSERT INTO large SELECT repeat('0123456789abcde☂', 2000000), convert_to(repeat('\\', 15000000), 'UTF8')`,
    )
    const sums = 'SELECT md5(text) AS text, md5(bytes) AS bytes, octet_length(text) AS size FROM large'
    const target = await saveAndRestore(settings, run)
    expect(await server.query(sums, target.database)).toEqual(await server.query(sums, settings.database))
  })

  test('never lacks a row in silence that PostgreSQL itself cannot dump', { timeout: 240_000 }, async () => {
    await using run = await temporaryContext()
    // A row travels as one line of text, of less than 1 GiB; bytes take two characters each.
    const settings = await makeDatabase(
      `CREATE TABLE large (bytes bytea); ALTER TABLE large ALTER bytes SET STORAGE EXTERNAL;
       INSERT INTO large SELECT convert_to(repeat('x', 540000000), 'UTF8')`,
    )
    const saving = save(settings, run)
    await expect(saving).rejects.toMatchObject({
      code: 'SOURCE_DUMP_FAILED',
      details: { tool: 'pg_dump', exit: 'exit 1' },
    })
    await server.query(`DROP DATABASE ${settings.database}`)
  })

  test('differs between two dumps of the same only in the time of the dump', async () => {
    await using run = await temporaryContext()
    const settings = await makeDatabase(EVERYTHING)
    const dumps = ['first', 'second'].map(async (name) =>
      readFile(join(await save(settings, run, name), `${settings.database}.dump`)),
    )
    const [first, second] = (await Promise.all(dumps)) as [Buffer, Buffer]
    expect(second.length).toBe(first.length)
    const withoutTime = (dump: Buffer) => Buffer.concat([dump.subarray(0, TIME.from), dump.subarray(TIME.to)])
    expect(withoutTime(second).equals(withoutTime(first))).toBe(true)
  })
})

/**
 * Seven numbers of five bytes, behind the magic word, the version, three sizes and, in one or five bytes, how it is
 * compressed (ReadHead in PostgreSQL's pg_backup_archiver.c).
 */
const TIME = { from: 11, to: 16 + 7 * 5 }

/** Moves one unit after another from one table to the other, each in a transaction, until it is told to stop. */
async function moveForEver(settings: PostgresSettings, signal: AbortSignal): Promise<void> {
  const { host, port, user, database, password } = settings
  const client = new Client({ host, port, user, database, password: password?.reveal() })
  await client.connect()
  while (!signal.aborted)
    await client.query('BEGIN; UPDATE a_left SET amount = amount - 1; UPDATE z_right SET amount = amount + 1; COMMIT')
  await client.end()
}
