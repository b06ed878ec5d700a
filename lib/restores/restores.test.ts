import { randomBytes, randomUUID } from 'node:crypto'
import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { serveClient } from '#lib/cli/served-client.fixture.ts'
import { exists } from '#lib/process/find.ts'
import { readTurns } from '#lib/repositories/read-turns.ts'
import { decideTurns } from '#lib/repositories/turns.ts'
import { damageLargePacks } from '#lib/testing/damage-packs.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { startWorkerProcess } from '#lib/testing/worker-process.ts'
import type { BackupRun, Restore } from '#prisma/client/client.ts'
import { cancelRestore } from './cancel.ts'
import { followRestore } from './follow.ts'
import { logOf } from './log-of.fixture.ts'
import { triggerRestore } from './trigger.ts'
import type { RestoreWorker } from './worker.ts'

const NAMES = ['plain.txt', '[brackets]*.txt', ' spaces ', 'new\nline', 'ünï✓.txt']

let home: Installation
let notes: { run: BackupRun; path: string }
let noise: { run: BackupRun; path: string }
let worker: RestoreWorker | undefined
let next = 0
const refusal = (code: string) => expect.objectContaining({ code })
const rows = () => home.runtime.prisma.restore
const folder = () => join(home.folder, 'files', `restored-${next++}`)
const trigger = (given: object) => triggerRestore(home.runtime, home.admin, { runId: notes.run.id, ...given })
const row = (id: string) => rows().findUniqueOrThrow({ where: { id } })

async function ended({ id }: { id: string }): Promise<Restore> {
  await expect.poll(async () => (await row(id)).state, { timeout: 40_000 }).not.toMatch(/QUEUED|RUNNING/)
  return row(id)
}

async function save(name: string, files: Record<string, string>) {
  const { source, path } = await home.addFiles(name, files)
  await home.runtime.prisma.rateHit.deleteMany()
  const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE', sourceIds: [source.id] })
  const { runs } = await home.ended(id)
  expect(runs).toMatchObject([{ state: 'SUCCEEDED' }])
  return { run: runs[0] as BackupRun, path }
}

async function limitDownload(downloadKibPerSecond: number | undefined) {
  await home.runtime.prisma.repository.updateMany({
    data: { options: downloadKibPerSecond === undefined ? {} : { downloadKibPerSecond } },
  })
}

/** Resolves when restic writes into the folder. */
const writes = (target: string) =>
  expect.poll(() => readdir(target).catch(() => []), { timeout: 30_000 }).not.toHaveLength(0)

beforeAll(async () => {
  home = await openInstallation()
  await home.startWorker()
  notes = await save('notes', Object.fromEntries(NAMES.map((name) => [name, `content of ${name}`])))
  noise = await save('noise', { first: randomBytes(1_500_000).toString('hex') })
})
afterEach(async () => {
  await worker?.stop()
  worker = undefined
  await rows().deleteMany()
  await limitDownload(undefined)
})
afterAll(() => home?.close())

