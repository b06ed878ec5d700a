import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isCoded } from '#lib/errors/coded-error.ts'
import { type MariadbServer, mariadbMissing, startMariadbServer } from '#lib/testing/mariadb-server.ts'
import { temporaryContext } from '../conformance-context.ts'
import { mysqlDriver } from './driver.ts'

const missing = await mariadbMissing()

describe.skipIf(missing)('An account', () => {
  let server: MariadbServer
  let accounts = 0
  beforeAll(async () => {
    server = await startMariadbServer()
    await server.query(['CREATE DATABASE my_shop', 'CREATE DATABASE myXshop'])
    await server.query(
      [
        'CREATE TABLE open (id int)',
        'CREATE TABLE closed (id int)',
        'CREATE TRIGGER t BEFORE INSERT ON closed FOR EACH ROW SET @a = 1',
        'CREATE PROCEDURE p() SELECT 1',
        'CREATE FUNCTION f() RETURNS int DETERMINISTIC RETURN 5',
        'CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1',
        'CREATE VIEW v AS SELECT * FROM closed',
      ],
      'my_shop',
    )
  })
  afterAll(() => server.stop())

  /** Null when it may read everything, else what it lacks. */
  async function lackingWith(...grants: string[]): Promise<{ missing: string; grant: string } | null> {
    await using run = await temporaryContext()
    const user = `clerk_${++accounts}`
    await server.query([
      `CREATE USER ${user} IDENTIFIED BY 'clerk'`,
      ...grants.map((sql) => sql.replaceAll('$user', user)),
    ])
    const raw = { host: '127.0.0.1', port: server.port, user, password: 'clerk', database: 'my_shop' }
    try {
      await mysqlDriver.probe(mysqlDriver.settings.parse(raw), run.context)
      return null
    } catch (thrown) {
      if (!isCoded(thrown, 'SOURCE_RIGHTS_MISSING')) throw thrown
      return { missing: thrown.details.missing.join('; '), grant: thrown.details.grant }
    }
  }
  const MOST = 'GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON my_shop.* TO $user'

  test('that may do everything a backup needs is told so', async () => {
    expect(await lackingWith(MOST, 'GRANT SELECT ON mysql.proc TO $user')).toBeNull()
    expect(await lackingWith('GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON *.* TO $user')).toBeNull()
    expect(await lackingWith('GRANT ALL ON *.* TO $user')).toBeNull()
  })

  test('is told of tables, triggers, views and events that it cannot see', async () => {
    expect(
      await lackingWith('GRANT SELECT ON my_shop.open TO $user', 'GRANT SELECT ON mysql.proc TO $user'),
    ).toMatchObject({
      missing: 'SELECT, SHOW VIEW, TRIGGER, EVENT on `my_shop`',
    })
    for (const right of ['SELECT', 'SHOW VIEW', 'TRIGGER', 'EVENT']) {
      const others = ['SELECT', 'SHOW VIEW', 'TRIGGER', 'EVENT'].filter((one) => one !== right).join(', ')
      const lacking = await lackingWith(`GRANT ${others} ON my_shop.* TO $user`, 'GRANT SELECT ON mysql.proc TO $user')
      expect(lacking?.missing).toBe(`${right} on \`my_shop\``)
    }
  })

  test('is told when it cannot see every database there is', async () => {
    await using run = await temporaryContext()
    await server.query([`CREATE USER half IDENTIFIED BY 'half'`, MOST.replace('$user', 'half')])
    const place = { host: '127.0.0.1', port: server.port, user: 'half', password: 'half' }
    const settings = mysqlDriver.settings.parse({ ...place, allDatabases: true })
    for (const attempt of [mysqlDriver.probe, mysqlDriver.parts])
      await expect(attempt?.(settings, run.context)).rejects.toMatchObject({
        code: 'SOURCE_RIGHTS_MISSING',
        details: { grant: "GRANT SHOW DATABASES ON *.* TO 'half'@'%';" },
      })
    await server.query('GRANT SHOW DATABASES ON *.* TO half')
    const keys = (await mysqlDriver.parts?.(settings, run.context))?.map((part) => part.key)
    expect(keys?.sort()).toEqual(['database:myXshop', 'database:my_shop'])
    await expect(mysqlDriver.open(settings, { ...run.context, part: 'database:myXshop' })).rejects.toMatchObject({
      code: 'SOURCE_RIGHTS_MISSING',
    })
  })

  test('is told of routines whose bodies, or all of which, are hidden from it', async () => {
    expect((await lackingWith(MOST))?.missing).toBe('routines of `my_shop`')
    expect((await lackingWith(MOST, 'GRANT EXECUTE ON my_shop.* TO $user'))?.missing).toBe(
      'the bodies of `my_shop`.`f`, `my_shop`.`p`',
    )
  })

  test('that runs the SQL of the remedy may do everything', async () => {
    const grant = (await lackingWith('GRANT SELECT ON my_shop.open TO $user'))?.grant as string
    const statements = grant.split(/(?<=;)\s*/).filter(Boolean)
    expect(statements).toHaveLength(2)
    expect(await lackingWith(...statements.map((sql) => sql.replaceAll(/'clerk_\d+'@'%'/g, '$user')))).toBeNull()
  })

  test('has the rights of its role, and those that a pattern gives', async () => {
    const role = ['CREATE ROLE keepers', MOST.replace('$user', 'keepers'), 'GRANT SELECT ON mysql.proc TO keepers']
    expect(await lackingWith(...role, 'GRANT keepers TO $user', 'SET DEFAULT ROLE keepers FOR $user')).toBeNull()
    expect(await lackingWith(MOST.replace('my_shop', '`my%`'), 'GRANT SELECT ON mysql.* TO $user')).toBeNull()
    expect(await lackingWith(MOST.replace('my_shop', '`my\\_shop`'), 'GRANT SELECT ON mysql.proc TO $user')).toBeNull()
    // An escaped _ stands for itself, so this is another database; EXECUTE lets it see ours.
    const another = MOST.replace('my_shop', '`myXshop`')
    expect(await lackingWith(another, 'GRANT EXECUTE ON my_shop.* TO $user')).toMatchObject({
      missing: expect.stringContaining('SELECT, SHOW VIEW, TRIGGER, EVENT on `my_shop`'),
    })
  })
})
