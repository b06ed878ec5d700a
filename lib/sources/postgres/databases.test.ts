import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type PostgresServer, postgresMissing, startPostgresServer } from '#lib/testing/postgres-server.ts'
import { temporaryContext } from '../conformance-context.ts'
import { saveCopy } from '../conformance-copy.ts'
import type { DriverContext } from '../driver.ts'
import { postgresDriver } from './driver.ts'

const missing = await postgresMissing()
let server: PostgresServer

if (missing === null) {
  beforeAll(async () => {
    server = await startPostgresServer()
    for (const name of ['shop', 'blog', 'tmp_1', '"o\'dd $(x), a=b ""☂"', 'closed', 'mould'])
      await server.query(`CREATE DATABASE ${name}`)
    await server.query('CREATE TABLE goods AS SELECT i AS id FROM generate_series(1, 5) i', 'shop')
    await server.query('ALTER DATABASE closed ALLOW_CONNECTIONS false')
    await server.query('ALTER DATABASE mould IS_TEMPLATE true')
  })
  afterAll(() => server.stop())
}

const ODD = `o'dd $(x), a=b "☂`
const settingsOf = (more: object, at = server) =>
  postgresDriver.settings.parse({ host: '127.0.0.1', port: at.port, user: 'postgres', password: at.password, ...more })
const partsOf = async (more: object, context: DriverContext) =>
  (await postgresDriver.parts?.(settingsOf(more), context))?.map((part) => part.key)

