import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { addSource } from '#lib/environments/sources.ts'
import { openAccess } from '#lib/repositories/access.ts'
import { listSnapshots } from '#lib/restic/snapshots.ts'
import { childrenOfOurs } from '#lib/sources/conformance-copy.ts'
import { type SourceKind, sourceKinds } from '#lib/sources/kinds.ts'
import { makeBucket, putObjects, settingsFor } from '#lib/sources/s3/bucket.fixture.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { mariadbMissing, startMariadbServer } from '#lib/testing/mariadb-server.ts'
import { postgresMissing, startPostgresServer } from '#lib/testing/postgres-server.ts'
import { redisMissing, startRedisServer } from '#lib/testing/redis-server.ts'
import { s3ServerMissing, startS3Server } from '#lib/testing/s3-server.ts'
import type { BackupRun } from '#prisma/client/client.ts'
import { cancelBackup } from './cancel.ts'
import { follow } from './follow.ts'
import { triggerBackup } from './trigger.ts'

/*
 * What happens to a run, from the trigger to the repository, when its source fails. The drivers' own suite has more faults;
 * here each kind with a server shows that the rest of the product draws the right conclusion from them.
 */

interface Server {
  settings: Record<string, unknown>
  /** Sessions on the server that are not the test's own. */
  sessions(): Promise<number>
  freeze(): Promise<void> | void
  thaw(): Promise<void> | void
  kill(): Promise<void>
  stop(): Promise<void>
  /** Where a later run would have less to do: makes it as long as the first. */
  renew?(): Promise<void>
}

interface ServerKind {
  kind: SourceKind
  missing: string | null
  /** Holds so much, or is so slow, that its backup is noticed before it ends. */
  start(): Promise<Server>
  wrongPassword: Record<string, unknown>
}

const postgres: ServerKind = {
  kind: 'postgres',
  missing: await postgresMissing(),
  wrongPassword: { password: 'wrong' },
  async start() {
    const server = await startPostgresServer()
    await server.query('create table big as select i, repeat(md5(i::text), 30) from generate_series(1, 150000) i')
    const count = `select count(*) as n from pg_stat_activity
                   where backend_type = 'client backend' and pid <> pg_backend_pid()`
    return {
      ...server,
      settings: {
        host: '127.0.0.1',
        port: server.port,
        database: 'postgres',
        user: 'postgres',
        password: server.password,
      },
      sessions: async () => Number((await server.query(count))[0]?.n),
    }
  },
}

const mysql: ServerKind = {
  kind: 'mysql',
  missing: await mariadbMissing(),
  wrongPassword: { password: 'wrong' },
  async start() {
    const server = await startMariadbServer()
    const table = 'create table big (id int primary key, filler text)'
    await server.query([
      'create database shop',
      `use shop`,
      table,
      'insert into big select seq, repeat(md5(seq), 30) from seq_1_to_150000',
    ])
    const count = `select count(*) as n from information_schema.processlist where user = '${server.user}' and id <> connection_id()`
    const { port, user, password } = server
    return {
      ...server,
      settings: { host: '127.0.0.1', port, database: 'shop', user, password },
      sessions: async () => Number((await server.query(count))[0]?.n),
    }
  },
}

const redis: ServerKind = {
  kind: 'redis',
  missing: redisMissing(),
  wrongPassword: { password: 'wrong' },
  async start() {
    const server = await startRedisServer()
    // A key takes it 100 µs, so that its copy takes some seconds.
    await server.run(['DEBUG', 'POPULATE', '20000', 'key', '1500'], ['CONFIG', 'SET', 'rdb-key-save-delay', '100'])
    const { port, password } = server
    return {
      ...server,
      settings: { host: '127.0.0.1', port, password },
      sessions: async () =>
        String(await server.run(['CLIENT', 'LIST']))
          .trim()
          .split('\n').length - 1,
    }
  },
}

const s3: ServerKind = {
  kind: 's3',
  missing: await s3ServerMissing(),
  wrongPassword: { secretAccessKey: 'wrong' },
  async start() {
    const server = await startS3Server()
    const content = () => Object.fromEntries(names.map((name) => [name, randomBytes(100_000)]))
    const names = Array.from({ length: 100 }, (_, i) => `upload ${i}`)
    const bucket = await makeBucket(server, content())
    return {
      ...server,
      settings: settingsFor(server, bucket),
      sessions: async () => 0, // it has none: each request signs in
      renew: () => putObjects(server, bucket, content()), // a later run fetches only what is new
    }
  },
}

const kinds: ServerKind[] = [postgres, mysql, redis, s3]

