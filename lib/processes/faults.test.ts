import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createToken } from '#lib/auth/tokens.ts'
import { systemClock } from '#lib/clock/now.ts'
import { openAccess } from '#lib/repositories/access.ts'
import { listLocks, openRestic, snapshotsByTag } from '#lib/restic/restic.ts'
import {
  adminPassword,
  type Ground,
  type Guest,
  isAlive,
  openGround,
  processesNaming,
  randomFiles,
  type Server,
  slowRestic,
  until,
} from '#lib/testing/server.ts'

/** Each test goes on with the data folder as the one before left it, as a machine does. */
let ground: Ground
let slow: string
let server: Server
let guest: Guest
const realRestic: Record<string, string> = process.env.RESTIC_BINARY ? { RESTIC_BINARY: process.env.RESTIC_BINARY } : {}

beforeAll(async () => {
  ground = await openGround()
  slow = await slowRestic(ground.folder, 10_000)
  server = await ground.startServer({ RESTIC_BINARY: slow })
  await server.ready
  guest = await ground.guest()
})
afterAll(async () => {
  await guest?.close().catch(() => {})
  await ground?.close()
})

const runsOf = (backupId: string) =>
  guest.prisma.backupRun.findMany({ where: { backupId }, orderBy: { attempt: 'asc' } })

const ended = (id: string) =>
  until('the end of the backup', async () => {
    const backup = await guest.prisma.backup.findUniqueOrThrow({ where: { id } })
    return backup.finishedAt && backup
  })

/** Adds a source, starts its backup and waits until restic reads. */
async function midBackup(name: string, megabytes: number) {
  const path = await randomFiles(join(ground.storage, name), megabytes)
  const source = await guest.addSource(name, 'files', { paths: [path], exclude: [] })
  const { id } = await guest.trigger({ type: 'STORAGE', sourceIds: [source.id] })
  const run = await until('restic at work', () =>
    guest.prisma.backupRun.findFirst({
      where: { backupId: id, state: 'RUNNING', resticPid: { not: null }, bytesDone: { gt: 0 } },
    }),
  )
  return { backupId: id, source, path, resticPid: run.resticPid as number }
}

async function repository() {
  const row = await guest.prisma.repository.findFirstOrThrow()
  const restic = await openRestic({
    binary: process.env.RESTIC_BINARY,
    toolsDir: join(import.meta.dirname, '../../.tools/bin'),
    cacheDir: join(ground.folder, 'cache'),
  })
  return { restic, access: await openAccess(guest, row) }
}

async function expectOneSnapshotAndNothingElse(sourceId: string, path: string, snapshotId: string | null) {
  const { restic, access } = await repository()
  const snapshots = await snapshotsByTag(restic, access, `source:${sourceId}`)
  expect(snapshots.map((snapshot) => snapshot.id)).toEqual([snapshotId])
  expect(await listLocks(restic, access)).toEqual([])
  expect(await processesNaming(`source:${sourceId}`)).toEqual([])
  expect(await processesNaming(path)).toEqual([])
}

describe('a data folder', () => {
  it('is refused to a second process', async () => {
    const second = await ground.startServer()
    const exit = await second.exited
    expect(exit.code).toBeGreaterThan(0)
    expect(second.stderr()).toContain('DATA_DIR_IN_USE')
    expect(second.stderr()).not.toMatch(/^\s+at /m)
    expect(isAlive(server.pid)).toBe(true)
    expect(await guest.prisma.user.count()).toBe(1)
  })
})

describe('a server killed in mid-backup', () => {
  it('is followed by one that adopts its PostgreSQL and brings the backup to its end', async () => {
    const { backupId, source, path, resticPid } = await midBackup('killed', 80)
    const postgres = await ground.postgres()
    expect(isAlive(resticPid)).toBe(true)
    expect((await server.kill()).signal).toBe('SIGKILL')
    expect((await runsOf(backupId)).map((run) => run.state)).toEqual(['RUNNING'])

    server = await ground.startServer(realRestic)
    await server.ready
    expect(await ground.postgres()).toBe(postgres)
    expect((await ended(backupId)).state).toBe('SUCCEEDED')
    const runs = await runsOf(backupId)
    expect(runs.map((run) => [run.state, run.errorCode])).toEqual([
      ['INTERRUPTED', 'WORKER_LOST'],
      ['SUCCEEDED', null],
    ])
    expect(isAlive(resticPid)).toBe(false)
    await expectOneSnapshotAndNothingElse(source.id, path, runs[1]?.snapshotId ?? null)
  }, 120_000)
})

