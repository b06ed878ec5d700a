import { createHash } from 'node:crypto'
import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { startWorker } from '#lib/backups/worker.ts'
import { readConfig } from '#lib/config/config.ts'
import { type Database, openDatabase } from '#lib/database/database.ts'
import { updateSource } from '#lib/environments/change.ts'
import { createSource } from '#lib/environments/create.ts'
import { createPlan } from '#lib/plans/change.ts'
import { openAccess } from '#lib/repositories/access.ts'
import { restoreSnapshot } from '#lib/restic/restore.ts'
import { momentaryTables, savedTables } from '#lib/sources/installation/tables.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { openRuntime } from './open-runtime.ts'
import { restoreInstallation } from './restore-installation.ts'

const SECRET_KEY = 'the key of this installation, 64 characters or so'
let home: Installation
let folder: string
/** What restic restored of the newest backup of the installation. */
let restored: string
let backupId: string
let others = 0

const configOf = (name: string, more: object = {}) =>
  readConfig({ DATA_DIR: join(folder, name), SECRET_KEY, RESTIC_BINARY: process.env.RESTIC_BINARY, ...more })
/** A copy of what was restored, for a test to damage. */
const copyOf = async () => {
  const copy = join(folder, `copy-${others++}`)
  await cp(restored, copy, { recursive: true })
  const found = (await readdir(copy, { recursive: true, withFileTypes: true })).find((e) => e.name === 'manifest.json')
  return { copy, at: found?.parentPath as string }
}
/** Every row of every table, as text; without those of the backup that was going on in them. */
async function contentOf(prisma: Database): Promise<Record<string, string[]>> {
  const tables: Record<string, string[]> = {}
  const runs = await prisma.backupRun.findMany({ where: { backupId }, select: { id: true } })
  const ids = [backupId, ...runs.map(({ id }) => id)]
  for (const table of savedTables) {
    const rows = await prisma.$queryRawUnsafe<{ row: string }[]>(
      `select to_jsonb(t)::text as row from public.${table} t order by 1`,
    )
    tables[table] = rows.map(({ row }) => row).filter((row) => !ids.some((id) => row.includes(id)))
  }
  return tables
}

/** At least one row in every table. */
async function fill({ runtime, admin, environmentId }: Installation): Promise<void> {
  const { prisma } = runtime
  const repository = await prisma.repository.findFirstOrThrow()
  const source = await prisma.source.findFirstOrThrow({ where: { kind: 'files' } })
  const plan = await createPlan(runtime, admin, { name: 'nightly “\u{1F600}”', schedule: 'daily', selection: {} })
  const backup = await prisma.backup.create({
    data: { type: 'STORAGE', state: 'SUCCEEDED', origin: 'API', environments: ['test'], compressionLevel: 5 },
  })
  const run = await prisma.backupRun.create({
    data: {
      ...{ backupId: backup.id, sourceId: source.id, repositoryId: repository.id, compressionLevel: 5 },
      ...{ state: 'SUCCEEDED', snapshotId: 'a'.repeat(64), bytesDone: 9_007_199_254_740_993n, part: "it's\n\\N," },
    },
  })
  await prisma.backupEvent.create({
    data: { backupId: backup.id, seq: 1, kind: 'PROGRESS', progress: { bytesDone: 1 } },
  })
  const webhook = { kind: 'webhook', url: 'https://example.org/', timeoutSeconds: 5 }
  const later = { phase: 'AFTER', position: 0, hook: webhook, notBefore: new Date('2999-01-01') } as const
  await prisma.backupHook.create({ data: { backupId: backup.id, environmentId, ...later } })
  await prisma.planEvent.create({ data: { planId: plan.id, dueAt: new Date(0), kind: 'MISSED' } })
  await prisma.repositoryTask.create({ data: { repositoryId: repository.id, kind: 'CHECK', state: 'QUEUED' } })
  const to = { folder: '/srv/restored', requestedFolder: '/srv/restored', requestedBy: 'ops@example.org' }
  const { id: restoreId } = await prisma.restore.create({ data: { runId: run.id, ...to } })
  await prisma.restoreEvent.create({ data: { restoreId, seq: 1, kind: 'LOG', level: 'INFO', message: 'restored' } })
  await prisma.logRule.create({
    data: { pattern: 'quota of * used up', severity: 'ERROR', cause: 'c', remedy: 'r', createdBy: 'ops@example.org' },
  })
  const signed = { document: '{}', hash: '44', signature: 'c2ln' }
  await prisma.verificationEvidence.create({ data: { restoreId, sequence: 1, ...signed } })
  await prisma.repositoryFigures.create({
    data: { repositoryId: repository.id, snapshots: 1, restoreBytes: 1, uncompressedBytes: 1, storedBytes: 1 },
  })
  await prisma.retentionHold.create({ data: { sourceId: source.id, runId: run.id, reason: 'half as big' } })
  await prisma.setting.create({ data: { key: 'option.retention_policy', value: '45' } })
  const told = { title: 'missed', tone: 'warn', facts: [], parts: [], lines: [], problem: null, link: '', linkText: '' }
  const notification = {
    key: 'missed',
    event: 'PLAN_MISSED',
    severity: 'WARNING',
    subject: 'missed',
    content: told,
  } as const
  const channel = await prisma.channel.create({ data: { name: 'ops', kind: 'ntfy', settings: { topic: 'backups' } } })
  const toOps = { channelId: channel.id, channel: 'ntfy', recipient: 'ops' }
  await prisma.notification.create({ data: { ...notification, planId: plan.id, deliveries: { create: toOps } } })
  const { userId } = admin
  await prisma.apiToken.create({ data: { userId, name: 'ci', scopes: ['backup:read'], expiresAt: new Date() } })
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'backup-trigger-restore-installation-'))
  home = await openInstallation({ SECRET_KEY })
  await home.addFiles('uploads', { 'a.txt': 'a' })
  await home.addSqlite('shop', 3)
  await fill(home)
  await home.startWorker()
  backupId = (await triggerBackup(home.runtime, home.admin, 'API', { type: 'FULL' })).id
  const backup = await home.ended(backupId)
  expect(backup.state).toBe('SUCCEEDED')
  const runs = await home.runtime.prisma.backupRun.findMany({ where: { backupId }, include: { source: true } })
  const run = runs.find(({ source }) => source.kind === 'installation')
  restored = join(folder, 'restored')
  await mkdir(restored)
  await using access = await openAccess(home.runtime, await home.runtime.prisma.repository.findFirstOrThrow())
  await restoreSnapshot(await home.runtime.restic(), access, {
    snapshotId: run?.snapshotId as string,
    target: restored,
    signal: new AbortController().signal,
  })
})
afterAll(async () => {
  await home?.close()
  await rm(folder, { recursive: true, force: true })
})

