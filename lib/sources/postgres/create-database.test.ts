import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type PostgresServer, postgresMissing, startPostgresServer } from '#lib/testing/postgres-server.ts'
import { type TemporaryContext, temporaryContext } from '../conformance-context.ts'
import { saveCopy } from '../conformance-copy.ts'
import { databasePart } from '../driver.ts'
import { postgresDriver } from './driver.ts'

const missing = await postgresMissing()
const NAME = `o'dd $(x), a=b "; -- \\ DATABASE`
const quoted = `"${NAME.replaceAll('"', '""')}"`
let server: PostgresServer
let other: PostgresServer

if (missing === null) {
  beforeAll(async () => {
    ;[server, other] = await Promise.all([startPostgresServer(), startPostgresServer()])
    await server.query('CREATE ROLE "own;er"')
    await server.query(
      `CREATE DATABASE ${quoted} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C' OWNER "own;er" CONNECTION LIMIT 7`,
    )
    await server.query(
      `CREATE TABLE goods AS SELECT i AS id FROM generate_series(1, 5) i; REVOKE CONNECT ON DATABASE ${quoted} FROM PUBLIC;
       COMMENT ON DATABASE ${quoted} IS 'it''s; -- mine'; ALTER DATABASE ${quoted} SET work_mem TO '7MB';
       CREATE SCHEMA "DATABASE"; COMMENT ON SCHEMA "DATABASE" IS 'DATABASE x'; COMMENT ON TABLE goods IS 'of a table'`,
      NAME,
    )
  })
  afterAll(() => Promise.all([server.stop(), other.stop()]))
}

const settingsOf = (at: PostgresServer) =>
  postgresDriver.settings.parse({
    ...{ host: '127.0.0.1', port: at.port, user: 'postgres', password: at.password, allDatabases: true },
  })
const part = databasePart(NAME)
const facts = async (at: PostgresServer) =>
  (
    await at.query(
      `SELECT datname, pg_encoding_to_char(encoding) AS encoding, datcollate, datconnlimit, datdba::regrole::text AS owner,
              (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(datacl) a) AS acl, shobj_description(d.oid, 'pg_database') AS comment, s.setconfig
       FROM pg_database d LEFT JOIN pg_db_role_setting s ON s.setdatabase = d.oid WHERE datname ~ 'dd'`,
    )
  )[0]
const save = async (run: TemporaryContext) => {
  await saveCopy(await postgresDriver.open(settingsOf(server), run.context), join(run.dir, 'saved'))
  return join(run.dir, 'saved')
}

describe.skipIf(missing)('A database that the server no longer has', () => {
  test('is not made when it cannot be made as it was', async () => {
    await using run = await temporaryContext({ part })
    const saved = await save(run)
    const restoring = postgresDriver.restore(settingsOf(other), saved, run.context)
    await expect(restoring).rejects.toMatchObject({
      code: 'RESTORE_TOOL_FAILED',
      details: { reason: 'role "own;er" does not exist' },
    })
    expect(await facts(other)).toBeUndefined()
    expect(await run.scratchContent()).toEqual([])
  })

  test('is gone again when what it holds cannot be brought back', async () => {
    await using run = await temporaryContext({ part })
    await server.query('CREATE ROLE passing; CREATE POLICY passing ON goods TO passing', NAME)
    const saved = await save(run)
    await server.query('DROP POLICY passing ON goods; DROP ROLE passing', NAME)
    await other.query('CREATE ROLE "own;er"')
    const restoring = postgresDriver.restore(settingsOf(other), saved, run.context)
    await expect(restoring).rejects.toMatchObject({ code: 'RESTORE_TOOL_FAILED', details: { tool: 'pg_restore' } })
    expect(await facts(other)).toBeUndefined()
  })

  test('is not begun when an owner or an extension is missing, and can be had without owners', async () => {
    await using run = await temporaryContext({ part })
    await server.query('CREATE ROLE "an ""owner"; ALTER TABLE goods OWNER TO "an ""owner"', NAME)
    const saved = await save(run)
    await server.query('ALTER TABLE goods OWNER TO postgres; DROP ROLE "an ""owner"', NAME)
    const lacks = ['the role “an "owner”']
    const lacking = { code: 'RESTORE_SERVER_LACKS', details: { lacks } }
    await expect(postgresDriver.restore(settingsOf(other), saved, run.context)).rejects.toMatchObject(lacking)
    expect(await facts(other)).toBeUndefined()
    const without = { ...run.context, withoutOwners: true }
    const receipt = await postgresDriver.restore(settingsOf(other), saved, without)
    expect(receipt.inventory.tables).toEqual({ 'public.goods': 5 })
    expect(await facts(other)).toMatchObject({ owner: 'postgres', encoding: 'LATIN1' })
    await other.query(`DROP DATABASE ${quoted}`)
  })

  test('comes back under another name, which is refused where it is taken', async () => {
    await using run = await temporaryContext({ part })
    const saved = await save(run)
    const copy = 'a " DATABASE copy'
    const place = await postgresDriver.newPlace?.open(settingsOf(server), copy, run.context)
    const receipt = await postgresDriver.restore(place as never, saved, run.context)
    expect(receipt.inventory.tables).toEqual({ 'public.goods': 5 })
    const [made] = await server.query(
      `SELECT pg_encoding_to_char(encoding) AS encoding, datconnlimit, datdba::regrole::text AS owner,
              shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = 'a " DATABASE copy'`,
    )
    expect(made).toEqual({ encoding: 'LATIN1', datconnlimit: 7, owner: '"own;er"', comment: "it's; -- mine" })
    await expect(postgresDriver.newPlace?.open(settingsOf(server), copy, run.context)).rejects.toMatchObject({
      code: 'RESTORE_TARGET_NOT_EMPTY',
    })
    await server.query('DROP DATABASE "a "" DATABASE copy"')
  })

  test('comes back as it was, with its owner, encoding, settings and rights', async () => {
    await using run = await temporaryContext({ part })
    const saved = await save(run)
    const receipt = await postgresDriver.restore(settingsOf(other), saved, run.context)
    expect(receipt.summary).toContain(`1 tables restored into the new database ${NAME}`)
    expect(receipt.inventory).toEqual(await postgresDriver.inspect(settingsOf(server), run.context))
    expect(await facts(other)).toEqual(await facts(server))
    // Now it is there, and what is in it is in the way: nobody's database is removed.
    await expect(postgresDriver.restore(settingsOf(other), saved, run.context)).rejects.toMatchObject({
      code: 'RESTORE_TOOL_FAILED',
    })
    expect(await facts(other)).toEqual(await facts(server))
  })

  test('is not made from the archive of another', async () => {
    await using run = await temporaryContext({ part })
    const saved = await save(run)
    const context = { ...run.context, part: 'database:another' }
    await expect(postgresDriver.restore(settingsOf(other), saved, context)).rejects.toMatchObject({
      code: 'RESTORE_CONTENT_WRONG',
    })
  })
})
