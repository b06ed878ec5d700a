import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { checkPlace, openAccess, placeColumns } from '#lib/repositories/access.ts'
import { restoreSnapshot } from '#lib/restic/restore.ts'
import { snapshotsByTag } from '#lib/restic/snapshots.ts'
import { Secret } from '#lib/secrets/secret.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { cancelBackup } from './cancel.ts'
import { follow } from './follow.ts'
import { interruptAbandoned } from './recover.ts'
import { triggerBackup } from './trigger.ts'

let home: Installation
const trigger = (input: object) => triggerBackup(home.runtime, home.admin, 'API', input)
const refusal = (code: string) => expect.objectContaining({ code })

beforeAll(async () => {
  home = await openInstallation()
})
afterAll(() => home?.close())
beforeEach(() => home.runtime.prisma.rateHit.deleteMany())

describe('before a worker is there', () => {
  it('answers one backup to fifty triggers with one idempotency key at once', async () => {
    await home.addFiles('keyed', { 'a.txt': 'a' })
    const input = { type: 'STORAGE', idempotencyKey: 'deploy-1' }
    const answers = await Promise.all(Array.from({ length: 50 }, () => trigger(input)))
    expect(new Set(answers.map((backup) => backup.id)).size).toBe(1)
    expect(await home.runtime.prisma.backup.count()).toBe(1)
    expect(await home.runtime.prisma.rateHit.count()).toBe(1)
    await expect(trigger({ ...input, description: 'another' })).rejects.toThrow(refusal('IDEMPOTENCY_KEY_REUSED'))
  })

  it('never starts two active runs of one source, whoever asks at once', async () => {
    await home.runtime.prisma.backup.deleteMany()
    const answers = await Promise.allSettled(Array.from({ length: 5 }, () => trigger({ type: 'STORAGE' })))
    expect(answers.filter((answer) => answer.status === 'fulfilled')).toHaveLength(1)
    for (const answer of answers)
      if (answer.status === 'rejected') expect(answer.reason).toEqual(refusal('BACKUP_ALREADY_RUNNING'))
    expect(await home.runtime.prisma.backupRun.count({ where: { state: 'QUEUED' } })).toBe(1)
  })

  it('cancels queued runs at once and refuses to cancel what has ended', async () => {
    const { id } = await home.runtime.prisma.backup.findFirstOrThrow()
    expect((await cancelBackup(home.runtime, home.admin, id)).state).toBe('CANCELLED')
    await expect(cancelBackup(home.runtime, home.admin, id)).rejects.toThrow(refusal('BACKUP_ALREADY_ENDED'))
  })

  it('allows five triggers a minute and says when the next may come', async () => {
    for (let i = 0; i < 5; i++) {
      const { id } = await trigger({ type: 'STORAGE' })
      await cancelBackup(home.runtime, home.admin, id)
    }
    await expect(trigger({ type: 'STORAGE' })).rejects.toThrow(refusal('RATE_LIMITED'))
    expect(await home.runtime.prisma.backupRun.count({ where: { state: { in: ['QUEUED', 'RUNNING'] } } })).toBe(0)
  })

  it('lets a viewer look but not trigger, and nobody do nothing', async () => {
    const viewer = { ...home.admin, role: 'VIEWER' as const }
    await expect(triggerBackup(home.runtime, viewer, 'API', { type: 'FULL' })).rejects.toThrow(refusal('FORBIDDEN'))
    await expect(triggerBackup(home.runtime, null, 'API', { type: 'FULL' })).rejects.toThrow(refusal('UNAUTHENTICATED'))
    const narrow = { ...home.admin, scopes: ['backup:read'] as const }
    await expect(triggerBackup(home.runtime, narrow, 'API', { type: 'FULL' })).rejects.toThrow(refusal('FORBIDDEN'))
  })
})