describe('a server asked to stop in mid-backup', () => {
  it('stops in time with exit code 0 and PostgreSQL, and the next one tries the backup again', async () => {
    await guest.close()
    await server.stop()
    server = await ground.startServer({ RESTIC_BINARY: slow })
    await server.ready
    guest = await ground.guest()
    const { backupId, source, path, resticPid } = await midBackup('stopped', 300)
    await guest.close()
    const exit = await server.stop()
    expect(exit).toMatchObject({ code: 0, signal: null })
    expect(exit.ms).toBeLessThan(17_000)
    expect(await ground.postgres()).toBeNull()
    expect(isAlive(resticPid)).toBe(false)

    server = await ground.startServer(realRestic)
    await server.ready
    guest = await ground.guest()
    expect((await ended(backupId)).state).toBe('SUCCEEDED')
    const runs = await runsOf(backupId)
    expect(runs.map((run) => [run.state, run.errorCode])).toEqual([
      ['INTERRUPTED', 'WORKER_STOPPED'],
      ['SUCCEEDED', null],
    ])
    await expectOneSnapshotAndNothingElse(source.id, path, runs[1]?.snapshotId ?? null)
  }, 120_000)
})

describe('a server without restic', () => {
  it('says so when it starts, and ends a run FAILED with RESTIC_MISSING', async () => {
    await guest.close()
    expect((await server.stop()).code).toBe(0)
    server = await ground.startServer({ RESTIC_BINARY: '/nonexistent' })
    await server.ready
    guest = await ground.guest()
    expect(server.stdout()).toContain('"code":"RESTIC_MISSING"')
    const source = await guest.prisma.source.findFirstOrThrow({ where: { name: 'killed' } })
    const { id } = await guest.trigger({ type: 'STORAGE', sourceIds: [source.id] })
    expect((await ended(id)).state).toBe('FAILED')
    const [run] = await runsOf(id)
    expect(run).toMatchObject({ state: 'FAILED', errorCode: 'RESTIC_MISSING', snapshotId: null })
    expect(run?.errorRemedy).toContain('RESTIC_BINARY')
  })
})

describe('secrets', () => {
  it('are in no log line and in no file name', async () => {
    const password = 'a source password nobody may read'
    const source = await guest.addSource('unreachable', 'postgres', {
      host: '127.0.0.1',
      port: 1,
      user: 'somebody',
      password,
      database: 'nothing',
    })
    const { id } = await guest.trigger({ type: 'DATABASE', sourceIds: [source.id] })
    expect((await ended(id)).state).toBe('FAILED')
    const { access } = await repository()
    const deps = { prisma: guest.prisma, secretKey: guest.secretKey, clock: systemClock }
    const { token } = await createToken(deps, {
      email: guest.admin.email,
      scopes: ['backup:read'],
      days: 1,
      name: 'secret',
    })
    const secrets = [
      adminPassword,
      password,
      token.reveal(),
      access.password.reveal(),
      (await readFile(join(ground.dataDir, 'postgres.password'), 'utf8')).trim(),
      (await readFile(join(ground.dataDir, 'secret.key'), 'utf8')).trim(),
    ]
    const printed = ground.printed()
    const names = (await readdir(ground.folder, { recursive: true })).join('\n')
    const events = JSON.stringify(await guest.prisma.backupEvent.findMany({ select: { message: true } }))
    expect(printed).toContain('"msg":"run ended"')
    expect(names).toContain('secret.key')
    for (const [index, secret] of secrets.entries()) {
      expect(secret.length, `secret ${index}`).toBeGreaterThan(8)
      expect(printed.includes(secret), `secret ${index} in the log`).toBe(false)
      expect(names.includes(secret), `secret ${index} in a file name`).toBe(false)
      expect(events.includes(secret), `secret ${index} in an event`).toBe(false)
    }
  })
})