describe('a full backup', () => {
  it('holds the installation itself, saved after all the others', async () => {
    const runs = await home.runtime.prisma.backupRun.findMany({ where: { backupId }, include: { source: true } })
    const itself = runs.find(({ source }) => source.kind === 'installation')
    expect(runs).toHaveLength(3)
    expect(itself?.source.name).toBe('system-backup-trigger')
    const ends = runs.filter((run) => run !== itself).map((run) => run.finishedAt as Date)
    for (const end of ends) expect((itself?.startedAt as Date) >= end).toBe(true)
    const refused = { environment: 'test', name: 'twice', kind: 'installation', settings: {} }
    await expect(createSource(home.runtime, home.admin, refused)).rejects.toMatchObject({
      code: 'INSTALLATION_SOURCE_EXISTS',
    })
  })

  it('leaves that of an installation which was lost as history, beside its own', async () => {
    const { prisma } = home.runtime
    const lost = { name: 'of the lost one', type: 'DATABASE', kind: 'installation', settings: {} } as const
    const found = { ...lost, environmentId: home.environmentId, settingsMissing: true, enabled: false }
    const { id } = await prisma.source.create({ data: found })
    await expect(updateSource(home.runtime, home.admin, { id, settings: {} })).rejects.toMatchObject({
      code: 'INSTALLATION_SOURCE_EXISTS',
    })
    await prisma.source.delete({ where: { id } })
  })
})

it('every table is saved, or known not to be of use elsewhere', async () => {
  const rows = await home.runtime.prisma.$queryRaw<{ name: string }[]>`
    select table_name as name from information_schema.tables where table_schema = 'public'`
  expect(rows.map(({ name }) => name).toSorted()).toEqual([...savedTables, ...momentaryTables].toSorted())
})

