import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { serveClient } from '#lib/cli/served-client.fixture.ts'
import { addSource } from '#lib/environments/sources.ts'
import { readTurns } from '#lib/repositories/read-turns.ts'
import { decideTurns } from '#lib/repositories/turns.ts'
import { countSqlite } from '#lib/sources/connections/sqlite.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { type MariadbServer, mariadbMissing, startMariadbServer } from '#lib/testing/mariadb-server.ts'
import { type PostgresServer, postgresMissing, startPostgresServer } from '#lib/testing/postgres-server.ts'
import { startWorkerProcess } from '#lib/testing/worker-process.ts'
import type { BackupRun, Restore, Source } from '#prisma/client/client.ts'
import { approveRestore } from './approve.ts'
import { cancelRestore } from './cancel.ts'
import { logOf } from './log-of.fixture.ts'
import { triggerRestore } from './trigger.ts'
import type { RestoreWorker } from './worker.ts'

const missing = (await postgresMissing()) ?? (await mariadbMissing())

let home: Installation
let server: PostgresServer
let other: PostgresServer
let maria: MariadbServer
let worker: RestoreWorker | undefined
let shop: { source: Source; run: BackupRun }
let staging: { environmentId: string; sourceId: string }
const refusal = (code: string) => expect.objectContaining({ code })
const rows = () => home.runtime.prisma.restore
const trigger = (run: BackupRun, place: object, given: object = {}) =>
  triggerRestore(home.runtime, home.admin, { runId: run.id, place, ...given })

async function ended({ id }: { id: string }): Promise<Restore> {
  const read = () => rows().findUniqueOrThrow({ where: { id } })
  await expect.poll(async () => (await read()).state, { timeout: 60_000 }).not.toMatch(/QUEUED|RUNNING/)
  return read()
}
async function restored(run: BackupRun, place: object): Promise<Restore> {
  worker ??= await home.startRestores()
  return ended(await trigger(run, place))
}
async function save(source: Source): Promise<{ source: Source; run: BackupRun }> {
  await home.runtime.prisma.rateHit.deleteMany()
  const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'FULL', sourceIds: [source.id] })
  const { runs } = await home.ended(id)
  expect(runs).toMatchObject([{ state: 'SUCCEEDED' }])
  return { source, run: runs[0] as BackupRun }
}
const add = (name: string, kind: string, settings: object, environmentId = home.environmentId) =>
  addSource(home.runtime.prisma, home.runtime.secretKey, { environmentId, name, kind, settings: { ...settings } })
const databases = async (at: PostgresServer) =>
  (await at.query("SELECT datname FROM pg_database WHERE datname ~ 'shop' ORDER BY 1")).map((row) => row.datname)

beforeAll(async () => {
  home = await openInstallation()
  await home.startWorker()
  if (missing !== null) return
  ;[server, other, maria] = await Promise.all([startPostgresServer(), startPostgresServer(), startMariadbServer()])
  await server.query('CREATE DATABASE shop')
  await server.query(
    `CREATE ROLE reader LOGIN PASSWORD 'r'; GRANT pg_read_all_data TO reader; CREATE ROLE owner_of_all;
     CREATE TABLE orders (id int PRIMARY KEY, note text); INSERT INTO orders SELECT n, 'x' FROM generate_series(1, 50) n;
     ALTER TABLE orders OWNER TO owner_of_all`,
    'shop',
  )
  const login = { host: '127.0.0.1', port: server.port, user: 'reader', password: 'r', database: 'shop' }
  shop = await save(await add('shop', 'postgres', login))
})
afterEach(async () => {
  await worker?.stop()
  worker = undefined
  await rows().deleteMany()
})
afterAll(async () => {
  await home?.close()
  await Promise.all([server?.stop(), other?.stop(), maria?.stop()])
})

