import { randomBytes } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { updateSource } from '#lib/environments/change.ts'
import { addSource } from '#lib/environments/sources.ts'
import { processesWith } from '#lib/process/find.ts'
import { SecretKey } from '#lib/secrets/seal.ts'
import { Secret } from '#lib/secrets/secret.ts'
import type { Finding } from '#lib/sources/scratch-place.ts'
import { damageLargePacks } from '#lib/testing/damage-packs.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { type PostgresServer, postgresMissing, startPostgresServer } from '#lib/testing/postgres-server.ts'
import { mountSmallDisk, type SmallDisk, smallDiskMissing } from '#lib/testing/small-disk.ts'
import { startWorkerProcess } from '#lib/testing/worker-process.ts'
import type { BackupRun, Restore } from '#prisma/client/client.ts'
import { cancelRestore } from './cancel.ts'
import { evidenceKey, problemOfEvidence, resultOf } from './evidence.ts'
import { triggerRestore } from './trigger.ts'
import { triggerVerification } from './trigger-verification.ts'
import type { RestoreWorker } from './worker.ts'

const missing = await postgresMissing()

let home: Installation
let server: PostgresServer | undefined
let worker: RestoreWorker | undefined
const refusal = (code: string) => expect.objectContaining({ code })
const rows = () => home.runtime.prisma.restore
const trigger = (run: BackupRun) => triggerVerification(home.runtime, home.admin, { runId: run.id })
const scratch = () => readdir(join(home.runtime.config.DATA_DIR, 'scratch')).catch(() => [])
const problemsOf = ({ findings }: Restore) =>
  ((findings ?? []) as unknown as Finding[]).flatMap(({ problem }) => problem ?? [])
const textOf = ({ findings }: Restore) => ((findings ?? []) as unknown as Finding[]).map(({ what }) => what).join('\n')

async function ended({ id }: { id: string }): Promise<Restore> {
  const read = () => rows().findUniqueOrThrow({ where: { id } })
  await expect.poll(async () => (await read()).state, { timeout: 60_000 }).not.toMatch(/QUEUED|RUNNING/)
  return read()
}

async function verified(run: BackupRun): Promise<Restore> {
  worker ??= await home.startRestores()
  return ended(await trigger(run))
}

async function save(sourceId: string): Promise<BackupRun> {
  await home.runtime.prisma.rateHit.deleteMany()
  const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'FULL', sourceIds: [sourceId] })
  const { runs } = await home.ended(id)
  expect(runs).toMatchObject([{ state: 'SUCCEEDED' }])
  return runs[0] as BackupRun
}

async function addPostgres(name: string, statements: string): Promise<string> {
  const database = `db_${name}`
  await server?.query(`CREATE DATABASE ${database} TEMPLATE template0 LOCALE 'C.UTF-8'`)
  await server?.query(statements, database)
  const login = { host: '127.0.0.1', port: server?.port, user: 'postgres', password: server?.password, database }
  const { prisma, secretKey } = home.runtime
  const { environmentId } = home
  return (await addSource(prisma, secretKey, { environmentId, name, kind: 'postgres', settings: login })).id
}

const assertThat = (sourceId: string, assertions: object[]) =>
  updateSource(home.runtime, home.admin, { id: sourceId, assertions })

async function evidence() {
  return home.runtime.prisma.verificationEvidence.findMany({ orderBy: { sequence: 'asc' } })
}
const toldOf = ({ id }: Restore) => home.runtime.prisma.$queryRaw<object[]>`
  select 1 from pgboss.job where name = 'notify.repository' and data->>'event' = ${`restore ${id}`}`

beforeAll(async () => {
  home = await openInstallation()
  if (missing === null) server = await startPostgresServer()
  await home.startWorker()
})
afterEach(async () => {
  await worker?.stop()
  worker = undefined
  expect((await scratch()).filter((name) => name.startsWith('restore-'))).toEqual([])
})
afterAll(async () => {
  await home?.close()
  await server?.stop()
})

