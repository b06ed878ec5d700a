import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type PostgresServer, postgresMissing, startPostgresServer } from '#lib/testing/postgres-server.ts'
import { temporaryContext } from '../conformance-context.ts'
import { saveCopy } from '../conformance-copy.ts'
import { postgresDriver } from './driver.ts'
import type { Selection } from './selection.ts'

const missing = await postgresMissing()
let server: PostgresServer
let targets = 0

if (missing === null) {
  beforeAll(async () => {
    server = await startPostgresServer()
    await server.query('CREATE DATABASE shop')
    await server.query(
      `CREATE SCHEMA app; CREATE SCHEMA "s.p *?""$"; CREATE SCHEMA tmp_1;
       CREATE TABLE app.orders (id serial); CREATE TABLE app."Orders" (id int); CREATE TABLE app.orders_old (id int);
       CREATE TABLE "s.p *?""$"."a.b $(x) [ab]+" (id int); CREATE TABLE tmp_1.orders (id int); CREATE TABLE loose (id int);
       CREATE TABLE app.events (day date) PARTITION BY RANGE (day);
       CREATE TABLE app.year_2025 PARTITION OF app.events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
       CREATE TABLE app.year_2026 PARTITION OF app.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')
         PARTITION BY RANGE (day);
       CREATE TABLE tmp_1.spring_2026 PARTITION OF app.year_2026 FOR VALUES FROM ('2026-03-01') TO ('2026-06-01');
       INSERT INTO app.events VALUES ('2025-02-03'), ('2026-04-05'); INSERT INTO app.orders VALUES (1), (2)`,
      'shop',
    )
  })
  afterAll(() => server.stop())
}

const settingsOf = (selection: Selection, database = 'shop') =>
  postgresDriver.settings.parse({
    host: '127.0.0.1',
    port: server.port,
    database,
    user: 'postgres',
    password: server.password,
    ...selection,
  })

/** What is in a database that a dump of these was restored into. */
async function restored(selection: Selection, prepare = '') {
  await using run = await temporaryContext()
  const saved = join(run.dir, 'saved')
  await saveCopy(await postgresDriver.open(settingsOf(selection), run.context), saved)
  const database = `target_${++targets}`
  await server.query(`CREATE DATABASE ${database}`)
  if (prepare !== '') await server.query(prepare, database)
  const { inventory } = await postgresDriver.restore(settingsOf({}, database), saved, run.context)
  expect(inventory).toEqual(await postgresDriver.inspect(settingsOf(selection), run.context))
  return inventory.tables
}

describe.skipIf(missing)('A choice of schemas and tables', () => {
  const odd = 's.p *?"$.a.b $(x) [ab]+'
  const events = { 'app.year_2025': 1, 'tmp_1.spring_2026': 1 }

  test('saves the schemas that are named', async () => {
    expect(await restored({ schemas: ['s.p *?"$'] })).toEqual({ [odd]: 0 })
  })

  test('saves schemas by a pattern, without those that are left out', async () => {
    const tables = await restored({ excludeSchemas: ['s.p*', 'tmp_*'], excludeTables: ['app.events'] })
    expect(tables).toEqual({ 'app.Orders': 0, 'app.orders': 2, 'app.orders_old': 0, 'public.loose': 0 })
  })

  test('saves the tables that are named, and no others of like names', async () => {
    expect(await restored({ tables: ['app.orders'] }, 'CREATE SCHEMA app')).toEqual({ 'app.orders': 2 })
  })

  test('saves tables by a pattern, in every schema', async () => {
    const tables = await restored(
      { tables: ['orders*'], excludeTables: ['*_old'] },
      'CREATE SCHEMA app; CREATE SCHEMA tmp_1',
    )
    expect(tables).toEqual({ 'app.orders': 2, 'tmp_1.orders': 0 })
  })

  test('saves a partitioned table with its partitions, wherever they are', async () => {
    expect(await restored({ tables: ['app.events'] }, 'CREATE SCHEMA app; CREATE SCHEMA tmp_1')).toEqual(events)
  })

  test('leaves a partitioned table out with its partitions', async () => {
    const tables = await restored({ excludeTables: ['app.ev*', 'app.orders', 'Orders', 'loose'] })
    expect(tables).toEqual({ 'app.orders_old': 0, [odd]: 0, 'tmp_1.orders': 0 })
  })

  test('takes the names of tables literally', async () => {
    await using run = await temporaryContext()
    const open = (tables: string[]) => postgresDriver.open(settingsOf({ tables }), run.context)
    await saveCopy(await open(['s*.a.b $(x) [ab]+']), join(run.dir, 'saved'))
    for (const table of ['APP.orders', 'app.order?', 'app.orders|loose', 'app.(orders)', '"app"."orders"'])
      await expect(open([table]), table).rejects.toMatchObject({ code: 'SOURCE_SELECTION_EMPTY' })
  })

  test('is an error where it catches nothing, before and while a backup is made', async () => {
    await using run = await temporaryContext()
    const settings = settingsOf({ schemas: ['app', 'ap'] })
    for (const attempt of [postgresDriver.probe, postgresDriver.open])
      await expect(attempt(settings, run.context)).rejects.toMatchObject({
        code: 'SOURCE_SELECTION_EMPTY',
        details: { what: ['schema “ap”'] },
      })
    const noTable = postgresDriver.open(settingsOf({ tables: ['*.pg_class'] }), run.context)
    await expect(noTable).rejects.toMatchObject({ details: { what: ['table “*.pg_class”'] } })
  })

  test('asks for no rights on what is left out', async () => {
    await using run = await temporaryContext()
    await server.query(
      'CREATE ROLE clerk LOGIN; GRANT USAGE ON SCHEMA app TO clerk; GRANT SELECT ON app.orders TO clerk',
      'shop',
    )
    await server.query(`ALTER ROLE clerk PASSWORD 'clerk'`)
    const clerk = { ...settingsOf({ tables: ['app.orders'] }), user: 'clerk', password: 'clerk' }
    const settings = postgresDriver.settings.parse(clerk)
    await expect(postgresDriver.open(settings, run.context)).rejects.toMatchObject({
      details: { missing: ['sequence app.orders_id_seq'] },
    })
    await server.query('GRANT SELECT ON SEQUENCE app.orders_id_seq TO clerk', 'shop')
    await saveCopy(await postgresDriver.open(settings, run.context), join(run.dir, 'saved'))
  })

  test('cannot name tables and schemas both, which pg_dump would not heed', () => {
    const parse = (more: object) => postgresDriver.settings.safeParse({ ...settingsOf({}), ...more }).success
    expect(parse({ tables: ['a'], schemas: ['b'] })).toBe(false)
    expect(parse({ tables: ['a'], excludeSchemas: ['b'] })).toBe(false)
    expect(parse({ tables: [], schemas: ['b'], excludeTables: ['c'] })).toBe(true)
  })
})