describe.skipIf(missing)('a restore into a new database', () => {
  const asSuperuser = () => ({ user: 'postgres', password: server.password })

  it('makes it beside the old one, by an account that may, and counts its rows', async () => {
    await server.query('DELETE FROM orders WHERE id > 10', 'shop')
    const place = { name: 'shop_copy', login: asSuperuser() }
    const restore = await restored(shop.run, place)
    expect(restore.errorMessage).toBeNull()
    expect(restore).toMatchObject({ state: 'SUCCEEDED', sealedLogin: null, placeName: 'shop_copy' })
    expect(await logOf(home.runtime.prisma, restore)).toContain(
      '1 table with 50 rows, as counted at the moment of the backup',
    )
    expect(await server.query('SELECT count(*)::int AS n FROM orders', 'shop_copy')).toEqual([{ n: 50 }])
    expect(await server.query('SELECT count(*)::int AS n FROM orders', 'shop')).toEqual([{ n: 10 }])
    const again = await restored(shop.run, place)
    expect(again).toMatchObject({ state: 'FAILED', errorCode: 'RESTORE_TARGET_NOT_EMPTY', sealedLogin: null })
    expect(await databases(server)).toEqual(['shop', 'shop_copy'])
    await server.query('DROP DATABASE shop_copy')
  })

  it('changes nothing where the account may not, and never shows its password', async () => {
    const restore = await restored(shop.run, { name: 'shop_copy' })
    expect(restore).toMatchObject({ state: 'FAILED', errorCode: 'RESTORE_TOOL_FAILED' })
    const wrong = await restored(shop.run, { name: 'shop_copy', login: { user: 'postgres', password: 'a wrong one' } })
    expect(wrong.state).toBe('FAILED')
    expect(JSON.stringify(wrong, (_, value) => (typeof value === 'bigint' ? `${value}` : value))).not.toContain(
      'a wrong',
    )
    expect(await databases(server)).toEqual(['shop'])
    expect(JSON.stringify(await home.runtime.prisma.auditEvent.findMany())).not.toContain('a wrong')
  })

  it('goes to the server of another source, with or without the owners that it lacks', async () => {
    const login = {
      host: '127.0.0.1',
      port: other.port,
      user: 'postgres',
      password: other.password,
      database: 'postgres',
    }
    const { id: environmentId } = await home.runtime.prisma.environment.create({ data: { name: 'staging' } })
    const { id: sourceId } = await add('elsewhere', 'postgres', login, environmentId)
    const lacking = await restored(shop.run, { name: 'shop', sourceId })
    expect(lacking).toMatchObject({ state: 'FAILED', errorCode: 'RESTORE_SERVER_LACKS' })
    expect(lacking.errorMessage).toContain('owner_of_all')
    expect(await databases(other)).toEqual([])
    const restore = await restored(shop.run, { name: 'shop', sourceId, withoutOwners: true })
    expect(restore.errorMessage).toBeNull()
    expect(await other.query('SELECT count(*)::int AS n FROM orders', 'shop')).toEqual([{ n: 50 }])

    staging = { environmentId, sourceId }
    await other.query('DROP DATABASE shop')
  })

  it('is masked before anybody sees it in another environment, and leaves nothing there when that fails', async () => {
    const { sourceId } = staging
    const mask = (maskingSql: string | null, id = shop.source.id) =>
      home.runtime.prisma.source.update({ where: { id }, data: { maskingSql } })
    const place = { name: 'shop', sourceId, withoutOwners: true }
    await mask("UPDATE orders SET note = 'masked'; SELECT 1/0")
    const failed = await restored(shop.run, place)
    expect(failed).toMatchObject({ state: 'FAILED', errorCode: 'RESTORE_TOOL_FAILED' })
    expect(failed.errorMessage).toContain('division by zero')
    expect(await databases(other)).toEqual([])

    await mask("UPDATE orders SET note = 'masked' WHERE id > 1; DELETE FROM orders WHERE id = 1")
    const masked = await restored(shop.run, place)
    expect(masked).toMatchObject({ state: 'SUCCEEDED', keptAs: null, placeName: 'shop' })
    expect(await other.query('SELECT DISTINCT note FROM orders', 'shop')).toEqual([{ note: 'masked' }])
    expect(await databases(other)).toEqual(['shop'])
    expect(await restored(shop.run, place)).toMatchObject({ errorCode: 'RESTORE_TARGET_NOT_EMPTY' })
    expect(await databases(other)).toEqual(['shop'])
    // In its own environment it is as it was saved.
    await restored(shop.run, { name: 'shop_own', login: asSuperuser() })
    expect(await server.query('SELECT DISTINCT note FROM orders', 'shop_own')).toEqual([{ note: 'x' }])
    await server.query('DROP DATABASE shop_own')
    await other.query('DROP DATABASE shop')
    await mask(null)
  })

  it('waits for another administrator before it goes into a protected environment, and fails when none comes', async () => {
    const { prisma } = home.runtime
    await prisma.environment.update({ where: { id: staging.environmentId }, data: { protected: true } })
    const place = { name: 'shop', sourceId: staging.sourceId, withoutOwners: true }
    worker = await home.startRestores()
    const { id } = await trigger(shop.run, place)
    const approve = (actor: typeof home.admin, confirmEnvironment?: string) =>
      approveRestore(home.runtime, actor, { id, confirmEnvironment })
    const second = { ...home.admin, userId: randomUUID(), email: 'second@example.org' }
    await expect(approve(home.admin, 'staging')).rejects.toThrow(refusal('RESTORE_APPROVAL_OWN'))
    await expect(approve({ ...second, role: 'OPERATOR' }, 'staging')).rejects.toThrow(refusal('FORBIDDEN'))
    await expect(approve(second)).rejects.toThrow(refusal('ENVIRONMENT_NOT_CONFIRMED'))
    const { ready, reasons } = decideTurns(await readTurns(prisma, home.runtime.config))
    expect([ready, reasons.get(id)]).toEqual([[], 'the approval of another administrator'])
    expect(await prisma.restore.findUnique({ where: { id } })).toMatchObject({ state: 'QUEUED', approvedBy: null })
    const told = await prisma.$queryRaw<object[]>`
      select 1 from pgboss.job where name = 'notify.repository' and data->'notice'->>'kind' = 'restore-approval'`
    expect(told).toHaveLength(1)

    await approve(second, 'staging')
    expect(await ended({ id })).toMatchObject({ state: 'SUCCEEDED', approvedBy: 'second@example.org' })
    expect(await databases(other)).toEqual(['shop'])
    await expect(approve(second, 'staging')).rejects.toThrow(refusal('RESTORE_NOT_TO_APPROVE'))
    const audited = await prisma.auditEvent.findFirstOrThrow({ where: { action: 'restore.approve' } })
    expect(audited).toMatchObject({ targetId: id, details: { requestedBy: home.admin.email } })

    const forgotten = await trigger(shop.run, { ...place, name: 'shop_2', login: { user: 'u', password: 'p' } })
    const queuedAt = new Date(Date.now() - 25 * 3_600_000)
    await prisma.restore.update({ where: { id: forgotten.id }, data: { queuedAt } })
    expect(await ended(forgotten)).toMatchObject({
      ...{ state: 'FAILED', errorCode: 'RESTORE_NOT_APPROVED', sealedLogin: null },
    })
    expect(await databases(other)).toEqual(['shop'])
  })

  it('takes the place of a SQLite file, which stays beside it with its write-ahead log, and is masked elsewhere', async () => {
    const lite = await home.addSqlite('lite-in-place', 4)
    const { run } = await save(lite.source)
    const application = new DatabaseSync(lite.path)
    application.exec('PRAGMA wal_autocheckpoint = 0; DELETE FROM item WHERE id > 1')
    const place = { name: lite.path, replace: true, confirmReplace: lite.path }
    const restore = await restored(run, place)
    expect(restore).toMatchObject({ state: 'SUCCEEDED', errorMessage: null })
    application.close()
    const count = async (path: string) => (await countSqlite(path, { signal: new AbortController().signal })).tables
    expect(await count(lite.path)).toEqual({ item: 4 })
    expect(await count(restore.keptAs as string)).toEqual({ item: 1 })
    expect((await readdir(dirname(lite.path))).filter((name) => name.includes('restoring'))).toEqual([])

    const { id: environmentId } = await home.runtime.prisma.environment.create({ data: { name: 'lite staging' } })
    const { id: sourceId } = await add('lite elsewhere', 'sqlite', { path: lite.path }, environmentId)
    const mask = (maskingSql: string) =>
      home.runtime.prisma.source.update({ where: { id: lite.source.id }, data: { maskingSql } })
    const name = join(dirname(lite.path), 'masked.sqlite')
    await mask(`ATTACH '${lite.path}' AS original; DELETE FROM original.item`)
    const attached = await restored(run, { name, sourceId })
    expect(attached).toMatchObject({ state: 'FAILED', errorCode: 'RESTORE_TOOL_FAILED' })
    expect((await readdir(dirname(lite.path))).filter((one) => one.startsWith('masked'))).toEqual([])
    expect(await count(lite.path)).toEqual({ item: 4 })
    await mask("UPDATE item SET name = 'nobody'")
    expect(await restored(run, { name, sourceId })).toMatchObject({ state: 'SUCCEEDED' })
    expect(await readFile(name, 'latin1')).not.toContain('item 1')
    expect((await readFile(name, 'latin1')).split('nobody')).toHaveLength(5)
  })

  it('takes the place of the old one in one step, with applications on it, and keeps that', async () => {
    const place = { name: 'shop', login: asSuperuser(), replace: true }
    await expect(trigger(shop.run, place)).rejects.toThrow(refusal('RESTORE_NOT_CONFIRMED'))
    const application = new Client({
      host: '127.0.0.1',
      port: server.port,
      user: 'postgres',
      password: server.password,
      database: 'shop',
    })
    application.on('error', () => {})
    await application.connect()
    const restore = await restored(shop.run, { ...place, confirmReplace: 'shop' })
    expect(restore.errorMessage).toBeNull()
    expect(restore.keptAs).toMatch(/^shop_before_[0-9a-f]{8}$/)
    const count = (database: string) => server.query('SELECT count(*)::int AS n FROM orders', database)
    expect(await count('shop')).toEqual([{ n: 50 }])
    expect(await count(restore.keptAs as string)).toEqual([{ n: 10 }])
    expect(await databases(server)).toEqual(['shop', restore.keptAs])
    await expect(application.query('SELECT 1')).rejects.toThrow()

    // Where the rows differ, the old one stays as it is.
    const where = { id: shop.run.id }
    await home.runtime.prisma.backupRun.update({ where, data: { tables: { 'public.orders': 51 } } })
    const differing = await restored(shop.run, { ...place, confirmReplace: 'shop' })
    expect(differing).toMatchObject({ state: 'FAILED', errorCode: 'RESTORE_TABLES_DIFFER', keptAs: null })
    expect(await count('shop')).toEqual([{ n: 50 }])
    await home.runtime.prisma.backupRun.update({ where, data: { tables: { 'public.orders': 50 } } })

    // One that is gone comes back.
    await server.query('DROP DATABASE shop')
    expect(await restored(shop.run, { ...place, confirmReplace: 'shop' })).toMatchObject({
      state: 'SUCCEEDED',
      keptAs: null,
    })
    expect(await count('shop')).toEqual([{ n: 50 }])
    for (const name of await databases(server)) if (name !== 'shop') await server.query(`DROP DATABASE "${name}"`)
    await server.query('DELETE FROM orders WHERE id > 10', 'shop')
  })

  it('takes the place of a database of MariaDB, and is masked elsewhere', async () => {
    const { port, user, password } = maria
    const settings = { host: '127.0.0.1', port, user, password, database: 'wiki' }
    await maria.query('CREATE DATABASE wiki')
    await maria.query(
      [
        'CREATE TABLE page (id int PRIMARY KEY, text varchar(20))',
        "INSERT INTO page VALUES (1, 'saved'), (2, 'saved')",
        "CREATE TRIGGER mark BEFORE INSERT ON page FOR EACH ROW SET NEW.text = 'marked'",
        'CREATE VIEW texts AS SELECT text FROM page',
      ],
      'wiki',
    )
    const wiki = await save(await add('wiki', 'mysql', settings))
    await maria.query('DELETE FROM page', 'wiki')
    const { state, errorMessage, keptAs } = await restored(wiki.run, {
      ...{ name: 'wiki', replace: true, confirmReplace: 'wiki' },
    })
    expect({ state, errorMessage }).toEqual({ state: 'SUCCEEDED', errorMessage: null })
    const texts = (database: string) => maria.query('SELECT text FROM texts', database)
    expect(await texts('wiki')).toEqual([{ text: 'saved' }, { text: 'saved' }])
    expect(await texts(keptAs as string)).toEqual([])
    await maria.query('INSERT INTO page (id) VALUES (3)', 'wiki')
    expect(await texts('wiki')).toContainEqual({ text: 'marked' })

    const { id: environmentId } = await home.runtime.prisma.environment.create({ data: { name: 'wiki staging' } })
    const { id: sourceId } = await add('maria of staging', 'mysql', settings, environmentId)
    const mask = (maskingSql: string) =>
      home.runtime.prisma.source.update({ where: { id: wiki.source.id }, data: { maskingSql } })
    await mask("UPDATE page SET text = 'masked'; UPDATE nothing SET text = 'masked'")
    const failed = await restored(wiki.run, { name: 'wiki_masked', sourceId })
    expect(failed).toMatchObject({ state: 'FAILED', errorCode: 'RESTORE_TOOL_FAILED' })
    await mask("UPDATE page SET text = 'masked' WHERE id = 1; DELETE FROM page WHERE id = 2")
    expect(await restored(wiki.run, { name: 'wiki_masked', sourceId })).toMatchObject({ state: 'SUCCEEDED' })
    expect(await texts('wiki_masked')).toEqual([{ text: 'masked' }])
    const databases = (await maria.query("SHOW DATABASES LIKE 'wiki%'")).map((row) => Object.values(row)[0])
    expect(databases.sort()).toEqual(['wiki', 'wiki_masked', keptAs].sort())
  })

  it('is FAILED when the rows are not those that were saved', async () => {
    const where = { id: shop.run.id }
    await home.runtime.prisma.backupRun.update({ where, data: { tables: { 'public.orders': 51 } } })
    const restore = await restored(shop.run, { name: 'shop_short', login: asSuperuser() })
    expect(restore).toMatchObject({ state: 'FAILED', errorCode: 'RESTORE_TABLES_DIFFER' })
    expect(restore.errorMessage).toContain('public.orders: 50 rows restored, and 51 saved.')
    await home.runtime.prisma.backupRun.update({ where, data: { tables: { 'public.orders': 50 } } })
    await server.query('DROP DATABASE shop_short')
  })

  it('leaves no database when it is cancelled in the middle, and says so when the server dies', async () => {
    const third = await startPostgresServer()
    const login = { host: '127.0.0.1', port: third.port, user: 'postgres', password: third.password, database: 'large' }
    await third.query('CREATE DATABASE large')
    await third.query(
      `CREATE TABLE t AS SELECT n, repeat(md5(n::text), 30) AS text FROM generate_series(1, 250000) n;
       CREATE INDEX ON t (md5(text))`,
      'large',
    )
    const { run } = await save(await add('large', 'postgres', login))
    worker = await home.startRestores()
    const loads = () =>
      third.query("SELECT pid FROM pg_stat_activity WHERE datname ~ 'large_' AND query ~ '^(COPY|CREATE INDEX)'")
    const loading = async (name: string) => {
      const { id } = await trigger(run, { name })
      await expect.poll(loads, { timeout: 60_000, interval: 20 }).not.toEqual([])
      return id
    }
    const cancelled = await loading('large_copy')
    await cancelRestore(home.runtime, home.admin, cancelled)
    expect(await ended({ id: cancelled })).toMatchObject({ state: 'CANCELLED', errorCode: 'RESTORE_CANCELLED' })
    expect(await third.query("SELECT datname FROM pg_database WHERE datname ~ 'large_'")).toEqual([])
    await worker.stop()
    const doomed = await startWorkerProcess('restores', home, { RESTIC_BINARY: process.env.RESTIC_BINARY ?? '' })
    const killed = await loading('large_killed')
    await doomed.kill()
    worker = await home.startRestores()
    const interrupted = await ended({ id: killed })
    expect(interrupted).toMatchObject({ state: 'INTERRUPTED', errorCode: 'RESTORE_INTERRUPTED', attempt: 1 })
    expect(interrupted.errorMessage).toContain('“large_killed”')
    const died = await loading('large_dead')
    await third.kill()
    const restore = await ended({ id: died })
    expect(restore).toMatchObject({ state: 'FAILED', errorCode: 'RESTORE_TOOL_FAILED' })
    expect(await logOf(home.runtime.prisma, restore)).toContain(
      '“large_dead”, made for this restore, could not be removed',
    )
    await third.stop()
  })

  it('is refused before it is queued where it cannot be, and while another goes to the same place', async () => {
    const { source } = await home.addFiles('notes', { 'a.txt': 'a' })
    const files = await save(source)
    const names = { name: 'x' }
    await expect(trigger(files.run, names)).rejects.toThrow(refusal('RESTORE_NOT_INTO_PLACE'))
    await expect(trigger(shop.run, { ...names, sourceId: source.id })).rejects.toThrow(
      refusal('RESTORE_NOT_INTO_PLACE'),
    )
    await expect(trigger(shop.run, { ...names, sourceId: 'none' })).rejects.toThrow(refusal('SOURCE_UNKNOWN'))
    await expect(trigger(shop.run, { name: '' })).rejects.toThrow(refusal('INPUT_INVALID'))
    await expect(trigger(shop.run, names, { folder: '/x' })).rejects.toThrow(refusal('INPUT_INVALID'))
    const first = await trigger(shop.run, { ...names, login: { user: 'u', password: 'very secret' } })
    expect(first.sealedLogin).not.toContain('secret')
    await expect(trigger(shop.run, names)).rejects.toThrow(refusal('RESTORE_TARGET_BUSY'))
  })

  it('makes one of MariaDB, and a new file of SQLite, by the command line', async () => {
    await maria.query('CREATE DATABASE blog')
    await maria.query(['CREATE TABLE posts (id int PRIMARY KEY)', 'INSERT INTO posts VALUES (1), (2)'], 'blog')
    const { port, user, password } = maria
    const blog = await save(await add('blog', 'mysql', { host: '127.0.0.1', port, user, password, database: 'blog' }))
    worker = await home.startRestores()
    const client = await serveClient(home, 'restore')
    const variables = { ADMIN: password }
    const login = ['--user', user, '--password-env', 'ADMIN']
    const made = await client.run([blog.run.id, '--to-database', 'blog_copy', ...login, '--wait'], { variables })
    expect(made).toMatchObject({ code: 0, stderr: '' })
    expect(made.stdout).toContain('SUCCEEDED  blog to the database “blog_copy”')
    expect(await maria.query('SELECT count(*) AS n FROM posts', 'blog_copy')).toEqual([{ n: 2 }])
    const taken = await client.run([blog.run.id, '--to-database', 'blog_copy', '--wait'])
    expect(taken.code).toBe(1)
    expect(taken.stdout).toContain('RESTORE_TARGET_NOT_EMPTY')

    const lite = await home.addSqlite('lite', 4)
    const { run } = await save(lite.source)
    const file = join(home.folder, 'files', 'copy of lite.sqlite')
    expect(await client.run([run.id, '--to-file', file, '--wait'])).toMatchObject({ code: 0 })
    const { tables } = await countSqlite(file, { signal: new AbortController().signal })
    expect(Object.values(tables)).toEqual([4])
    expect((await client.run([run.id, '--to-file', file, '--wait'])).stdout).toContain('RESTORE_TARGET_NOT_EMPTY')
    expect((await client.run([run.id, '--to-file', '/etc/copy.sqlite', '--wait'])).stdout).toContain('PATH_NOT_ALLOWED')
    expect((await client.run([run.id, '--wait'])).stderr).toContain('A restore has one target')
    client.close()
  })
})
