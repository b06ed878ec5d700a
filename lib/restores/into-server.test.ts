import { stat } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { serveClient } from '#lib/cli/served-client.fixture.ts'
import { addSource } from '#lib/environments/sources.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { type RedisServer, redisMissing, startRedisServer } from '#lib/testing/redis-server.ts'
import type { BackupRun, Restore } from '#prisma/client/client.ts'
import { logOf } from './log-of.fixture.ts'
import { triggerRestore } from './trigger.ts'

const missing = redisMissing()
let home: Installation
let from: RedisServer
let to: RedisServer
let run: BackupRun
let target: string
const refusal = (code: string) => expect.objectContaining({ code })
const rows = () => home.runtime.prisma.restore
const trigger = (place: object) => triggerRestore(home.runtime, home.admin, { runId: run.id, place })

async function ended({ id }: { id: string }): Promise<Restore> {
  const read = () => rows().findUniqueOrThrow({ where: { id } })
  await expect.poll(async () => (await read()).state, { timeout: 60_000 }).not.toMatch(/QUEUED|RUNNING/)
  return read()
}

const add = (name: string, { port, password }: RedisServer) =>
  addSource(home.runtime.prisma, home.runtime.secretKey, {
    ...{ environmentId: home.environmentId, name, kind: 'redis' },
    settings: { host: '127.0.0.1', port, password },
  })

describe.skipIf(missing)('a restore into a Redis server', () => {
  beforeAll(async () => {
    ;[home, from, to] = await Promise.all([openInstallation(), startRedisServer(), startRedisServer()])
    await Promise.all([home.startWorker(), home.startRestores()])
    await from.run(
      ['SET', 'name', 'Ada'],
      ['SET', 'short', 'x', 'PX', '300'],
      ['SELECT', '3'],
      ['SET', 'long', 'x', 'EX', '9999'],
    )
    const [source, other] = await Promise.all([add('cache', from), add('other cache', to)])
    target = other.id
    const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'DATABASE', sourceIds: [source.id] })
    const { runs } = await home.ended(id)
    expect(runs).toMatchObject([{ state: 'SUCCEEDED' }])
    run = runs[0] as BackupRun
  })
  afterEach(() => rows().deleteMany())
  afterAll(async () => {
    await home?.close()
    await Promise.all([from?.stop(), to?.stop()])
  })

  it('is refused where keys are, and brings all of them into an empty one', async () => {
    await from.run(['SET', 'name', 'Bob'])
    const own = await ended(await trigger({}))
    expect(own).toMatchObject({ state: 'FAILED', errorCode: 'RESTORE_TARGET_NOT_EMPTY', purpose: 'SERVER' })
    expect(String(await from.run(['GET', 'name']))).toContain('Bob')
    const restore = await ended(await trigger({ sourceId: target }))
    expect(restore).toMatchObject({ state: 'SUCCEEDED', placeName: `127.0.0.1:${to.port}`, errorMessage: null })
    expect(String(await to.run(['GET', 'name']))).toContain('Ada')
    // Of those that expire, some are gone by now.
    expect(run.tables).toEqual({ 'keys that never expire': 1 })
    expect(await logOf(home.runtime.prisma, restore)).toContain(
      '1 table with 1 row, as counted at the moment of the backup',
    )
    await expect(trigger({ sourceId: target, name: 'x' })).rejects.toThrow(refusal('INPUT_INVALID'))
    await expect(trigger({ sourceId: target, replace: true })).rejects.toThrow(refusal('RESTORE_NOT_CONFIRMED'))
  })

  it('takes the place of all that a server holds, which is kept in a file, once its address is repeated', async () => {
    await to.run(['FLUSHALL'], ['SET', 'name', 'Bob'], ['SET', 'more', 'x'])
    const place = { sourceId: target, replace: true, confirmReplace: `127.0.0.1:${to.port}` }
    const { prisma } = home.runtime
    await prisma.backupRun.update({ where: { id: run.id }, data: { tables: { 'keys that never expire': 2 } } })
    expect(await ended(await trigger(place))).toMatchObject({ state: 'FAILED', errorCode: 'RESTORE_TABLES_DIFFER' })
    expect(String(await to.run(['GET', 'name']))).toContain('Bob')
    await prisma.backupRun.update({ where: { id: run.id }, data: { tables: { 'keys that never expire': 1 } } })

    const restore = await ended(await trigger(place))
    expect(restore).toMatchObject({ state: 'SUCCEEDED', errorMessage: null })
    expect(String(await to.run(['GET', 'name']))).toContain('Ada')
    expect(await to.run(['EXISTS', 'more'])).toBe(0)
    expect((await stat(restore.keptAs as string)).mode & 0o777).toBe(0o600)
  })

  it('is FAILED when keys are missing, and is not brought elsewhere by a source whose data must be masked', async () => {
    await to.run(['FLUSHALL'])
    const { prisma } = home.runtime
    await prisma.backupRun.update({ where: { id: run.id }, data: { tables: { 'keys that never expire': 2 } } })
    const restore = await ended(await trigger({ sourceId: target }))
    expect(restore).toMatchObject({ state: 'FAILED', errorCode: 'RESTORE_TABLES_DIFFER' })
    expect(restore.errorMessage).toContain('keys that never expire: 1 row restored, and 2 saved.')
    await prisma.backupRun.update({ where: { id: run.id }, data: { tables: { 'keys that never expire': 1 } } })

    const { id } = await prisma.environment.create({ data: { name: 'elsewhere' } })
    await prisma.source.update({ where: { id: target }, data: { environmentId: id } })
    await prisma.source.update({ where: { id: run.sourceId }, data: { maskingSql: 'DELETE' } })
    await expect(trigger({ sourceId: target })).rejects.toThrow(refusal('RESTORE_NOT_INTO_PLACE'))
    await prisma.source.update({ where: { id: target }, data: { environmentId: home.environmentId } })
    await prisma.source.update({ where: { id: run.sourceId }, data: { maskingSql: null } })
  })

  it('is asked for on the command line', async () => {
    await to.run(['FLUSHALL'])
    const client = await serveClient(home, 'restore')
    const done = await client.run([run.id, '--to-server', '--on-server-of', target, '--wait'])
    expect(done).toMatchObject({ code: 0, stderr: '' })
    expect(done.stdout).toContain(`SUCCEEDED  cache to the server 127.0.0.1:${to.port}`)
    client.close()
  })
})
