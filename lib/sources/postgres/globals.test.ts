import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type PostgresServer, postgresMissing, startPostgresServer } from '#lib/testing/postgres-server.ts'
import { temporaryContext } from '../conformance-context.ts'
import { saveCopy } from '../conformance-copy.ts'
import { postgresDriver } from './driver.ts'
import { splitStatements } from './statements.ts'

const missing = await postgresMissing()
const MAINTENANCE = `main'tenance a=b host=evil \\ "☂"`
let server: PostgresServer
let other: PostgresServer

const ROLES = `
  CREATE ROLE staff NOLOGIN; CREATE ROLE kept LOGIN PASSWORD 'of the first server';
  CREATE ROLE "Od""d; role -- x" LOGIN PASSWORD 'let me in' CONNECTION LIMIT 3 VALID UNTIL '2100-01-01';
  CREATE ROLE "new\nline" NOLOGIN BYPASSRLS; GRANT staff TO "Od""d; role -- x" WITH ADMIN OPTION; GRANT staff TO kept;
  COMMENT ON ROLE staff IS E'it''s; a \\\\ comment\\n\\\\restrict or -- not';
  ALTER ROLE staff SET search_path TO a, "B;"; GRANT SET ON PARAMETER work_mem TO staff`

if (missing === null) {
  beforeAll(async () => {
    ;[server, other] = await Promise.all([startPostgresServer(), startPostgresServer()])
    for (const one of [server, other]) await one.query(`CREATE DATABASE "${MAINTENANCE.replaceAll('"', '""')}"`)
    await server.query(ROLES)
    await other.query(`CREATE ROLE kept NOLOGIN CREATEDB`)
  })
  afterAll(() => Promise.all([server.stop(), other.stop()]))
}

const settingsOf = (at: PostgresServer, more: object = {}) =>
  postgresDriver.settings.parse({
    ...{ host: '127.0.0.1', port: at.port, user: 'postgres', password: at.password, allDatabases: true },
    ...{ maintenanceDatabase: MAINTENANCE, ...more },
  })
const part = 'globals'
const FACTS = `
  SELECT json_agg(to_jsonb(r) - 'oid' || jsonb_build_object('comment', shobj_description(r.oid, 'pg_authid'),
           'member of', (SELECT json_agg(m.roleid::regrole::text || m.admin_option) FROM pg_auth_members m WHERE m.member = r.oid))
         ORDER BY rolname) AS facts
  FROM pg_roles r WHERE rolname !~ '^pg_'`

describe.skipIf(missing)('The roles of a PostgreSQL server', () => {
  test('come back where they are missing, and those that exist stay as they are', async () => {
    await using run = await temporaryContext({ part })
    const saved = join(run.dir, 'saved')
    await saveCopy(await postgresDriver.open(settingsOf(server), run.context), saved)
    const receipt = await postgresDriver.restore(settingsOf(other), saved, run.context)
    expect(receipt.summary).toBe('3 roles made: Od"d; role -- x, new\nline, staff; 2 that exist are as they were')
    const facts = async (at: PostgresServer) => (await at.query(FACTS))[0]?.facts as Record<string, unknown>[]
    const [before, after] = [await facts(server), await facts(other)]
    const isMade = (one: Record<string, unknown>) => !['kept', 'postgres'].includes(String(one.rolname))
    expect(after.filter(isMade)).toEqual(before.filter(isMade))
    expect(after.find((one) => one.rolname === 'kept')).toMatchObject({
      ...{ rolcreatedb: true, rolcanlogin: false, 'member of': null },
    })
    const login = new Client({
      host: '127.0.0.1',
      port: other.port,
      user: 'Od"d; role -- x',
      password: 'let me in',
      database: 'postgres',
    })
    await login.connect()
    await login.end()
    const again = await postgresDriver.restore(settingsOf(other), saved, run.context)
    expect(again.summary).toBe('No role was missing; 5 that exist are as they were')
  })

  test('are saved without passwords by an account that may not read them', async () => {
    const log: string[] = []
    await using run = await temporaryContext({ part, log: (level, line) => log.push(`${level}: ${line}`) })
    await server.query(`CREATE ROLE clerk LOGIN PASSWORD 'clerk'`)
    const settings = settingsOf(server, { user: 'clerk', password: 'clerk' })
    await saveCopy(await postgresDriver.open(settings, run.context), run.dir)
    const text = await readFile(join(run.dir, 'globals.sql'), 'utf8')
    expect(text).toContain('CREATE ROLE staff;')
    expect(text).not.toContain('SCRAM-SHA-256')
    expect(log).toContain(
      'warning: Roles are saved without their passwords, which the account may not read (pg_authid).',
    )
  })

  test('are not brought back in part: from a file that was cut, or when one is refused', async () => {
    await using run = await temporaryContext({ part })
    await saveCopy(await postgresDriver.open(settingsOf(server), run.context), run.dir)
    const file = join(run.dir, 'globals.sql')
    const text = await readFile(file, 'utf8')
    const target = await startPostgresServer()
    try {
      const settings = settingsOf(target, { maintenanceDatabase: 'postgres' })
      await writeFile(file, text.slice(0, text.length / 2))
      const cut = postgresDriver.restore(settings, run.dir, run.context)
      await expect(cut).rejects.toMatchObject({ code: 'RESTORE_CONTENT_WRONG' })
      await writeFile(file, text.replace('GRANTED BY postgres', 'GRANTED BY nobody'))
      const refused = postgresDriver.restore(settings, run.dir, run.context)
      await expect(refused).rejects.toMatchObject({ code: 'RESTORE_TOOL_FAILED', details: { exit: '42704' } })
      expect(await target.query(`SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_'`)).toEqual([
        { rolname: 'postgres' },
      ])
    } finally {
      await target.stop()
    }
  })

  test('are not brought back from something else', async () => {
    await using run = await temporaryContext({ part })
    await writeFile(join(run.dir, 'dump'), 'PGDMP')
    const restoring = postgresDriver.restore(settingsOf(other), run.dir, run.context)
    await expect(restoring).rejects.toMatchObject({ code: 'RESTORE_CONTENT_WRONG' })
    expect(await readdir(run.dir)).toEqual(['dump'])
  })
})

test('A script is split at the semicolons that end a statement', () => {
  const script = `-- a; b\n\\restrict a;b\nCREATE ROLE "x;""y";\nCOMMENT ON ROLE z IS 'it''s; -- not';COMMENT ON ROLE z IS E'\\'; a\\\\';\n\\unrestrict ab\n`
  expect(splitStatements(script)).toEqual([
    'CREATE ROLE "x;""y"',
    `COMMENT ON ROLE z IS 'it''s; -- not'`,
    `COMMENT ON ROLE z IS E'\\'; a\\\\'`,
  ])
})