describe.skipIf(missing)('The databases of a server', () => {
  test('are one part each, and the roles another, without the system’s own', async () => {
    const log: string[] = []
    await using run = await temporaryContext({ log: (level, line) => log.push(`${level}: ${line}`) })
    const parts = await partsOf({ allDatabases: true, exceptDatabases: ['tmp_*'] }, run.context)
    expect(parts).toEqual(['database:blog', `database:${ODD}`, 'database:shop', 'globals'])
    expect(log).toEqual([
      'warning: The database “closed” takes no connections and is left out.',
      'warning: The database “mould” is a template and is left out.',
    ])
  })

  test('include a new one, and “postgres” once somebody has put something into it', async () => {
    await using run = await temporaryContext()
    const newOnes = async () => (await partsOf({ allDatabases: true }, run.context))?.slice(0, -1)
    const before = await newOnes()
    await server.query('CREATE DATABASE young')
    await server.query('CREATE FUNCTION one() RETURNS int LANGUAGE sql AS $$SELECT 1$$')
    expect((await newOnes())?.filter((one) => !before?.includes(one)).sort()).toEqual([
      'database:postgres',
      'database:young',
    ])
    await server.query('DROP FUNCTION one')
    await server.query('DROP DATABASE young')
    expect(await newOnes()).toEqual(before)
  })

  test('are no backup when there is none of them', async () => {
    await using run = await temporaryContext()
    const none = { allDatabases: true, exceptDatabases: ['*'] }
    expect(await partsOf(none, run.context)).toEqual([])
    await expect(postgresDriver.probe(settingsOf(none), run.context)).rejects.toMatchObject({ code: 'SOURCE_EMPTY' })
  })

  test('may be listed, and one alone has no parts', async () => {
    await using run = await temporaryContext()
    expect(await partsOf({ databases: ['shop', 'gone'] }, run.context)).toEqual(['database:shop', 'database:gone'])
    expect(await postgresDriver.parts?.(settingsOf({ database: 'shop' }), run.context)).toBeNull()
  })

  test('are found with their sizes before any is chosen', async () => {
    await using run = await temporaryContext()
    const raw = {
      host: '127.0.0.1',
      port: server.port,
      user: 'postgres',
      password: server.password,
      database: 'left over',
    }
    const found = await postgresDriver.discovery?.find(postgresDriver.discovery.settings.parse(raw), run.context)
    expect(found?.map((one) => one.name)).toEqual(['blog', ODD, 'shop', 'tmp_1'])
    for (const one of found ?? []) expect(one.bytes).toBeGreaterThan(1_000_000)
  })

  test('are all looked at before the source is saved', async () => {
    await using run = await temporaryContext()
    const probe = await postgresDriver.probe(settingsOf({ allDatabases: true }), run.context)
    expect(probe.summary).toContain('4 databases, 1 tables')
    expect(probe.warnings).toHaveLength(2)
    const gone = postgresDriver.probe(settingsOf({ databases: ['shop', 'gone'] }), run.context)
    await expect(gone).rejects.toMatchObject({ code: 'SOURCE_DATABASE_UNKNOWN', details: { database: 'gone' } })
  })

  test('that an account may not enter or read are named, with their databases', async () => {
    await using run = await temporaryContext()
    await server.query(`CREATE ROLE clerk LOGIN PASSWORD 'clerk'; REVOKE CONNECT ON DATABASE blog FROM PUBLIC`)
    const settings = { ...settingsOf({ allDatabases: true }), user: 'clerk' }
    const clerk = postgresDriver.settings.parse({ ...settings, password: 'clerk' })
    const refusal = await postgresDriver.probe(clerk, run.context).catch((error: unknown) => error)
    const { missing: named, grant } = (refusal as { details: { missing: string[]; grant: string } }).details
    expect(named).toEqual(['the right to connect in blog', 'table public.goods in shop'])
    await server.query('GRANT SELECT ON goods TO clerk', 'shop')
    await server.query(grant.split(';')[0] as string) // CONNECT alone
    const { warnings } = await postgresDriver.probe(clerk, run.context)
    expect(warnings).toContain('Roles are saved without their passwords, which the account may not read (pg_authid).')
  })

  test('come back by part, and one that has vanished is told', async () => {
    await using run = await temporaryContext()
    const context = { ...run.context, part: 'database:shop' }
    const all = settingsOf({ allDatabases: true })
    await saveCopy(await postgresDriver.open(all, context), join(run.dir, 'shop'))
    await server.query('CREATE DATABASE "shop elsewhere"')
    const receipt = await postgresDriver.restore(
      settingsOf({ database: 'shop elsewhere' }),
      join(run.dir, 'shop'),
      context,
    )
    expect(receipt.inventory).toEqual(await postgresDriver.inspect(all, context))
    expect(receipt.inventory.tables).toEqual({ 'public.goods': 5 })
    await server.query('DROP DATABASE "shop elsewhere"')
    const gone = postgresDriver.open(all, { ...context, part: 'database:shop elsewhere' })
    await expect(gone).rejects.toMatchObject({ code: 'SOURCE_DATABASE_UNKNOWN' })
  })

  test('that the settings do not include are not saved by anybody', async () => {
    await using run = await temporaryContext()
    const open = (more: object, part: string) => postgresDriver.open(settingsOf(more), { ...run.context, part })
    for (const [more, part] of [
      [{ database: 'shop' }, 'database:blog'],
      [{ databases: ['shop'] }, 'database:blog'],
      [{ databases: ['shop'] }, 'globals'],
      [{ databases: ['shop'] }, ''],
      [{ allDatabases: true, exceptDatabases: ['b*'] }, 'database:blog'],
      [{ allDatabases: true }, 'nonsense'],
    ] as const)
      await expect(open(more, part), part).rejects.toMatchObject({ code: 'SOURCE_PART_UNKNOWN' })
  })

  test('are chosen in one way only', () => {
    const parse = (more: object) => {
      const { database: _, allDatabases: __, ...rest } = settingsOf({ database: 'shop' })
      return postgresDriver.settings.safeParse({ ...rest, ...more }).success
    }
    expect(parse({})).toBe(false)
    expect(parse({ database: 'a', databases: ['b'] })).toBe(false)
    expect(parse({ database: 'a', allDatabases: true })).toBe(false)
    expect(parse({ databases: ['a', 'a'] })).toBe(false)
    expect(parse({ database: 'a', exceptDatabases: ['b'] })).toBe(false)
    expect(parse({ allDatabases: true, tables: ['b'] })).toBe(false)
    expect(parse({ allDatabases: true, exceptDatabases: ['b'], excludeTables: ['tmp_*'] })).toBe(true)
  })
})
