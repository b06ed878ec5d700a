import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type MariadbServer, mariadbMissing, startMariadbServer } from '#lib/testing/mariadb-server.ts'
import { temporaryContext } from '../conformance-context.ts'
import { saveCopy } from '../conformance-copy.ts'
import type { DriverContext } from '../driver.ts'
import { databaseContent } from './content.fixture.ts'
import { mysqlDriver } from './driver.ts'
import { rewriteDump } from './rewrite-dump.ts'

const missing = await mariadbMissing()

describe.skipIf(missing)('A restored MySQL dump', () => {
  let server: MariadbServer
  let databases = 0
  beforeAll(async () => {
    server = await startMariadbServer()
  })
  afterAll(() => server.stop())

  const settingsOf = (database: string) => {
    const { port, user, password } = server
    return mysqlDriver.settings.parse({ host: '127.0.0.1', port, user, password, database })
  }
  async function makeDatabase(statements: string[] = [], options = 'CHARACTER SET utf8mb4') {
    const database = `shop_${++databases}`
    await server.query(`CREATE DATABASE ${database} ${options}`)
    if (statements.length > 0) await server.query(statements, database)
    return database
  }
  const unused = () => `shop_${++databases}`
  async function save(database: string, ctx: DriverContext, folder: string): Promise<string> {
    await saveCopy(await mysqlDriver.open(settingsOf(database), ctx), folder)
    return join(folder, `${database}.sql`)
  }
  const restore = (database: string, folder: string, ctx: DriverContext) =>
    mysqlDriver.restore(settingsOf(database), folder, ctx)
  const contentOf = (database: string) => databaseContent(server, database)

  const PROGRAMS = [
    'CREATE TABLE orders (id int PRIMARY KEY AUTO_INCREMENT, name varchar(20), total decimal(10,2))',
    "INSERT INTO orders (name, total) VALUES ('Ada', 10.50), ('Žofie', NULL)",
    'CREATE VIEW a_view_before_its_base AS SELECT name FROM orders',
    'CREATE VIEW of_a_view AS SELECT * FROM a_view_before_its_base',
    "CREATE TRIGGER shout BEFORE INSERT ON orders FOR EACH ROW SET NEW.name = CONCAT(NEW.name, '!')",
    'CREATE PROCEDURE add_up(IN shop varchar(10))\nBEGIN\n  -- a comment; with a semicolon\n  SELECT SUM(total) FROM orders;\nEND',
    "CREATE FUNCTION greet(n varchar(20)) RETURNS varchar(40) DETERMINISTIC RETURN CONCAT('Ahoj ', n, ' 👋')",
    'CREATE EVENT sweep ON SCHEDULE EVERY 1 DAY STARTS NOW() + INTERVAL 1 DAY DO DELETE FROM orders WHERE total = 0',
    'CREATE SEQUENCE numbers START WITH 100',
    'SELECT NEXT VALUE FOR numbers',
    "CREATE DEFINER = 'gone'@'nowhere' PROCEDURE of_another() SELECT 1",
  ]

  test('has its views, triggers, routines, events, sequences and their owners', async () => {
    await using run = await temporaryContext()
    const database = await makeDatabase(PROGRAMS, 'CHARACTER SET latin2 COLLATE latin2_czech_cs')
    const before = await contentOf(database)
    expect(Object.keys(before)).toHaveLength(11)
    await save(database, run.context, join(run.dir, 'saved'))
    for (const target of [await makeDatabase(), unused()]) {
      await restore(target, join(run.dir, 'saved'), run.context)
      expect(await contentOf(target)).toEqual(before)
    }
    await server.query(`DROP DATABASE ${database}`)
    await restore(database, join(run.dir, 'saved'), run.context)
    expect(await contentOf(database)).toEqual(before)
  })

  test('has the same bytes in every kind of column', async () => {
    await using run = await temporaryContext()
    const database = await makeDatabase([
      `CREATE TABLE kinds (id int PRIMARY KEY, b bit(13), blo longblob, bin binary(4), txt text, lat varchar(9) CHARACTER SET latin1,
         js json, dec_ decimal(38,10), dbl double, ts timestamp(6) NULL, dt datetime(6), t time(3), y year, e enum('a','ž'), s set('x','y'),
         geo point, uu uuid, ip inet6, n int, g int GENERATED ALWAYS AS (n * 2) STORED, v int GENERATED ALWAYS AS (n * 3) VIRTUAL,
         secret int INVISIBLE DEFAULT 7)`,
      "SET time_zone = '+05:30', sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'",
      `INSERT INTO kinds (id, b, blo, bin, txt, lat, js, dec_, dbl, ts, dt, t, y, e, s, geo, uu, ip, n, secret) VALUES
         (0, b'1010101010101', x'00270a0d1a5c22ff', x'00000027', 'emoji 😀 \\n\\r\\0 '' " \\\\ %', 'é', '{"a": [1, "😀", null]}',
          1234567890123456789012345678.0123456789, 1.7976931348623157e308, '2026-03-29 02:30:00.123456', '2026-02-31 00:00:00', '-838:59:59.999', 1999,
          'ž', 'x,y', POINT(1.5, -2.25), UUID(), '::1', 21, 9),
         (1, NULL, '', NULL, '', '', NULL, -0.0000000001, -0.0, NULL, '0000-00-00', NULL, NULL, NULL, '', NULL, NULL, NULL, NULL, 0)`,
    ])
    await save(database, run.context, join(run.dir, 'saved'))
    const target = unused()
    await restore(target, join(run.dir, 'saved'), run.context)
    const all =
      'SELECT *, secret, HEX(b), HEX(blo), HEX(bin), HEX(txt), HEX(lat), HEX(js), UNIX_TIMESTAMP(ts), CAST(dt AS CHAR), HEX(geo) FROM kinds ORDER BY id'
    const rows = await server.query(all, target)
    expect(rows).toEqual(await server.query(all, database))
    expect(rows[0]).toMatchObject({
      'CAST(dt AS CHAR)': '2026-02-31 00:00:00.000000',
      g: 42,
      v: 63,
      secret: 9,
      txt: 'emoji 😀 \n\r\0 \' " \\ %',
    })
    expect(await contentOf(target)).toEqual(await contentOf(database))
  })

  test('changes nothing of the database that it was made of', async () => {
    await using run = await temporaryContext()
    const database = await makeDatabase(PROGRAMS, 'CHARACTER SET latin1')
    // From now on the dump sets the default character set of the database by name, around each routine and trigger.
    await server.query(`ALTER DATABASE ${database} CHARACTER SET utf8mb4`)
    const file = await save(database, run.context, join(run.dir, 'saved'))
    expect(await readFile(file, 'utf8')).toContain(`\nALTER DATABASE \`${database}\` CHARACTER SET latin1`)
    await server.query(`ALTER DATABASE ${database} CHARACTER SET ascii`)
    const original = await contentOf(database)
    const target = unused()
    await restore(target, join(run.dir, 'saved'), run.context)
    expect(await contentOf(database)).toEqual(original)
    const charset = `SELECT DEFAULT_CHARACTER_SET_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '${target}'`
    expect(await server.query(charset)).toEqual([{ name: 'utf8mb4' }])
  })

  test('is refused before anything is done when it was cut', async () => {
    await using run = await temporaryContext()
    const file = await save(await makeDatabase(PROGRAMS), run.context, join(run.dir, 'saved'))
    const whole = await readFile(file)
    const target = unused()
    const atStatement = whole.indexOf(';\n', whole.length / 2) + 2
    for (const length of [0, 10, 300, atStatement, whole.length - 25, whole.length - 1]) {
      await writeFile(file, whole.subarray(0, length))
      const restoring = restore(target, join(run.dir, 'saved'), run.context)
      await expect(restoring).rejects.toMatchObject({ code: 'RESTORE_CONTENT_WRONG' })
    }
    const foreign = whole.subarray(whole.indexOf('\n') + 1)
    await writeFile(file, foreign)
    await expect(restore(target, join(run.dir, 'saved'), run.context)).rejects.toMatchObject({
      code: 'RESTORE_CONTENT_WRONG',
    })
    expect(await server.query(`SHOW DATABASES LIKE '${target}'`)).toEqual([])
  })

  test.each([
    ['a table', 'CREATE TABLE mine (id int)'],
    ['a view', 'CREATE VIEW mine AS SELECT 1'],
    ['a routine', 'CREATE PROCEDURE mine() SELECT 1'],
    ['an event', 'CREATE EVENT mine ON SCHEDULE EVERY 1 DAY DO SELECT 1'],
  ])('never goes where there is %s', async (_, sql) => {
    await using run = await temporaryContext()
    await save(await makeDatabase(PROGRAMS), run.context, join(run.dir, 'saved'))
    const target = await makeDatabase([sql])
    await expect(restore(target, join(run.dir, 'saved'), run.context)).rejects.toMatchObject({
      code: 'RESTORE_TARGET_NOT_EMPTY',
    })
    const names = `SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${target}'
      UNION SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = '${target}'
      UNION SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = '${target}'`
    expect(await server.query(names)).toEqual([{ name: 'mine' }])
  })

  describe('that fails half-way', () => {
    const show = (target: string) => server.query(`SHOW CREATE DATABASE ${target}`)
    async function withBadStatement(ctx: DriverContext, folder: string) {
      const file = await save(await makeDatabase(PROGRAMS), ctx, folder)
      const dump = await readFile(file, 'utf8')
      await writeFile(
        file,
        dump.replace('\n-- Dump completed', '\nINSERT INTO no_such_table VALUES (1);\n\n-- Dump completed'),
      )
    }

    test('leaves an empty database as it was', async () => {
      const log: string[] = []
      await using run = await temporaryContext({ log: (_, line) => log.push(line) })
      await withBadStatement(run.context, join(run.dir, 'saved'))
      const target = await makeDatabase([], 'CHARACTER SET latin7 COLLATE latin7_general_cs')
      const before = await show(target)
      await expect(restore(target, join(run.dir, 'saved'), run.context)).rejects.toMatchObject({
        code: 'RESTORE_TOOL_FAILED',
        message: expect.stringContaining('no_such_table'),
      })
      expect(await show(target)).toEqual(before)
      expect((await mysqlDriver.inspect(settingsOf(target), run.context)).tables).toEqual({})
      expect(await run.scratchContent()).toEqual([])
    })

    test('leaves no database where there was none', async () => {
      await using run = await temporaryContext()
      await withBadStatement(run.context, join(run.dir, 'saved'))
      const target = unused()
      await expect(restore(target, join(run.dir, 'saved'), run.context)).rejects.toThrow()
      await expect(show(target)).rejects.toMatchObject({ code: 'ER_BAD_DB_ERROR' })
    })

    test('leaves no database where there was none when it is cancelled', async () => {
      const cancel = new AbortController()
      await using run = await temporaryContext({ signal: cancel.signal })
      const rows = 'INSERT INTO many SELECT seq, REPEAT(MD5(seq), 30) FROM seq_1_to_30000'
      await save(
        await makeDatabase(['CREATE TABLE many (id int, filler text)', rows]),
        run.context,
        join(run.dir, 'saved'),
      )
      const target = unused()
      const restoring = restore(target, join(run.dir, 'saved'), {
        ...run.context,
        progress: (bytes) => bytes > 5_000_000 && cancel.abort(new Error('cancelled by a test')),
      })
      await expect(restoring).rejects.toThrow('cancelled by a test')
      await expect(show(target)).rejects.toMatchObject({ code: 'ER_BAD_DB_ERROR' })
    })
  })

  test('gives its client no commands', async () => {
    await using run = await temporaryContext()
    const file = await save(await makeDatabase(), run.context, join(run.dir, 'saved'))
    const dump = (await readFile(file, 'utf8')).replace(/^.*enable the sandbox mode.*\n/m, '')
    const touched = join(run.dir, 'touched')
    for (const command of [`system touch ${touched}`, `\\! touch ${touched}`, `tee ${touched}`]) {
      await writeFile(file, dump.replace('\n-- Dump completed', `\n${command}\n;\n-- Dump completed`))
      await restore(unused(), join(run.dir, 'saved'), run.context).catch(() => {})
      await expect(readFile(touched)).rejects.toMatchObject({ code: 'ENOENT' })
    }
  })
})

test('Of a dump, the statements that name its database and the mode of its rows are changed, wherever chunks end', async () => {
  const mode =
    "/*!40111 SET SQL_NOTES=0 */;\n/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;\n"
  const dump = `${mode}x\nALTER DATABASE \`a\` CHARACTER SET latin1 ;\nALTER DATABASE \`ab\` CHARACTER SET y\n ALTER DATABASE \`a\` CHARACTER SET z`
  const rewritten = dump
    .replace('DATABASE `a` CHARACTER SET latin1', 'DATABASE `b``c` CHARACTER SET latin1')
    .replace("_ON_ZERO'", "_ON_ZERO,ALLOW_INVALID_DATES'")
  for (let size = 1; size <= dump.length; size++) {
    const chunks = Array.from({ length: Math.ceil(dump.length / size) }, (_, i) => dump.slice(i * size, (i + 1) * size))
    const source = Readable.from(chunks.map((chunk) => Buffer.from(chunk)))
    expect(await text(source.pipe(rewriteDump('a', 'b`c')))).toBe(rewritten)
  }
})