describe('a verification', () => {
  it('restores every file, compares them, leaves nothing, and signs what it saw', async () => {
    const { source, path } = await home.addFiles('notes', { 'a.txt': 'a', 'new\nline': 'b' })
    const run = await save(source.id)
    await writeFile(join(path, 'a.txt'), 'changed since')
    const restore = await verified(run)
    expect(restore).toMatchObject({ state: 'SUCCEEDED', errorCode: null, filesDone: 2n, requestedBy: home.admin.email })
    expect(resultOf(restore)).toBe('VERIFIED')
    expect(restore.restoreSeconds).toBeGreaterThan(0)
    expect(textOf(restore)).toContain('2 files of 2 bytes')
    expect(await readFile(join(path, 'a.txt'), 'utf8')).toBe('changed since')
    expect(await toldOf(restore)).toEqual([])
    const [proof] = await evidence()
    expect(JSON.parse(proof?.document ?? '')).toMatchObject({
      sequence: 1,
      previousHash: null,
      verificationId: restore.id,
      result: 'VERIFIED',
      source: { name: 'notes', kind: 'files' },
      run: { id: run.id, snapshotId: run.snapshotId },
      files: 2,
      problem: null,
    })
    const action = 'verification.trigger'
    expect(await home.runtime.prisma.auditEvent.findFirstOrThrow({ where: { action } })).toMatchObject({
      targetId: restore.id,
    })
  })

  it('compares the rows of each table with those that were saved', async () => {
    const { source } = await home.addSqlite('shop', 7)
    const run = await save(source.id)
    const [[table, count]] = Object.entries(run.tables as Record<string, number>) as [[string, number]]
    expect(count).toBe(7)
    expect(textOf(await verified(run))).toContain('1 table with 7 rows, as counted at the moment of the backup')
    const where = { id: run.id }
    await home.runtime.prisma.backupRun.update({ where, data: { tables: { [table]: 8, orders: 1 } } })
    const restore = await verified(run)
    expect(restore).toMatchObject({ state: 'FAILED', errorCode: 'VERIFICATION_MISMATCH' })
    expect(resultOf(restore)).toBe('MISMATCH')
    expect(problemsOf(restore)).toEqual([`${table}: 7 rows restored, and 8 saved. orders is missing.`])
    expect(await toldOf(restore)).toHaveLength(1)
    expect(JSON.parse((await evidence()).at(-1)?.document ?? '')).toMatchObject({ result: 'MISMATCH' })
  })

  it('asks what administrators said must be true', async () => {
    const { source } = await home.addSqlite('asked', 3)
    const run = await save(source.id)
    const [table] = Object.keys(run.tables as object)
    const sql = `SELECT count(*) FROM ${table} -- all of them`
    const right = { kind: 'sql', name: 'three rows', sql, value: '3' }
    await assertThat(source.id, [right, { ...right, name: 'some', compare: 'atLeast', value: '2' }])
    expect(textOf(await verified(run))).toContain('assertion “three rows”')
    await assertThat(source.id, [
      { ...right, name: 'four rows', value: '4' },
      { ...right, name: 'at most two', compare: 'atMost', value: '2' },
      { ...right, name: 'no number', compare: 'atLeast', value: 'many' },
      { ...right, name: 'nothing', sql: `SELECT 1 FROM ${table} WHERE false`, value: '' },
      { ...right, name: 'changes', sql: `DELETE FROM ${table} RETURNING 1`, value: '1' },
    ])
    const wrong = await verified(run)
    expect(problemsOf(wrong)).toEqual([
      'four rows: the answer is “3” instead of “4”.',
      'at most two: the answer is “3” instead of at most “2”.',
      'no number: the answer is “3” instead of at least “many”.',
      'nothing: the answer is NULL instead of “”.',
      expect.stringContaining('changes: '),
    ])
    expect(wrong.errorCode).toBe('VERIFICATION_MISMATCH')
  })

  it('looks at files that administrators named', async () => {
    const { source, path } = await home.addFiles('named', { 'a.txt': 'a' })
    const run = await save(source.id)
    const file = { kind: 'file', name: 'a', path: join(path, 'a.txt') }
    const sha256 = 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb'
    await assertThat(source.id, [{ ...file, sha256, minBytes: 1, newerThanHours: 1 }])
    expect((await verified(run)).state).toBe('SUCCEEDED')
    await assertThat(source.id, [
      { ...file, path: join(path, 'b.txt') },
      { ...file, sha256: '0'.repeat(64) },
      { ...file, minBytes: 2 },
      { kind: 'sql', name: 'sql', sql: 'SELECT 1', value: '1' },
    ])
    expect(problemsOf(await verified(run))).toEqual([
      `a: ${join(path, 'b.txt')} is not there.`,
      `a: ${file.path} has other content than it should.`,
      `a: ${file.path} has 1 bytes instead of at least 2.`,
      'sql: this kind of source cannot be asked with SQL.',
    ])
  })

  it('is refused to those who may not, of what is gone, and twice at once; and can be cancelled', async () => {
    const { source } = await home.addFiles('refused', { 'a.txt': 'a' })
    const run = await save(source.id)
    const viewer = { ...home.admin, role: 'VIEWER' as const }
    await expect(triggerVerification(home.runtime, viewer, { runId: run.id })).rejects.toThrow(refusal('FORBIDDEN'))
    await expect(trigger({ ...run, id: 'none' })).rejects.toThrow(refusal('RUN_UNKNOWN'))
    const { id } = await trigger(run)
    await expect(trigger(run)).rejects.toThrow(refusal('VERIFICATION_ALREADY_ACTIVE'))
    await expect(cancelRestore(home.runtime, viewer, id)).rejects.toThrow(refusal('FORBIDDEN'))
    const folder = join(home.folder, 'files', 'restored beside it')
    await triggerRestore(home.runtime, home.admin, { runId: run.id, folder })
    const before = (await evidence()).length
    expect(await cancelRestore(home.runtime, home.admin, id)).toMatchObject({
      state: 'CANCELLED',
      errorCode: 'VERIFICATION_CANCELLED',
    })
    expect(await evidence()).toHaveLength(before)
    const where = { id: run.id }
    await home.runtime.prisma.backupRun.update({ where, data: { removedAt: new Date() } })
    await expect(trigger(run)).rejects.toThrow(refusal('SNAPSHOT_GONE'))
    await rows().deleteMany({ where: { purpose: 'FOLDER' } })
  })
})

