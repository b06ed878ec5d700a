import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { updateSource } from '#lib/environments/change.ts'
import { addSource } from '#lib/environments/sources.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { type PostgresServer, postgresMissing, startPostgresServer } from '#lib/testing/postgres-server.ts'
import { startWorkerProcess } from '#lib/testing/worker-process.ts'
import type { BackupRun, Restore } from '#prisma/client/client.ts'
import { triggerVerification } from './trigger-verification.ts'
import type { RestoreWorker } from './worker.ts'

const missing = await postgresMissing()

describe.skipIf(missing)('a verification in a PostgreSQL server that the operator gives', () => {
  let [home, saved, given] = [] as unknown as [Installation, PostgresServer, PostgresServer]
  let worker: RestoreWorker | undefined
  const environment = () => ({
    VERIFICATION_POSTGRES_URL: `postgres://postgres:${given.password}@127.0.0.1:${given.port}/postgres`,
  })
  const trigger = (run: BackupRun) => triggerVerification(home.runtime, home.admin, { runId: run.id })
  /** Databases and accounts that verifications have made there. */
  const left = async () => {
    const names = `SELECT datname AS name FROM pg_database UNION SELECT rolname FROM pg_roles`
    const rows = await given.query(`SELECT DISTINCT name FROM (${names}) n WHERE name LIKE 'verification%' ORDER BY 1`)
    return rows.map(({ name }) => name)
  }

  async function ended({ id }: { id: string }): Promise<Restore> {
    const read = () => home.runtime.prisma.restore.findUniqueOrThrow({ where: { id } })
    await expect.poll(async () => (await read()).state, { timeout: 60_000 }).not.toMatch(/QUEUED|RUNNING/)
    return read()
  }
  async function save(name: string, statements: string): Promise<BackupRun> {
    await saved.query(`CREATE DATABASE ${name}`)
    await saved.query(statements, name)
    const settings = { host: '127.0.0.1', port: saved.port, user: 'postgres', password: saved.password, database: name }
    const { environmentId, runtime } = home
    await runtime.prisma.rateHit.deleteMany()
    const source = { environmentId, name, kind: 'postgres', settings }
    const { id: sourceId } = await addSource(runtime.prisma, runtime.secretKey, source)
    const { id } = await triggerBackup(runtime, home.admin, 'API', { type: 'FULL', sourceIds: [sourceId] })
    return (await home.ended(id)).runs[0] as BackupRun
  }

  beforeAll(async () => {
    ;[saved, given] = await Promise.all([startPostgresServer(), startPostgresServer()])
    home = await openInstallation(environment())
    await home.startWorker()
  })
  afterEach(async () => {
    await worker?.stop()
    worker = undefined
  })
  afterAll(async () => {
    await home?.close()
    await Promise.all([saved?.stop(), given?.stop()])
  })

  it('has its extensions, loads by an account without rights, and leaves nothing there', async () => {
    // PostgreSQL 17, and so the bundled server, is without this one.
    const extended = await save('extended', 'CREATE EXTENSION old_snapshot; CREATE TABLE t AS SELECT 1 AS id')
    await updateSource(home.runtime, home.admin, {
      id: extended.sourceId,
      assertions: [
        { kind: 'sql', name: 'one', sql: 'SELECT id FROM t', value: '1' },
        {
          kind: 'sql',
          name: 'no rights',
          sql: 'SELECT rolsuper OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = current_user',
          value: 'false',
        },
      ],
    })
    worker = await home.startRestores()
    const restore = await ended(await trigger(extended))
    expect(restore).toMatchObject({ state: 'SUCCEEDED', errorMessage: null })
    expect(JSON.stringify(restore.findings)).toContain(`at 127.0.0.1:${given.port}`)
    expect(await left()).toEqual([])
  })

  it('leaves nothing when its worker is killed, and nothing of others is touched', async () => {
    await given.query('CREATE DATABASE verification_of_somebody_else')
    const run = await save('killed', 'CREATE TABLE t (id int)')
    await updateSource(home.runtime, home.admin, {
      id: run.sourceId,
      assertions: [{ kind: 'sql', name: 'slow', sql: "SELECT 'x' FROM pg_sleep(120)", value: 'x' }],
    })
    const { id } = await trigger(run)
    const RESTIC_BINARY = process.env.RESTIC_BINARY ?? ''
    const doomed = await startWorkerProcess('restores', home, { RESTIC_BINARY, ...environment() })
    await expect.poll(left, { timeout: 60_000 }).toHaveLength(2)
    await doomed.kill()
    worker = await home.startRestores()
    expect(await ended({ id })).toMatchObject({ state: 'INTERRUPTED' })
    await expect.poll(left, { timeout: 20_000 }).toEqual(['verification_of_somebody_else'])
  })

  it('fails and says so when the server is not there', async () => {
    const run = await save('unreachable', 'CREATE TABLE t (id int)')
    await given.stop()
    worker = await home.startRestores()
    expect(await ended(await trigger(run))).toMatchObject({ state: 'FAILED', errorCode: 'SOURCE_UNREACHABLE' })
  })
})