describe('with a worker', () => {
  beforeAll(() => home.startWorker())

  it('saves a database and a folder so that they can be restored', async () => {
    const shop = await home.addSqlite('shop', 1000)
    const uploads = await home.addFiles('uploads', { 'ü 1.txt': 'hello', 'b.bin': 'x'.repeat(100_000) })
    const { id } = await trigger({ type: 'FULL', description: 'before the deploy' })
    const backup = await home.ended(id)

    expect(backup.state).toBe('SUCCEEDED')
    expect(backup.events.map((event) => event.seq)).toEqual(backup.events.map((_, index) => index + 1))
    const run = backup.runs.find((r) => r.sourceId === uploads.source.id)
    expect(run?.snapshotId).toMatch(/^[0-9a-f]{64}$/)

    const repository = await home.runtime.prisma.repository.findFirstOrThrow()
    const access = await openAccess(home.runtime, repository)
    const restic = await home.runtime.restic()
    const target = join(home.folder, 'restored')
    await restoreSnapshot(restic, access, {
      snapshotId: run?.snapshotId as string,
      target,
      signal: AbortSignal.timeout(60_000),
    })
    expect(await readFile(join(target, uploads.path, 'ü 1.txt'), 'utf8')).toBe('hello')
    const [snapshot] = await snapshotsByTag(restic, access, `source:${shop.source.id}`)
    expect(snapshot?.tags).toContain('env:test')
  })

  it('gives a subscriber who comes back with the last number they saw every event once', async () => {
    const { id } = await trigger({ type: 'DATABASE' })
    const seen: number[] = []
    for await (const event of follow(home.runtime, id, 0)) {
      seen.push(event.seq)
      if (seen.length === 2) break // the connection is lost
    }
    for await (const event of follow(home.runtime, id, 2)) seen.push(event.seq)
    const backup = await home.ended(id)
    expect(seen).toEqual(backup.events.map((event) => event.seq))
  })

  it('ends FAILED with a code and a remedy when the source is gone, and saves nothing', async () => {
    const gone = await home.addSqlite('gone', 1)
    await rm(gone.path)
    const { id } = await trigger({ type: 'DATABASE', sourceIds: [gone.source.id] })
    const backup = await home.ended(id)
    expect(backup.state).toBe('FAILED')
    expect(backup.runs[0]).toMatchObject({ snapshotId: null, errorCode: 'PATH_NOT_FOUND' })
    expect(backup.runs[0]?.errorRemedy).not.toBe('')
    await home.runtime.prisma.source.update({ where: { id: gone.source.id }, data: { enabled: false } })
  })

  it('ends FAILED when the database is damaged', async () => {
    const bad = await home.addSqlite('bad', 5000)
    const bytes = await readFile(bad.path)
    bytes.fill(0xff, 8192, 40_000)
    await writeFile(bad.path, bytes)
    const { id } = await trigger({ type: 'DATABASE', sourceIds: [bad.source.id] })
    const backup = await home.ended(id)
    expect(backup).toMatchObject({ state: 'FAILED' })
    expect(backup.runs[0]?.snapshotId).toBeNull()
    await home.runtime.prisma.source.update({ where: { id: bad.source.id }, data: { enabled: false } })
  })

  it('ends FAILED when the repository does not open with its password', async () => {
    const keys = await home.runtime.prisma.repository.findFirstOrThrow()
    const settings = keys.settings as Record<string, unknown>
    const { sealedPassword } = placeColumns(
      home.runtime.secretKey,
      keys.id,
      checkPlace(keys.kind, settings),
      settings,
      new Secret('wrong'),
    )
    await home.runtime.prisma.repository.update({ where: { id: keys.id }, data: { sealedPassword } })
    const { id } = await trigger({ type: 'STORAGE' })
    const backup = await home.ended(id)
    await home.runtime.prisma.repository.update({
      where: { id: keys.id },
      data: { sealedPassword: keys.sealedPassword },
    })
    expect(backup.runs.map((run) => run.errorCode)).toEqual(backup.runs.map(() => 'REPOSITORY_WRONG_PASSWORD'))
  })

  it('ends a run whose worker died as INTERRUPTED and brings it to an end by a new attempt', async () => {
    const { prisma } = home.runtime
    const { source } = await home.addFiles('orphan', { 'a.txt': 'a' })
    // As a worker leaves it that was killed right after its claim.
    const repository = await prisma.repository.findFirstOrThrow()
    const { id } = await prisma.backup.create({
      data: { type: 'STORAGE', state: 'RUNNING', origin: 'API', compressionLevel: 5, environments: ['test'] },
    })
    await prisma.backupRun.create({
      data: {
        backupId: id,
        sourceId: source.id,
        repositoryId: repository.id,
        compressionLevel: 5,
        state: 'RUNNING',
        claimId: crypto.randomUUID(),
        heartbeatAt: new Date(0),
        worker: 'dead:1',
      },
    })
    expect(await interruptAbandoned(home.runtime)).toBe(1)
    const backup = await home.ended(id)
    expect(backup.runs.map((run) => run.state)).toEqual(['INTERRUPTED', 'SUCCEEDED'])
    expect(backup.runs[0]?.errorCode).toBe('WORKER_LOST')
    expect(backup.state).toBe('SUCCEEDED')
  })
})

describe('a queued run without a job', () => {
  it('is carried out all the same', async () => {
    const { prisma } = home.runtime
    const { source } = await home.addFiles('jobless', { 'a.txt': 'a' })
    const repository = await prisma.repository.findFirstOrThrow()
    const { id } = await prisma.backup.create({
      data: { type: 'STORAGE', compressionLevel: 5, environments: ['test'], origin: 'API' },
    })
    await prisma.backupRun.create({
      data: {
        backupId: id,
        sourceId: source.id,
        repositoryId: repository.id,
        compressionLevel: 5,
        queuedAt: new Date(0),
      },
    })
    expect((await home.ended(id)).state).toBe('SUCCEEDED')
  })
})