describe.skipIf(missing)('a verification of a PostgreSQL database', () => {
  it('loads what its own server can hold without the accounts of the source, and counts', async () => {
    await server?.query('CREATE ROLE app_owner; CREATE ROLE reader')
    const sourceId = await addPostgres(
      'full',
      `CREATE SCHEMA ext; CREATE EXTENSION pgcrypto SCHEMA ext; CREATE EXTENSION hstore;
       CREATE SCHEMA app AUTHORIZATION app_owner;
       CREATE TABLE app.orders (id int PRIMARY KEY, code text DEFAULT encode(ext.digest('x', 'md5'), 'hex'), h hstore);
       ALTER TABLE app.orders OWNER TO app_owner;
       ALTER TABLE app.orders ENABLE ROW LEVEL SECURITY; ALTER TABLE app.orders FORCE ROW LEVEL SECURITY;
       CREATE POLICY own ON app.orders TO reader USING (id = 1);
       GRANT SELECT ON app.orders TO reader;
       INSERT INTO app.orders SELECT n FROM generate_series(1, 1000) n;
       CREATE TABLE parts (id int, at date) PARTITION BY RANGE (at);
       CREATE TABLE parts_2026 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
       INSERT INTO parts VALUES (1, '2026-05-01');
       CREATE TABLE words (word text CHECK (word ~ '^[[:alpha:]]+$' AND word = lower(word)));
       INSERT INTO words VALUES ('größe'), ('žluťoučký');
       CREATE UNIQUE INDEX ON words (upper(word));
       CREATE MATERIALIZED VIEW totals AS SELECT count(*) FROM app.orders;
       CREATE PUBLICATION everything FOR ALL TABLES;
       CREATE FUNCTION hello() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
       CREATE EVENT TRIGGER greets ON ddl_command_end EXECUTE FUNCTION hello();
       SELECT lo_from_bytea(0, 'large');`,
    )
    const run = await save(sourceId)
    expect(run.tables).toEqual({ 'app.orders': 1000, 'public.parts_2026': 1, 'public.words': 2 })
    await server?.query('DELETE FROM app.orders WHERE id > 500', 'db_full')
    await assertThat(sourceId, [
      { kind: 'sql', name: 'orders', sql: 'SELECT max(id) FROM app.orders', value: '1000' },
      { kind: 'sql', name: 'view', sql: 'SELECT count FROM totals', value: '1000' },
    ])
    const restore = await verified(run)
    expect(restore.errorMessage).toBeNull()
    expect(restore.state).toBe('SUCCEEDED')
    expect(textOf(restore)).toContain('amcheck')
    await server?.query('DROP DATABASE db_full WITH (FORCE)')
  })

  it('tries the roles of a server as well as each of its databases', async () => {
    await server?.query('CREATE ROLE "of ""all"; GRANT pg_monitor TO "of ""all"')
    await server?.query('CREATE DATABASE db_of_all')
    await server?.query('CREATE TABLE t AS SELECT 1 AS id', 'db_of_all')
    const login = { host: '127.0.0.1', port: server?.port, user: 'postgres', password: server?.password }
    const settings = {
      ...login,
      allDatabases: true,
      exceptDatabases: ['db_full', 'db_host*', 'db_ext*', 'db_kill*', 'db_canc*'],
    }
    const { prisma, secretKey } = home.runtime
    const { environmentId } = home
    const all = await addSource(prisma, secretKey, { environmentId, name: 'all', kind: 'postgres', settings })
    await assertThat(all.id, [{ kind: 'sql', name: 'one', sql: 'SELECT id FROM t', value: '1', database: 'db_of_all' }])
    const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'FULL', sourceIds: [all.id] })
    const { runs } = await home.ended(id)
    const results: [string, string | null][] = []
    for (const run of runs) results.push([run.part, (await verified(run)).errorMessage])
    expect(results.sort()).toEqual([
      ['database:db_of_all', null],
      ['globals', null],
    ])
    await server?.query('DROP DATABASE db_of_all')
  })

  it('runs nothing that an archive holds with rights of the server', async () => {
    const sourceId = await addPostgres(
      'hostile',
      `CREATE TABLE t (v text);
       INSERT INTO t VALUES ('x');
       CREATE FUNCTION f(v text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
         BEGIN
           IF current_setting('application_name') LIKE 'pg_restore%' OR current_user = 'verification' THEN
             PERFORM pg_read_file('/etc/hostname');
           END IF;
           RETURN v;
         END $$;
       CREATE INDEX ON t (f(v));`,
    )
    const restore = await verified(await save(sourceId))
    expect(restore).toMatchObject({ state: 'FAILED', errorCode: 'RESTORE_TOOL_FAILED' })
    expect(restore.errorMessage).toContain('permission denied for function pg_read_file')
    expect(resultOf(restore)).toBe('FAILED')
  })

  it('says before it loads anything that its server lacks an extension', async () => {
    // PostgreSQL 17 took it out.
    const sourceId = await addPostgres('extended', 'CREATE EXTENSION old_snapshot; CREATE TABLE t (id int)')
    const restore = await verified(await save(sourceId))
    expect(restore).toMatchObject({ state: 'FAILED', errorCode: 'VERIFICATION_EXTENSION_MISSING' })
    expect(restore.errorMessage).toContain('old_snapshot')
  })

  it('leaves nothing when its worker is killed, and is tried again by nobody but a plan', async () => {
    const sourceId = await addPostgres('killed', 'CREATE TABLE t (id int)')
    const run = await save(sourceId)
    await assertThat(sourceId, [{ kind: 'sql', name: 'slow', sql: "SELECT 'x' FROM pg_sleep(120)", value: 'x' }])
    const { id } = await trigger(run)
    const doomed = await startWorkerProcess('restores', home, { RESTIC_BINARY: process.env.RESTIC_BINARY ?? '' })
    const servers = () => processesWith(`restore-${id}`)
    const asked = () => servers().then((pids) => pids.length > 0)
    await expect.poll(asked, { timeout: 60_000 }).toBe(true)
    await doomed.kill()
    expect(await servers()).not.toEqual([])
    worker = await home.startRestores()
    expect(await ended({ id })).toMatchObject({ state: 'INTERRUPTED', errorCode: 'VERIFICATION_INTERRUPTED' })
    await expect.poll(servers, { timeout: 20_000 }).toEqual([])
    await expect.poll(scratch, { timeout: 10_000 }).not.toContain(`restore-${id}`)
  })

  it('leaves place for a restore beside it, and stops in the middle of a query when it is cancelled', async () => {
    const sourceId = await addPostgres('cancelled', 'CREATE TABLE t (id int)')
    const run = await save(sourceId)
    await assertThat(sourceId, [{ kind: 'sql', name: 'slow', sql: "SELECT 'x' FROM pg_sleep(120)", value: 'x' }])
    worker = await home.startRestores()
    const { id } = await trigger(run)
    await expect
      .poll(() => processesWith(`restore-${id}`).then((pids) => pids.length), { timeout: 30_000 })
      .toBeGreaterThan(0)
    const { source } = await home.addFiles('beside', { 'a.txt': 'a' })
    const beside = await save(source.id)
    const waiting = await trigger(beside)
    const folder = join(home.folder, 'files', 'restored while verifying')
    const wanted = await triggerRestore(home.runtime, home.admin, { runId: beside.id, folder })
    expect((await ended(wanted)).state).toBe('SUCCEEDED')
    expect((await rows().findUniqueOrThrow({ where: { id: waiting.id } })).state).toBe('QUEUED')
    await cancelRestore(home.runtime, home.admin, id)
    expect((await ended(waiting)).state).toBe('SUCCEEDED')
    expect(await ended({ id })).toMatchObject({ state: 'CANCELLED', errorCode: 'VERIFICATION_CANCELLED' })
    expect(await processesWith(`restore-${id}`)).toEqual([])
  })
})

