import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { serveClient } from '#lib/cli/served-client.fixture.ts'
import { addSource } from '#lib/environments/sources.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { type PostgresServer, postgresMissing, startPostgresServer } from '#lib/testing/postgres-server.ts'
import type { BackupRun, Restore } from '#prisma/client/client.ts'
import { triggerRestore } from './trigger.ts'

const missing = await postgresMissing()
let home: Installation
let server: PostgresServer | undefined
let run: BackupRun
let path: string
const refusal = (code: string) => expect.objectContaining({ code })
const rows = () => home.runtime.prisma.restore
const trigger = (tables: object, given: object = {}) =>
  triggerRestore(home.runtime, home.admin, { runId: run.id, tables, ...given })
const exports = [
  { name: 'customers', table: 'customers', personColumn: 'id' },
  { name: 'countries', table: 'countries' },
]

async function ended({ id }: { id: string }): Promise<Restore> {
  const read = () => rows().findUniqueOrThrow({ where: { id } })
  await expect.poll(async () => (await read()).state, { timeout: 60_000 }).not.toMatch(/QUEUED|RUNNING/)
  return read()
}

async function save(sourceId: string): Promise<BackupRun> {
  await home.runtime.prisma.rateHit.deleteMany()
  const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'FULL', sourceIds: [sourceId] })
  const { runs } = await home.ended(id)
  expect(runs).toMatchObject([{ state: 'SUCCEEDED' }])
  return runs[0] as BackupRun
}

const add = (name: string, connection: object, chosen: object[] = exports) =>
  addSource(home.runtime.prisma, home.runtime.secretKey, {
    ...{ environmentId: home.environmentId, name, kind: 'user-data' },
    settings: { connection, exports: chosen },
  })

function within<T>(work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(path)
  try {
    return work(database)
  } finally {
    database.close()
  }
}
const names = () =>
  within((database) => database.prepare('SELECT name FROM customers ORDER BY id').all()).map((row) => row.name)

beforeAll(async () => {
  home = await openInstallation()
  await Promise.all([home.startWorker(), home.startRestores()])
  path = join(dirname((await home.addSqlite('other', 1)).path), 'people.sqlite')
  within((database) =>
    database.exec(`CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE countries (code TEXT PRIMARY KEY);
      INSERT INTO customers VALUES (1, 'Ada'), (2, 'Bob'); INSERT INTO countries VALUES ('np')`),
  )
  run = await save((await add('people', { kind: 'sqlite', path })).id)
  if (missing === null) server = await startPostgresServer()
})
afterEach(() => rows().deleteMany())
afterAll(async () => {
  await home?.close()
  await server?.stop()
})

it('the rows of one person come back, and what nothing is known of by person is named', async () => {
  within((database) => database.exec("DELETE FROM customers; INSERT INTO customers VALUES (2, 'Bob now')"))
  const restore = await ended(await trigger({ conflict: 'SKIP', person: '1' }))
  expect(restore).toMatchObject({ state: 'PARTIAL', errorCode: 'RESTORE_INCOMPLETE', placeName: 'people', person: '1' })
  expect(restore.errorMessage).toContain('“countries”')
  expect(restore.changes).toMatchObject({ restored: 1, updated: 0, unchanged: 0 })
  expect(names()).toEqual(['Ada', 'Bob now'])
  const nobody = await ended(await trigger({ conflict: 'SKIP', person: '3' }))
  expect(nobody).toMatchObject({ state: 'FAILED', errorCode: 'USER_DATA_PERSON_UNKNOWN' })
})

it('all rows become the saved ones only when the name of the source is repeated, and the command line can ask', async () => {
  within((database) => database.exec("UPDATE customers SET name = name || ' now'"))
  await expect(trigger({ conflict: 'REPLACE' })).rejects.toThrow(refusal('RESTORE_NOT_CONFIRMED'))
  const refused = await ended(await trigger({}))
  expect(refused).toMatchObject({ state: 'FAILED', errorCode: 'RESTORE_TARGET_NOT_EMPTY' })
  const client = await serveClient(home, 'restore')
  const done = await client.run([
    run.id,
    '--to-tables',
    '--conflict',
    'replace',
    '--confirm-source',
    'people',
    '--wait',
  ])
  expect(done).toMatchObject({ code: 0, stderr: '' })
  expect(done.stdout).toContain('SUCCEEDED  people to the tables of “people”')
  expect(done.stdout).toContain('0 were restored and 2 replaced; 1 stay as they are')
  expect(names()).toEqual(['Ada', 'Bob'])
  client.close()
})

it('is refused of other kinds, with paths, and while another goes into the same tables', async () => {
  const { source } = await home.addFiles('files', { a: 'a' })
  const files = await save(source.id)
  await expect(trigger({}, { runId: files.id })).rejects.toThrow(refusal('RESTORE_NOT_INTO_PLACE'))
  await expect(trigger({ sourceId: source.id })).rejects.toThrow(refusal('RESTORE_NOT_INTO_PLACE'))
  await expect(trigger({}, { paths: ['/x'] })).rejects.toThrow(refusal('INPUT_INVALID'))
  const first = await trigger({ conflict: 'SKIP', person: '1' }, { idempotencyKey: 'rows' })
  expect((await trigger({ conflict: 'SKIP', person: '1' }, { idempotencyKey: 'rows' })).id).toBe(first.id)
  const another = trigger({ conflict: 'SKIP', person: '2' }, { idempotencyKey: 'rows' })
  await expect(another).rejects.toThrow(refusal('IDEMPOTENCY_KEY_REUSED'))
  await ended(first)
})

if (missing === null)
  it('rows go in by another account than the source’s, which may only read, and its password is kept nowhere', async () => {
    const at = server as PostgresServer
    await at.query('CREATE DATABASE people')
    await at.query(
      `CREATE ROLE reader LOGIN PASSWORD 'r'; GRANT pg_read_all_data TO reader;
       CREATE TABLE customers (id int PRIMARY KEY, name text); INSERT INTO customers VALUES (1, 'Ada'), (2, 'Bob')`,
      'people',
    )
    const login = { host: '127.0.0.1', port: at.port, database: 'people', user: 'reader', password: 'r' }
    const only = [{ name: 'customers', table: 'customers', personColumn: 'id' }]
    const saved = await save((await add('people of the server', { kind: 'postgres', ...login }, only)).id)
    await at.query('DELETE FROM customers WHERE id = 1', 'people')
    const wish = { conflict: 'SKIP', person: '1' }
    const refused = await ended(await trigger(wish, { runId: saved.id }))
    expect(refused).toMatchObject({ state: 'FAILED', errorCode: 'RESTORE_TOOL_FAILED' })
    const account = { user: 'postgres', password: at.password }
    const restore = await ended(await trigger({ ...wish, login: account }, { runId: saved.id }))
    expect(restore).toMatchObject({ state: 'SUCCEEDED', errorMessage: null, sealedLogin: null })
    expect(await at.query('SELECT name FROM customers ORDER BY id', 'people')).toEqual([
      { name: 'Ada' },
      { name: 'Bob' },
    ])
    expect(JSON.stringify(await home.runtime.prisma.auditEvent.findMany())).not.toContain(at.password)
  })