describe.each(kinds)('The run of a source of the kind $kind', ({ kind, missing, start, wrongPassword }) => {
  let home: Installation
  let server: Server
  let sourceId: string
  let before: { snapshots: string[]; children: Set<number> }

  beforeAll(async () => {
    if (missing !== null) return
    server = await start()
    home = await openInstallation({ STALL_TIMEOUT: '6' })
    sourceId = await add('whole', server.settings)
    await home.startWorker()
  })
  afterAll(async () => {
    await server?.stop()
    await home?.close()
  })
  beforeEach(async (context) => {
    if (missing !== null) return context.skip(missing)
    await home.runtime.prisma.rateHit.deleteMany()
    before = { snapshots: await snapshots(), children: await childrenOfOurs() }
  })

  const add = async (name: string, settings: Record<string, unknown>) => {
    const { runtime, environmentId } = home
    return (await addSource(runtime.prisma, runtime.secretKey, { environmentId, name, kind, settings })).id
  }
  const trigger = (id: string) =>
    triggerBackup(home.runtime, home.admin, 'API', { type: sourceKinds[kind], sourceIds: [id] })

  async function repository() {
    const row = await home.runtime.prisma.repository.findFirstOrThrow()
    return { location: row.location, access: await openAccess(home.runtime, row) }
  }
  async function snapshots(): Promise<string[]> {
    const { access } = await repository()
    return (await listSnapshots(await home.runtime.restic(), access)).map(({ id }) => id)
  }

  /** Triggers, lets `happen` come over the run while its bytes are moving, and gives the run as it ended. */
  async function runThrough(happen: (backupId: string) => Promise<unknown>): Promise<BackupRun> {
    await server.renew?.()
    const { id } = await trigger(sourceId)
    let happened = false
    for await (const event of follow(home.runtime, id, 0)) {
      const { bytesDone } = (event.progress ?? {}) as { bytesDone?: number | null }
      if (happened || !bytesDone) continue
      happened = true
      await happen(id)
    }
    expect(happened, 'the fault came over the run').toBe(true)
    const [run, ...more] = (await home.ended(id)).runs
    expect(more).toEqual([])
    return run as BackupRun
  }

  async function expectNothingLeft(run: BackupRun): Promise<void> {
    expect(run.snapshotId).toBeNull()
    expect(await snapshots()).toEqual(before.snapshots)
    expect(await readdir(join((await repository()).location, 'locks'))).toEqual([])
    expect(await readdir(join(home.runtime.config.DATA_DIR, 'scratch'))).toEqual([])
    const left = [...(await childrenOfOurs())].filter((pid) => !before.children.has(pid))
    expect(left, 'programs that are still there').toEqual([])
  }
  async function expectNextToWork(): Promise<void> {
    const backup = await home.ended((await trigger(sourceId)).id)
    expect(backup.runs.map((run) => [run.state, run.errorCode])).toEqual([['SUCCEEDED', null]])
    await expect.poll(() => server.sessions(), { timeout: 10_000 }).toBe(0)
  }

  it('ends FAILED with the reason and a remedy when the password is wrong', async () => {
    const id = await add('denied', { ...server.settings, ...wrongPassword })
    const [run] = (await home.ended((await trigger(id)).id)).runs
    expect(run).toMatchObject({ state: 'FAILED', errorCode: 'SOURCE_ACCESS_DENIED' })
    expect(run?.errorRemedy).not.toBe('')
    await expectNothingLeft(run as BackupRun)
  })

  it('ends CANCELLED when somebody cancels it in the middle', async () => {
    const run = await runThrough((backupId) => cancelBackup(home.runtime, home.admin, backupId))
    expect(run).toMatchObject({ state: 'CANCELLED', errorCode: 'RUN_CANCELLED' })
    await expectNothingLeft(run)
    await expectNextToWork()
  })

  it('refuses a second run of the source while one is at work, and the first one goes on', async () => {
    const { id } = await trigger(sourceId)
    await expect(trigger(sourceId)).rejects.toMatchObject({ code: 'BACKUP_ALREADY_RUNNING' })
    expect((await home.ended(id)).state).toBe('SUCCEEDED')
  })

  it('ends FAILED when the server stands still, and works again when it goes on', async () => {
    const run = await runThrough(async () => server.freeze())
    await server.thaw()
    expect(run).toMatchObject({ state: 'FAILED', errorCode: 'SOURCE_STALLED' })
    await expectNothingLeft(run)
    await expectNextToWork()
  })

  it('ends FAILED when the server is killed, and works again with another in its place', async () => {
    const run = await runThrough(() => server.kill())
    expect(run.state).toBe('FAILED')
    expect(run.errorCode).toMatch(/^SOURCE_/)
    expect(run.errorRemedy).not.toBe('')
    await expectNothingLeft(run)

    const [unreachable] = (await home.ended((await trigger(sourceId)).id)).runs
    expect(unreachable).toMatchObject({ state: 'FAILED', errorCode: 'SOURCE_UNREACHABLE' })
    await server.stop()
    server = await start()
    sourceId = await add('in its place', server.settings)
    before.children = await childrenOfOurs()
    await expectNextToWork()
  })
})
