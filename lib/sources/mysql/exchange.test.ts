import { readdir } from 'node:fs/promises'
import { createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type MariadbServer, mariadbMissing, startMariadbServer } from '#lib/testing/mariadb-server.ts'
import { temporaryContext } from '../conformance-context.ts'
import { databaseContent } from './content.fixture.ts'
import { mysqlDriver } from './driver.ts'
import type { newPlace } from './new-place.ts'

const missing = await mariadbMissing()
const { aside } = mysqlDriver.newPlace as typeof newPlace

describe.skipIf(missing)('A database of MariaDB that takes the place of another', () => {
  let server: MariadbServer
  let databases = 0
  beforeAll(async () => {
    server = await startMariadbServer()
  })
  afterAll(() => server.stop())

  const contentOf = (database: string) => databaseContent(server, database)
  const settingsOf = (database: string, login: { user: string; password: string } = server) =>
    mysqlDriver.settings.parse({
      ...{ host: '127.0.0.1', port: server.port, database },
      ...{ user: login.user, password: login.password },
    })
  async function make(statements: string[], options: string): Promise<string> {
    const database = `shop_${++databases}`
    await server.query(`CREATE DATABASE ${database} ${options}`)
    await server.query(statements, database)
    return database
  }
  const shop = (name: string) => [
    'CREATE TABLE orders (id int PRIMARY KEY AUTO_INCREMENT, name varchar(20))',
    'CREATE TABLE items (id int PRIMARY KEY, orders int, CONSTRAINT fk FOREIGN KEY (orders) REFERENCES orders (id))',
    `INSERT INTO orders (name) VALUES ('${name}')`,
    'INSERT INTO items VALUES (1, 1)',
    'CREATE VIEW b AS SELECT name FROM orders',
    'CREATE VIEW a AS SELECT * FROM b',
    `CREATE TRIGGER shout BEFORE INSERT ON orders FOR EACH ROW SET NEW.name = CONCAT(NEW.name, '${name}')`,
    `CREATE PROCEDURE say() SELECT '${name}; and more'`,
    'CREATE SEQUENCE numbers START WITH 100',
    'CREATE EVENT sweep ON SCHEDULE EVERY 1 DAY STARTS NOW() + INTERVAL 1 DAY DO DELETE FROM orders WHERE id = 0',
  ]
  const old = () =>
    make(
      [...shop('old'), 'CREATE TABLE only_old (id int)', 'CREATE FUNCTION only_old() RETURNS int RETURN 1'],
      'CHARACTER SET latin2',
    )
  const restored = () => make([...shop('new'), 'CREATE TABLE only_new (id int)'], 'CHARACTER SET utf8mb4')
  const named = async (like: string) =>
    (await server.query(`SHOW DATABASES LIKE '${like}'`)).map((row) => Object.values(row)[0])
  /** The name of the database is in its own description. */
  const under = (content: object, from: string, to: string) =>
    JSON.parse(JSON.stringify(content).replaceAll(`\`${from}\``, `\`${to}\``).replaceAll(`"${from}.`, `"${to}.`))

  test('has all that it had, and so has the old one, whose events rest; what used it is ended', async () => {
    await using run = await temporaryContext()
    const [name, from] = [await old(), await restored()]
    const kept = `${name}_before`
    const before = { old: await contentOf(name), new: await contentOf(from) }
    const application = await createConnection({
      ...{ host: '127.0.0.1', port: server.port, user: server.user, password: server.password, database: name },
    })
    application.on('error', () => {})
    await application.query('START TRANSACTION')
    await application.query('SELECT * FROM orders')
    expect(await aside.rename(settingsOf(from), name, kept, run.context)).toBe(true)

    expect(await contentOf(name)).toEqual(under(before.new, from, name))
    const { 'EVENT sweep': event, ...rest } = await contentOf(kept)
    const { 'EVENT sweep': eventBefore, ...restBefore } = under(before.old, name, kept)
    expect(rest).toEqual(restBefore)
    const create = 'Create Event'
    expect(event).toEqual({ ...eventBefore, [create]: eventBefore[create].replace(' ENABLE ', ' DISABLE ') })
    expect(await named(`${from}%`)).not.toContain(from)
    await expect(application.query('SELECT 1')).rejects.toThrow()
    await server.query("INSERT INTO orders (name) VALUES ('x')", name)
    expect(await server.query('SELECT name FROM a', name)).toEqual([{ name: 'new' }, { name: 'xnew' }])
    await expect(server.query('INSERT INTO items VALUES (7, 777)', kept)).rejects.toThrow('foreign key')
    expect(await run.scratchContent()).toEqual([])
  })

  test('is called as asked where there is none, and refused where there is one and nobody said so', async () => {
    await using run = await temporaryContext()
    const [name, from] = [await old(), await restored()]
    const before = await contentOf(name)
    await expect(aside.rename(settingsOf(from), name, null, run.context)).rejects.toMatchObject({
      code: 'RESTORE_TARGET_NOT_EMPTY',
    })
    expect(await contentOf(name)).toEqual(before)
    const content = await contentOf(from)
    const unused = `${from} a \`strange\` name`
    expect(await aside.rename(settingsOf(from), unused, null, run.context)).toBe(false)
    expect(Object.keys(await contentOf(unused))).toEqual(Object.keys(content))
    expect(await named(from)).toEqual([])
  })

  test('changes nothing when the account could not put the old one back', async () => {
    await using run = await temporaryContext()
    const [name, from] = [await old(), await restored()]
    const before = { old: await contentOf(name), new: await contentOf(from) }
    const login = { user: `limited_${databases}`, password: 'limited' }
    await server.query([
      `CREATE USER ${login.user}@'%' IDENTIFIED BY '${login.password}'`,
      ...[name, from, `${name}_before`].map((one) => `GRANT ALL ON ${one}.* TO ${login.user}@'%'`),
      `GRANT SELECT ON mysql.proc TO ${login.user}@'%'`,
    ])
    // It may do all in these databases, but make nothing in another's name, as the procedure is.
    const renaming = aside.rename(settingsOf(from, login), name, `${name}_before`, run.context)
    await expect(renaming).rejects.toMatchObject({ code: 'RESTORE_TOOL_FAILED' })
    expect({ old: await contentOf(name), new: await contentOf(from) }).toEqual(before)
    expect(await named(`${name}%`)).toEqual([name])
  })

  test.each([['the tables are those of'], ['until the names have changed']])(
    'is not there, and the other as it was, when it is cancelled after “%s”',
    async (moment) => {
      const cancel = new AbortController()
      const log: string[] = []
      const onLog = (_: string, line: string) => {
        log.push(line)
        if (line.startsWith(moment)) cancel.abort(new Error('cancelled by a test'))
      }
      await using run = await temporaryContext({ signal: cancel.signal, log: onLog })
      const [name, from] = [await old(), await restored()]
      const before = { old: await contentOf(name), new: await contentOf(from) }
      const renaming = aside.rename(settingsOf(from), name, `${name}_before`, run.context)
      await expect(renaming).rejects.toThrow('cancelled by a test')
      expect(log.filter((line) => line.includes('could not'))).toEqual([])
      expect({ old: await contentOf(name), new: await contentOf(from) }).toEqual(before)
      expect(await named(`${name}%`)).toEqual([name])
      expect(await readdir(run.context.kept)).toEqual([])
    },
  )

  test('takes the place of one without tables, or leaves it so', async () => {
    const cancel = new AbortController()
    await using run = await temporaryContext()
    await using cancelled = await temporaryContext({
      signal: cancel.signal,
      log: (_, line) => line.startsWith('the tables are') && cancel.abort(new Error('cancelled by a test')),
    })
    const [name, from] = [await make(['CREATE PROCEDURE only() SELECT 1'], ''), await restored()]
    const before = { old: await contentOf(name), new: await contentOf(from) }
    const kept = `${name}_before`
    await expect(aside.rename(settingsOf(from), name, kept, cancelled.context)).rejects.toThrow('cancelled by a test')
    expect({ old: await contentOf(name), new: await contentOf(from) }).toEqual(before)
    expect(await aside.rename(settingsOf(from), name, kept, run.context)).toBe(true)
    expect(await contentOf(name)).toEqual(under(before.new, from, name))
    expect(await server.query('CALL only()', kept)).toBeTruthy()
  })

  test('is never one that tables elsewhere refer to', async () => {
    await using run = await temporaryContext()
    const [name, from] = [await old(), await restored()]
    await make([`CREATE TABLE remote (id int, FOREIGN KEY (id) REFERENCES ${name}.orders (id))`], '')
    await expect(aside.check(settingsOf(name), name, run.context)).rejects.toMatchObject({
      code: 'RESTORE_TARGET_NOT_EMPTY',
      message: expect.stringContaining(`foreign key of shop_${databases}.remote`),
    })
    const before = await contentOf(name)
    await expect(aside.rename(settingsOf(from), name, `${name}_before`, run.context)).rejects.toThrow('foreign key')
    expect(await contentOf(name)).toEqual(before)
  })

  test('replaces one whose views are of tables that are gone', async () => {
    const log: string[] = []
    await using run = await temporaryContext({ log: (_, line) => log.push(line) })
    const [name, from] = [await old(), await restored()]
    await server.query(['SET foreign_key_checks = 0', 'DROP TABLE orders'], name)
    expect(await aside.rename(settingsOf(from), name, `${name}_before`, run.context)).toBe(true)
    expect(await server.query('SELECT * FROM a', name)).toEqual([{ name: 'new' }])
    expect(log.join('\n')).toMatch(/references invalid table/)
    expect(await server.query('SELECT only_old() AS one', `${name}_before`)).toEqual([{ one: 1 }])
  })

  test('is masked by statements of any kind, and not by those that the server refuses', async () => {
    await using run = await temporaryContext()
    const from = await restored()
    const sql =
      "DELIMITER //\nCREATE PROCEDURE m() BEGIN UPDATE orders SET name = 'x'; END //\nDELIMITER ;\nCALL m(); DROP PROCEDURE m"
    await aside.mask(settingsOf(from), sql, run.context)
    expect(await server.query('SELECT name FROM orders', from)).toEqual([{ name: 'x' }])
    await expect(aside.mask(settingsOf(from), 'UPDATE orders SET nam = 1', run.context)).rejects.toMatchObject({
      code: 'RESTORE_TOOL_FAILED',
      message: expect.stringContaining('Unknown column'),
    })
    await aside.remove(settingsOf(from), run.context)
    expect(await named(from)).toEqual([])
  })
})
