import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createSource } from '#lib/environments/create.ts'
import { openAccess } from '#lib/repositories/access.ts'
import { listSnapshots } from '#lib/restic/snapshots.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { type PostgresServer, postgresMissing, startPostgresServer } from '#lib/testing/postgres-server.ts'
import { follow } from './follow.ts'
import { triggerBackup } from './trigger.ts'

const missing = await postgresMissing()
let home: Installation
let server: PostgresServer

beforeAll(async () => {
  if (missing) return
  home = await openInstallation()
  server = await startPostgresServer()
  await server.query('create table big as select i, repeat(md5(i::text), 30) as text from generate_series(1, 300000) i')
  const settings = {
    host: '127.0.0.1',
    port: server.port,
    database: 'postgres',
    user: 'postgres',
    password: server.password,
  }
  await createSource(home.runtime, home.admin, { environment: 'test', name: 'pg', kind: 'postgres', settings })
  await home.startWorker()
})
afterAll(async () => {
  await server?.stop()
  await home?.close()
})
beforeEach((context) => {
  if (missing) context.skip(missing)
})

async function inRepository() {
  const repository = await home.runtime.prisma.repository.findFirstOrThrow()
  const snapshots = await listSnapshots(await home.runtime.restic(), await openAccess(home.runtime, repository))
  return { snapshots, locks: await readdir(join(repository.location, 'locks')) }
}

it('saves a PostgreSQL database as a stream, with the figures of what was read', async () => {
  const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'DATABASE' })
  const backup = await home.ended(id)
  expect(backup.runs).toEqual([expect.objectContaining({ state: 'SUCCEEDED', errorCode: null })])
  expect(Number(backup.runs[0]?.bytesDone)).toBeGreaterThan(250_000_000)
  expect((await inRepository()).snapshots.map((snapshot) => snapshot.id)).toEqual([backup.runs[0]?.snapshotId])
})

it('ends FAILED without a snapshot and without a lock when the database server is killed in mid-dump', async () => {
  const { snapshots: before } = await inRepository()
  const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'DATABASE' })
  let killed = false
  for await (const event of follow(home.runtime, id, 0)) {
    const { bytesDone } = (event.progress ?? {}) as { bytesDone?: number }
    if (killed || !bytesDone) continue
    killed = true
    await server.kill()
  }
  expect(killed).toBe(true)
  const backup = await home.ended(id)
  expect(backup.state).toBe('FAILED')
  expect(backup.runs[0]).toMatchObject({ state: 'FAILED', snapshotId: null })
  expect(backup.runs[0]?.errorCode).toMatch(/^SOURCE_/)
  const { snapshots, locks } = await inRepository()
  expect(snapshots).toEqual(before)
  expect(locks).toEqual([])
})