describe('the evidence', () => {
  it('is a chain in which nothing can be changed, left out or put in without a trace', async () => {
    const all = await evidence()
    expect(all.length).toBeGreaterThan(4)
    const key = evidenceKey(home.runtime.secretKey)
    expect(problemOfEvidence(all, key)).toBeNull()
    const at = (i: number) => all[i] as (typeof all)[number]
    const better = { ...at(1), document: at(1).document.replace('VERIFIED', 'MISMATCH') }
    expect(problemOfEvidence(all.with(1, better), key)).toContain('signature of number 2')
    expect(problemOfEvidence(all.toSpliced(1, 1), key)).toContain('Number 2 is missing')
    expect(problemOfEvidence(all.with(1, { ...at(2), sequence: 2 }), key)).toContain('Number 2 does not follow')
    expect(problemOfEvidence(all.with(1, { ...at(1), hash: 'x' }), key)).toContain('hash of number 2')
    const other = evidenceKey(new SecretKey(new Secret('another installation’s key, of 32 characters')))
    expect(problemOfEvidence(all, other)).toContain('signature of number 1')
  })
})

describe.skipIf(smallDiskMissing)('a disk that is too small', () => {
  let disk: SmallDisk | undefined
  afterEach(async () => {
    await worker?.stop()
    worker = undefined
    disk?.unmount()
  })

  it('is refused before anything is written, and a full one is no success', async () => {
    const { source } = await home.addFiles('large', { noise: randomBytes(6_000_000).toString('hex') })
    const shop = await save((await home.addSqlite('on a small disk', 50_000)).source.id)
    const run = await save(source.id)
    disk = await mountSmallDisk(join(home.runtime.config.DATA_DIR, 'scratch'), 16)
    await disk.fill(4_000_000)
    const refused = await verified(run)
    expect(refused).toMatchObject({ state: 'FAILED', errorCode: 'RESTORE_NO_SPACE', bytesDone: null })
    // The snapshot fits, and what is loaded from it does not.
    await disk.empty()
    await disk.fill(Number(shop.bytesDone) + 500_000)
    const full = await verified(shop)
    expect(resultOf(full)).toBe('FAILED')
    await disk.empty()
    expect(resultOf(await verified(shop))).toBe('VERIFIED')
  })
})

// Last: it damages the repository.
describe('a damaged repository', () => {
  it('is found by a verification, which says what could not be restored', async () => {
    const { source } = await home.addFiles('damaged', { noise: randomBytes(1_500_000).toString('hex') })
    const run = await save(source.id)
    const { location } = await home.runtime.prisma.repository.findFirstOrThrow()
    await damageLargePacks(location)
    const restore = await verified(run)
    expect(restore).toMatchObject({ state: 'FAILED', errorCode: 'RESTORE_INCOMPLETE' })
    expect(resultOf(restore)).toBe('FAILED')
    expect(await toldOf(restore)).toHaveLength(1)
  })
})
