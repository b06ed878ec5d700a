import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createSource } from '#lib/environments/create.ts'
import { openAccess } from '#lib/repositories/access.ts'
import { listSnapshots } from '#lib/restic/snapshots.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { type PostgresServer, postgresMissing, startPostgresServer } from '#lib/testing/postgres-server.ts'
import { triggerBackup } from './trigger.ts'

const missing = await postgresMissing()
let home: Installation
let server: PostgresServer

beforeAll(async () => {
  if (missing) return
  home = await openInstallation()
  server = await startPostgresServer()
  for (const name of ['shop', 'blog']) {
    await server.query(`CREATE DATABASE ${name}`)
    await server.query('CREATE TABLE notes AS SELECT i AS id FROM generate_series(1, 10) i', name)
  }
  await server.query(`CREATE ROLE backup LOGIN PASSWORD 'backup'; GRANT pg_read_all_data TO backup`)
  const settings = { host: '127.0.0.1', port: server.port, user: 'backup', password: 'backup', allDatabases: true }
  await createSource(home.runtime, home.admin, { environment: 'test', name: 'server', kind: 'postgres', settings })
  await home.startWorker()
})
afterAll(async () => {
  await server?.stop()
  await home?.close()
})
beforeEach((context) => {
  if (missing) context.skip(missing)
})

async function backUp() {
  const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'DATABASE' })
  const backup = await home.ended(id)
  const runs = backup.runs.map(({ part, state, errorCode, snapshotId }) => ({ part, state, errorCode, snapshotId }))
  return { state: backup.state, runs: runs.sort((a, b) => (a.part < b.part ? -1 : 1)) }
}

const saved = (part: string) => ({ part, state: 'SUCCEEDED', errorCode: null, snapshotId: expect.any(String) })

it('saves each database of a server by a run of its own, and the roles by another', async () => {
  const { state, runs } = await backUp()
  expect(runs).toEqual([saved('database:blog'), saved('database:shop'), saved('globals')])
  expect(state).toBe('SUCCEEDED')

  const repository = await home.runtime.prisma.repository.findFirstOrThrow()
  await using access = await openAccess(home.runtime, repository)
  const snapshots = await listSnapshots(await home.runtime.restic(), access)
  const partsOf = (tags: readonly string[]) => tags.filter((tag) => tag.startsWith('part:'))
  for (const run of runs) {
    const snapshot = snapshots.find((one) => one.id === run.snapshotId)
    expect(partsOf(snapshot?.tags ?? [])).toEqual([`part:${encodeURIComponent(run.part)}`])
  }
})

it('includes a database that was made since', async () => {
  await server.query('CREATE DATABASE young')
  const { state, runs } = await backUp()
  expect(runs.map((run) => run.part)).toEqual(['database:blog', 'database:shop', 'database:young', 'globals'])
  expect(state).toBe('SUCCEEDED')
})

it('fails the run of a database that cannot be read, saves the others, and the backup tells', async () => {
  await server.query('CREATE TABLE diary (); ALTER TABLE diary ENABLE ROW LEVEL SECURITY', 'blog')
  const { state, runs } = await backUp()
  expect(runs).toEqual([
    { part: 'database:blog', state: 'FAILED', errorCode: 'SOURCE_RIGHTS_MISSING', snapshotId: null },
    saved('database:shop'),
    saved('database:young'),
    saved('globals'),
  ])
  expect(state).toBe('PARTIAL')
})

it('fails as a whole when the server does not answer', async () => {
  await server.kill()
  const { state, runs } = await backUp()
  expect(runs).toEqual([{ part: '', state: 'FAILED', errorCode: 'SOURCE_UNREACHABLE', snapshotId: null }])
  expect(state).toBe('FAILED')
})