describe('a new installation', () => {
  it('is the one that was saved, row by row; nothing begins by itself, and backups go on', async () => {
    const config = configOf('new')
    const { rows } = await restoreInstallation(config, restored)
    expect(rows).toBeGreaterThan(30)
    const opened = await openRuntime(config, pino({ level: 'silent' }))
    const { prisma } = opened.runtime
    try {
      const [before, after] = [await contentOf(home.runtime.prisma), await contentOf(prisma)]
      for (const table of savedTables) expect(before[table]?.length, `rows of ${table}`).toBeGreaterThan(0)
      const changed = ['plans', 'repository_tasks', 'restores', 'backup_hooks', 'deliveries']
      for (const table of savedTables.filter((name) => !changed.includes(name) && name !== '_prisma_migrations'))
        expect(after[table], table).toEqual(before[table])
      for (const table of changed) expect(after[table]).toHaveLength(before[table]?.length as number)

      const interrupted = { state: 'INTERRUPTED', errorCode: 'INSTALLATION_RESTORED' }
      expect(await prisma.repositoryTask.findFirstOrThrow()).toMatchObject(interrupted)
      expect(await prisma.restore.findFirstOrThrow()).toMatchObject(interrupted)
      expect(await prisma.backupHook.findFirstOrThrow()).toMatchObject(interrupted)
      expect(await prisma.delivery.findFirstOrThrow()).toMatchObject({ state: 'FAILED' })
      expect(await prisma.backup.findUniqueOrThrow({ where: { id: backupId } })).toMatchObject({ state: 'PARTIAL' })
      expect((await prisma.plan.findFirstOrThrow()).dueAt?.getTime()).toBeGreaterThan(Date.now())

      const worker = await startWorker(opened.runtime)
      const shop = await prisma.source.findFirstOrThrow({ where: { name: 'shop' } })
      const { id } = await triggerBackup(opened.runtime, home.admin, 'API', { type: 'DATABASE', sourceIds: [shop.id] })
      await expect
        .poll(async () => (await prisma.backup.findUniqueOrThrow({ where: { id } })).state, { timeout: 30_000 })
        .toBe('SUCCEEDED')
      await worker.stop(0)
    } finally {
      await opened.runtime.queue.stop(1000)
      await opened.close()
    }
    await expect(restoreInstallation(config, restored)).rejects.toMatchObject({ code: 'RESTORE_TARGET_NOT_EMPTY' })
  })

  it.each<[string, (at: string) => Promise<unknown>]>([
    ['with another byte', async (at) => writeFile(join(at, 'users.csv'), `${await readFile(join(at, 'users.csv'))}x`)],
    ['that lacks a file', (at) => rm(join(at, 'plans.ndjson'))],
    ['with a row more', (at) => appendFile(join(at, 'audit_events.ndjson'), '{}\n')],
    ['without its manifest', (at) => rm(join(at, 'manifest.json'))],
  ])('takes nothing of a backup %s', async (_what, damage) => {
    const { copy, at } = await copyOf()
    await damage(at)
    const config = configOf('damaged')
    await expect(restoreInstallation(config, copy)).rejects.toMatchObject({ code: 'RESTORE_CONTENT_WRONG' })
    await expect(readdir(config.DATA_DIR)).rejects.toMatchObject({ code: 'ENOENT' }) // not even begun
  })

  it('takes nothing with another secret key, and all with the right one afterwards', async () => {
    const wrong = configOf('key', { SECRET_KEY: 'another key, which is as long as the first' })
    await expect(restoreInstallation(wrong, restored)).rejects.toMatchObject({ code: 'SECRET_UNREADABLE' })
    await expectEmpty('key')
    expect(await restoreInstallation(configOf('key'), restored)).toMatchObject({ moment: expect.any(String) })
  })

  it.each([
    ['a newer', '20991231000000_later', 'is not known to this one'],
    ['an older', null, 'was not there yet'],
  ])('takes nothing of %s version', async (_what, name, problem) => {
    const { copy, at } = await copyOf()
    const path = join(at, '_prisma_migrations.ndjson')
    const lines = (await readFile(path, 'utf8')).trim().split('\n')
    const last = JSON.parse(lines.pop() as string)
    if (name !== null) lines.push(JSON.stringify(last), JSON.stringify({ ...last, migration_name: name }))
    const text = `${lines.join('\n')}\n`
    await writeFile(path, text)
    const manifest = JSON.parse(await readFile(join(at, 'manifest.json'), 'utf8'))
    const entry = manifest.exports.find((one: { name: string }) => one.name === '_prisma_migrations')
    const sha256 = createHash('sha256').update(text).digest('hex')
    Object.assign(entry, { rows: lines.length, ndjson: { ...entry.ndjson, bytes: Buffer.byteLength(text), sha256 } })
    await writeFile(join(at, 'manifest.json'), JSON.stringify(manifest))
    await expect(restoreInstallation(configOf('version'), copy)).rejects.toMatchObject({
      code: 'INSTALLATION_OF_ANOTHER_VERSION',
      message: expect.stringContaining(problem),
    })
    await expectEmpty('version')
  })
})

async function expectEmpty(name: string): Promise<void> {
  const database = await openDatabase(configOf(name), 'required')
  try {
    for (const table of savedTables.filter((one) => one !== '_prisma_migrations')) {
      const [row] = await database.prisma.$queryRawUnsafe<{ n: number }[]>(
        `select count(*)::int as n from public.${table}`,
      )
      expect(row?.n, table).toBe(0)
    }
  } finally {
    await database.close()
  }
}
