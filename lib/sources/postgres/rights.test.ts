import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type PostgresServer, postgresMissing, startPostgresServer } from '#lib/testing/postgres-server.ts'
import { temporaryContext } from '../conformance-context.ts'
import { saveCopy } from '../conformance-copy.ts'
import { withPostgres } from '../connections/postgres.ts'
import { postgresDriver } from './driver.ts'
import { relationsOf, schemasOf } from './queries.ts'
import { missingRights } from './rights.ts'
import { select } from './selection.ts'
import { connectionTo } from './settings.ts'

const missing = await postgresMissing()
let server: PostgresServer
let accounts = 0

if (missing === null) {
  beforeAll(async () => {
    server = await startPostgresServer()
    await server.query(
      `CREATE SCHEMA closed; CREATE TABLE closed."let ters" (id serial, text text); CREATE TABLE diary (owner text);
       ALTER TABLE diary ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON diary USING (owner = current_user);
       CREATE TABLE measured (day date) PARTITION BY RANGE (day); CREATE VIEW days AS SELECT day FROM measured;
       INSERT INTO diary VALUES ('a'), ('b'); SELECT lo_from_bytea(4711, 'a large object')`,
    )
  })
  afterAll(() => server.stop())
}

async function accountWith(grants: string) {
  const user = `o'dd "clerk" ${++accounts}`
  const quoted = `"${user.replaceAll('"', '""')}"`
  await server.query(`CREATE ROLE ${quoted} LOGIN PASSWORD 'clerk'; ${grants.replaceAll('$user', quoted)}`)
  return postgresDriver.settings.parse({
    host: '127.0.0.1',
    port: server.port,
    database: 'postgres',
    user,
    password: 'clerk',
  })
}

describe.skipIf(missing)('The rights that a PostgreSQL dump needs', () => {
  test('are named when they are missing, and are there once the remedy was followed', async () => {
    await using run = await temporaryContext()
    const settings = await accountWith('')
    const refusal = await postgresDriver.probe(settings, run.context).catch((error: unknown) => error)
    const { missing: named, grant } = (refusal as { details: { missing: string[]; grant: string } }).details
    expect(named).toEqual([
      'schema closed',
      'table closed.let ters',
      'sequence closed.let ters_id_seq',
      'table public.diary',
      'partitioned table public.measured',
      'large object 4711',
    ])
    await server.query(grant)
    // Row security shows only once the table may be read at all.
    const second = await postgresDriver.open(settings, run.context).catch((error: unknown) => error)
    expect(second).toMatchObject({ details: { missing: ['all rows of public.diary (row security)'] } })
    await server.query((second as { details: { grant: string } }).details.grant)
    await postgresDriver.probe(settings, run.context)
    await saveCopy(await postgresDriver.open(settings, run.context), join(run.dir, 'saved'))
    expect((await postgresDriver.inspect(settings, run.context)).tables).toEqual({
      'closed.let ters': 0,
      'public.diary': 2,
    })
  })

  test('are enough with the least that the documentation grants', async () => {
    await using run = await temporaryContext()
    const settings = await accountWith(
      'GRANT pg_read_all_data TO $user; ALTER ROLE $user BYPASSRLS; GRANT SELECT ON LARGE OBJECT 4711 TO $user',
    )
    await saveCopy(await postgresDriver.open(settings, run.context), join(run.dir, 'saved'))
  })

  test('are granted schema by schema where there is no role that reads everything', async () => {
    await using run = await temporaryContext()
    const settings = await accountWith('GRANT SELECT ON LARGE OBJECT 4711 TO $user')
    const look = () =>
      withPostgres(connectionTo(settings, 'postgres'), run.context, async (client) => {
        const selected = select({}, await relationsOf(client), await schemasOf(client))
        return missingRights(client, { major: 13 }, selected)
      })
    const { grants, grantsThere } = await look()
    expect(grants).toEqual([])
    await server.query(grantsThere.join(' '))
    expect((await look()).missing).toEqual(['all rows of public.diary (row security)'])
  })

  test('hold at the most twenty names', async () => {
    await server.query(`CREATE DATABASE "many tables"`)
    await server.query(
      `DO $$BEGIN FOR i IN 1..30 LOOP EXECUTE format('CREATE TABLE t%s ()', i); END LOOP; END$$`,
      'many tables',
    )
    await using run = await temporaryContext()
    const settings = { ...(await accountWith('')), database: 'many tables' }
    const refusal = await postgresDriver.probe(settings, run.context).catch((error: unknown) => error)
    const { missing: named } = (refusal as { details: { missing: string[] } }).details
    expect(named).toHaveLength(21)
    expect(named.at(-1)).toBe('and 10 more')
  })
})