describe('a restore', () => {
  it('brings every file back as it was, counts them, tells people, and is in the audit log', async () => {
    worker = await home.startRestores()
    const target = folder()
    const restore = await ended(await trigger({ folder: `${target}/` }))
    expect(restore).toMatchObject({
      state: 'SUCCEEDED',
      errorCode: null,
      folder: target,
      filesDone: 5n,
      filesTotal: 5n,
    })
    expect(restore.bytesDone).toBe(restore.bytesTotal)
    for (const name of NAMES) expect(await readFile(join(target, notes.path, name), 'utf8')).toBe(`content of ${name}`)
    const audited = await home.runtime.prisma.auditEvent.findFirstOrThrow({ where: { action: 'restore.trigger' } })
    expect(audited).toMatchObject({ targetId: restore.id, details: { runId: notes.run.id, folder: target } })
    const told = await home.runtime.prisma.$queryRaw<object[]>`
      select 1 from pgboss.job where name = 'notify.repository' and data->>'event' = ${`restore ${restore.id}`}`
    expect(told).toHaveLength(1)
  })

  it('brings back only the paths that were asked for, whatever is in their names, and nothing when one is not there', async () => {
    worker = await home.startRestores()
    const target = folder()
    const wanted = ['[brackets]*.txt', 'new\nline'].map((name) => join(notes.path, name))
    const restore = await ended(await trigger({ folder: target, paths: wanted }))
    expect(restore).toMatchObject({ state: 'SUCCEEDED', paths: wanted, filesDone: 2n, filesTotal: 2n })
    expect((await readdir(join(target, notes.path))).sort()).toEqual(['[brackets]*.txt', 'new\nline'])
    const whole = await ended(await trigger({ folder: folder(), paths: [`${notes.path}/`] }))
    expect(whole).toMatchObject({ state: 'SUCCEEDED', filesDone: 5n })
    const nowhere = folder()
    const absent = await ended(await trigger({ folder: nowhere, paths: [...wanted, join(notes.path, 'plain')] }))
    expect(absent).toMatchObject({ state: 'FAILED', errorCode: 'SNAPSHOT_PATH_UNKNOWN' })
    expect(await readdir(nowhere)).toEqual([])
  })

  it('is refused before it is queued to those who may not, without the name of a protected environment, and of nothing', async () => {
    const target = folder()
    const operator = { ...home.admin, role: 'OPERATOR' as const }
    const request = { runId: notes.run.id, folder: target }
    await expect(triggerRestore(home.runtime, operator, request)).rejects.toThrow(refusal('FORBIDDEN'))
    await expect(trigger({ folder: target, runId: randomUUID() })).rejects.toThrow(refusal('RUN_UNKNOWN'))
    await expect(trigger({ folder: 'relative' })).rejects.toThrow(refusal('INPUT_INVALID'))
    await home.runtime.prisma.environment.updateMany({ data: { protected: true } })
    await expect(trigger({ folder: target })).rejects.toThrow(refusal('ENVIRONMENT_NOT_CONFIRMED'))
    await trigger({ folder: target, confirmEnvironment: 'test' })
    await home.runtime.prisma.environment.updateMany({ data: { protected: false } })
    const where = { id: notes.run.id }
    await home.runtime.prisma.backupRun.update({ where, data: { removedAt: new Date() } })
    await expect(trigger({ folder: folder() })).rejects.toThrow(refusal('SNAPSHOT_GONE'))
    await home.runtime.prisma.backupRun.update({ where, data: { removedAt: null } })
    expect(await rows().count()).toBe(1)
  })

  it('writes nothing where something is, outside the allowed folders, and where no folder can be', async () => {
    worker = await home.startRestores()
    const before = await readdir(notes.path)
    expect(await ended(await trigger({ folder: notes.path }))).toMatchObject({
      state: 'FAILED',
      errorCode: 'RESTORE_TARGET_NOT_EMPTY',
    })
    expect(await readdir(notes.path)).toEqual(before)
    const outside = join(home.folder, 'elsewhere')
    expect(await ended(await trigger({ folder: outside }))).toMatchObject({
      state: 'FAILED',
      errorCode: 'PATH_NOT_ALLOWED',
    })
    expect(await stat(outside).catch(() => null)).toBeNull()
    const inFile = join(notes.path, 'plain.txt', 'below')
    expect(await ended(await trigger({ folder: inFile }))).toMatchObject({ state: 'FAILED' })
  })

  it('is refused while another goes to the same place, into it or around it', async () => {
    const target = folder()
    const key = { folder: target, idempotencyKey: 'one' }
    const first = await trigger(key)
    expect((await trigger(key)).id).toBe(first.id)
    await expect(trigger({ ...key, folder: folder() })).rejects.toThrow(refusal('IDEMPOTENCY_KEY_REUSED'))
    for (const one of [target, join(target, 'in it'), join(home.folder, 'files')])
      await expect(trigger({ folder: one })).rejects.toThrow(refusal('RESTORE_TARGET_BUSY'))
    expect(await cancelRestore(home.runtime, home.admin, first.id)).toMatchObject({ state: 'CANCELLED' })
    await expect(cancelRestore(home.runtime, home.admin, first.id)).rejects.toThrow(refusal('RESTORE_ALREADY_ENDED'))
    expect((await trigger({ folder: target })).state).toBe('QUEUED')
  })

  it('keeps a prune waiting', async () => {
    const { id } = await trigger({ folder: folder() })
    await rows().update({ where: { id }, data: { state: 'RUNNING', claimId: randomUUID(), heartbeatAt: new Date() } })
    const { repositoryId } = notes.run
    const prune = await home.runtime.prisma.repositoryTask.create({ data: { repositoryId, kind: 'PRUNE' } })
    const { reasons } = decideTurns(await readTurns(home.runtime.prisma, home.runtime.config))
    expect(reasons.get(prune.id)).toBe('a restore from default')
    await home.runtime.prisma.repositoryTask.delete({ where: { id: prune.id } })
  })

  it('fails when the folder holds something else than the snapshot in the end', async () => {
    await limitDownload(200)
    worker = await home.startRestores()
    const target = folder()
    const { id } = await trigger({ runId: noise.run.id, folder: target })
    await writes(target)
    await writeFile(join(target, 'of somebody else'), 'x')
    expect(await ended({ id })).toMatchObject({ state: 'FAILED', errorCode: 'RESTORE_MISCOUNTED' })
  })

  it('can be followed from its request to its end, and left at any time', async () => {
    await limitDownload(200)
    const target = folder()
    const { id } = await trigger({ runId: noise.run.id, folder: target })
    const left = followRestore(home.runtime, id)
    expect((await left.next()).value).toMatchObject({ state: 'QUEUED' })
    const waiting = left.next()
    await left.return()
    expect(await waiting).toEqual({ done: true, value: undefined })
    const states: string[] = []
    worker = await home.startRestores()
    for await (const { state, bytesDone } of followRestore(home.runtime, id))
      states.push(state === 'RUNNING' && bytesDone !== null ? 'moving' : state)
    expect([...new Set(states)]).toEqual(['QUEUED', 'RUNNING', 'moving', 'SUCCEEDED'])
    const events = await home.runtime.prisma.restoreEvent.findMany({
      where: { restoreId: id },
      orderBy: { seq: 'asc' },
    })
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1))
    expect(events.flatMap(({ state }) => state ?? [])).toEqual(['QUEUED', 'RUNNING', 'SUCCEEDED'])
    await expect(followRestore(home.runtime, randomUUID()).next()).rejects.toThrow(refusal('RESTORE_UNKNOWN'))
  })

  it('stops when it is cancelled, and says that the folder may hold a part', async () => {
    await limitDownload(200)
    worker = await home.startRestores()
    const target = folder()
    const { id } = await trigger({ runId: noise.run.id, folder: target })
    await writes(target)
    await cancelRestore(home.runtime, home.admin, id)
    const restore = await ended({ id })
    expect(restore).toMatchObject({ state: 'CANCELLED', errorCode: 'RESTORE_CANCELLED' })
    expect(await logOf(home.runtime.prisma, restore)).toMatch(/asked that it stops\.\n(.+\n)*CANCELLED: /)
    expect(restore.errorMessage).toContain(target)
  })

  it('is interrupted when its worker is killed, together with the restic that outlived it, and not tried again', async () => {
    await limitDownload(200)
    const target = folder()
    const { id } = await trigger({ runId: noise.run.id, folder: target })
    const doomed = await startWorkerProcess('restores', home, { RESTIC_BINARY: process.env.RESTIC_BINARY ?? '' })
    await writes(target)
    await doomed.kill()
    worker = await home.startRestores()
    const restore = await ended({ id })
    expect(restore).toMatchObject({ state: 'INTERRUPTED', errorCode: 'RESTORE_INTERRUPTED' })
    expect(exists(restore.resticPid as number)).toBe(false)
    expect(await rows().count()).toBe(1)
  })

  it('is tried again when nothing was written yet and the reason may pass, and not for ever', async () => {
    const { location } = await home.runtime.prisma.repository.findFirstOrThrow()
    const snapshot = join(location, 'snapshots', notes.run.snapshotId as string)
    await rename(snapshot, join(home.folder, 'away'))
    const { id } = await trigger({ folder: folder() })
    const last = await trigger({ folder: folder() })
    await rows().update({ where: { id: last.id }, data: { attempt: 3 } })
    worker = await home.startRestores()
    await expect.poll(async () => (await row(id)).attempt, { timeout: 30_000 }).toBe(2)
    const waiting = await row(id)
    expect(waiting).toMatchObject({
      state: 'QUEUED',
      claimId: null,
    })
    expect(await logOf(home.runtime.prisma, waiting)).toMatch(/^QUEUED\nRUNNING\n(.+\n)*Attempt 1 failed .+\nQUEUED$/)
    expect(Number(waiting.notBefore)).toBeGreaterThan(Number(waiting.queuedAt))
    expect(await ended(last)).toMatchObject({ state: 'FAILED', errorCode: 'RESTIC_FAILED', attempt: 3 })
    await rename(join(home.folder, 'away'), snapshot)
    expect(await ended({ id })).toMatchObject({ state: 'SUCCEEDED', attempt: 2, filesDone: 5n })
  })

  it('is asked for, awaited and listed on the command line', async () => {
    worker = await home.startRestores()
    const client = await serveClient(home, 'restore')
    const target = folder()
    const done = await client.run([notes.run.id, '--to-folder', target, '--wait'])
    expect(done).toMatchObject({ code: 0, stderr: '' })
    expect(done.stdout).toContain(`SUCCEEDED  notes to ${target}`)
    const { id } = await rows().findFirstOrThrow()
    const restores = await serveClient(home, 'restores')
    const log = await restores.run(['log', id])
    restores.close()
    expect(log.stdout.split('\n').map((line) => line.slice(26))).toEqual(
      expect.arrayContaining(['STATE    QUEUED', 'STATE    RUNNING', 'STATE    SUCCEEDED']),
    )
    const again = await client.run([notes.run.id, '--to-folder', target, '--wait'])
    expect(again.code).toBe(1)
    expect(again.stdout).toContain('RESTORE_TARGET_NOT_EMPTY')
    client.close()
  })

  // Last: it damages the repository.
  it('fails and names what is missing when a pack has a wrong byte', async () => {
    const { location } = await home.runtime.prisma.repository.findFirstOrThrow()
    await damageLargePacks(location)
    worker = await home.startRestores()
    const restore = await ended(await trigger({ runId: noise.run.id, folder: folder() }))
    expect(restore).toMatchObject({ state: 'FAILED', errorCode: 'RESTORE_INCOMPLETE' })
    expect(restore.errorMessage).toContain(join(noise.path, 'first'))
  })
})
