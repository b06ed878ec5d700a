import { randomBytes } from 'node:crypto'
import { chmod, mkdir, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { openAccess } from '#lib/repositories/access.ts'
import { createRepository } from '#lib/repositories/create.ts'
import { forgetSnapshots } from '#lib/restic/forget.ts'
import { repairSnapshots } from '#lib/restic/repair.ts'
import { restoreSnapshot } from '#lib/restic/restore.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import type { BackupRun, Repository, Source } from '#prisma/client/client.ts'
import { checkResult } from './check-result.ts'
import { repositoryDamage } from './damage.ts'
import { snapshotsRepair } from './repair-snapshots.ts'
import type { Damage } from './repair-steps.ts'
import { startTask } from './tasks.ts'

/*
 * Each test damages the repository in another way, has a check find it, and does what the guide says until there is no damage
 * left. One source was saved before and is untouched; the other's data is new in each test.
 */

let home: Installation
let repository: Repository
let notes: { source: Source; path: string }
let shop: { source: Source; path: string }
let untouched: BackupRun
let run: BackupRun
let size = 300_000

const tasks = () => home.runtime.prisma.repositoryTask
const damage = () => repositoryDamage(home.runtime.prisma, repository.id)
const rowOf = ({ id }: BackupRun) => home.runtime.prisma.backupRun.findUniqueOrThrow({ where: { id } })
const inRepository = (...path: string[]) => join(repository.location, ...path)

async function save(source: Source): Promise<BackupRun> {
  await home.runtime.prisma.rateHit.deleteMany()
  const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE', sourceIds: [source.id] })
  const { runs } = await home.ended(id)
  expect(runs).toMatchObject([{ state: 'SUCCEEDED' }])
  return runs[0] as BackupRun
}

async function perform(kind: string, options: object) {
  const { id } = await startTask(home.runtime, home.admin, { repositoryId: repository.id, kind, options })
  const task = () => tasks().findUniqueOrThrow({ where: { id } })
  await expect.poll(async () => (await task()).state, { timeout: 30_000 }).not.toMatch(/QUEUED|RUNNING/)
  const ended = await task()
  expect(ended).toMatchObject({ state: 'SUCCEEDED', errorCode: null })
  return ended
}

const check = async () => checkResult.parse((await perform('CHECK', { readData: 'all' })).result)

/** Does the step that is next until nothing is damaged any more, and answers which they were. */
async function followGuide(): Promise<string[]> {
  const done: string[] = []
  for (let now: Damage | null = await damage(); now !== null; now = await damage()) {
    const step = now.steps.find(({ isDone }) => !isDone)
    if (step === undefined || done.length === 8) throw new Error(`no way out: ${JSON.stringify([done, now])}`)
    done.push(step.kind)
    if (step.kind !== 'BACKUP') await perform(step.kind, step.options)
    else {
      expect(step.sourceIds).toEqual([shop.source.id])
      await save(shop.source)
    }
  }
  return done
}

async function filesOf(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort()
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'hex')])),
  )
}

async function expectWhole(saved: BackupRun, { path }: { path: string }) {
  const { snapshotId } = await rowOf(saved)
  const target = join(home.folder, 'restored', snapshotId as string)
  await mkdir(target, { recursive: true })
  await using access = await openAccess(home.runtime, repository)
  const request = { snapshotId: snapshotId as string, target, subfolder: path, signal: AbortSignal.timeout(60_000) }
  await restoreSnapshot(await home.runtime.restic(), access, request)
  expect(await filesOf(target)).toEqual(await filesOf(path))
}

/** The pack that holds what only the newest run of the shop saved. */
async function packOfShop(): Promise<string> {
  for (const name of await readdir(inRepository('data'), { recursive: true })) {
    const found = await stat(inRepository('data', name))
    if (found.isFile() && found.size > size && found.size < size + 5000) return name
  }
  throw new Error('no pack of that size')
}

/** A backup of a few bytes writes two packs; the larger one holds the folders. */
async function newestPackOfFolders(): Promise<string> {
  const names = await readdir(inRepository('data'), { recursive: true })
  const files = await Promise.all(names.map(async (name) => ({ name, ...(await stat(inRepository('data', name))) })))
  const packs = files.filter(({ name }) => name.includes('/') && name.length > 60)
  const [a, b] = packs.sort((one, other) => other.mtimeMs - one.mtimeMs)
  return (a?.size ?? 0) > (b?.size ?? 0) ? (a?.name as string) : (b?.name as string)
}

async function flip(file: string, position: number) {
  await chmod(file, 0o600)
  const handle = await open(file, 'r+')
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, position)
  await handle.write(Buffer.from([(buffer[0] as number) ^ 1]), 0, 1, position)
  await handle.close()
}

beforeAll(async () => {
  home = await openInstallation()
  repository = await home.runtime.prisma.repository.findFirstOrThrow()
  notes = await home.addFiles('notes', { 'a.txt': 'a', 'b.txt': 'b' })
  shop = await home.addFiles('shop', { 'small.txt': 'small' })
  await home.startWorker()
  await home.startMaintenance()
  untouched = await save(notes.source)
})
beforeEach(async () => {
  repository = await home.runtime.prisma.repository.findFirstOrThrow()
  size += 20_000
  await writeFile(join(shop.path, 'orders.bin'), randomBytes(size))
  run = await save(shop.source)
})
afterAll(() => home?.close())

/** The check names what is touched; afterwards all is sound, what was not touched is as it was, and what was is saved anew. */
async function repaired(found: Damage | null): Promise<string[]> {
  expect(found?.problems.length).toBeGreaterThan(0)
  expect(found?.touched).toContainEqual({
    snapshotId: run.snapshotId,
    runId: run.id,
    sourceId: shop.source.id,
    part: '',
    name: 'shop',
  })
  expect(found?.touched.map(({ name }) => name)).not.toContain('notes')
  expect(found?.touchedInFull).toBe(true)
  const done = await followGuide()
  expect(await check()).toMatchObject({ sound: true, problems: [], touched: [] })
  await expectWhole(untouched, notes)
  expect(await rowOf(untouched)).toMatchObject({ state: 'SUCCEEDED', snapshotId: untouched.snapshotId })
  return done
}

async function newestOfShop(): Promise<BackupRun> {
  const where = { sourceId: shop.source.id }
  return home.runtime.prisma.backupRun.findFirstOrThrow({ where, orderBy: { queuedAt: 'desc' } })
}

it('a flipped byte is found, and the pack, the snapshots and the data in it are repaired one after the other', async () => {
  const pack = await packOfShop()
  await flip(inRepository('data', pack), 1000)
  expect(await check()).toMatchObject({ sound: false })
  const found = await damage()
  expect(found?.packs).toEqual([pack.split('/').at(-1)])
  expect(await repaired(found)).toEqual(['REPAIR_PACKS', 'REPAIR_SNAPSHOTS', 'BACKUP', 'CHECK'])
  const old = await rowOf(run)
  expect(old).toMatchObject({ state: 'PARTIAL', errorCode: 'SNAPSHOT_DAMAGED', snapshotId: expect.any(String) })
  expect(old.snapshotId).not.toBe(run.snapshotId)
  const { state } = await home.runtime.prisma.backup.findUniqueOrThrow({ where: { id: run.backupId } })
  expect(state).toBe('PARTIAL')
  await expectWhole(await newestOfShop(), shop)
  const kept = await readdir(join(home.folder, 'data', 'damaged-files', repository.id))
  expect(kept).toEqual([`pack-${pack.split('/').at(-1)}`])
})

it('a deleted pack is found by its absence, and a later backup heals it only after the repair of the index', async () => {
  const pack = await packOfShop()
  await rm(inRepository('data', pack))
  expect(await check()).toMatchObject({ sound: false, missingPacks: [pack.split('/').at(-1)] })
  const relying = await save(shop.source)
  expect(await repaired(await damage())).toEqual(['REPAIR_INDEX', 'REPAIR_SNAPSHOTS', 'BACKUP', 'CHECK'])
  // The one saved after the check relied on the pack that was gone: no check had named it.
  for (const lost of [run, relying]) expect(await rowOf(lost)).toMatchObject({ state: 'PARTIAL' })
  await expectWhole(await newestOfShop(), shop)
})

it('a deleted file of the index is made anew, and nothing is lost', async () => {
  const names = await readdir(inRepository('index'))
  const times = await Promise.all(names.map(async (name) => (await stat(inRepository('index', name))).mtimeMs))
  await rm(inRepository('index', names[times.indexOf(Math.max(...times))] as string))
  expect(await check()).toMatchObject({ sound: false })
  expect(await repaired(await damage())).toEqual(['REPAIR_INDEX', 'CHECK'])
  expect(await rowOf(run)).toMatchObject({ state: 'SUCCEEDED', snapshotId: run.snapshotId })
  await expectWhole(run, shop)
})

it('a key file that cannot be read is found and replaced, and touches no snapshot', async () => {
  const { keyId } = repository
  await flip(inRepository('keys', keyId as string), 100)
  expect(await check()).toMatchObject({ sound: false, damagedKeys: [keyId], touched: [] })
  expect((await damage())?.keys).toEqual([keyId])
  expect(await followGuide()).toEqual(['REPAIR_KEYS', 'CHECK'])
  expect(await check()).toMatchObject({ sound: true })
  const after = await home.runtime.prisma.repository.findUniqueOrThrow({ where: { id: repository.id } })
  const keys = await readdir(inRepository('keys'))
  expect(keys).not.toContain(keyId)
  expect(keys.sort()).toEqual([after.keyId, after.spareKeyId].sort())
  await expectWhole(run, shop)
})

it('a snapshot that retention removed after the check is not taken for lost', async () => {
  const pack = await packOfShop()
  await flip(inRepository('data', pack), 1000)
  expect(await check()).toMatchObject({ sound: false })
  await using access = await openAccess(home.runtime, repository)
  await forgetSnapshots(await home.runtime.restic(), access, [run.snapshotId as string])
  await home.runtime.prisma.backupRun.update({ where: { id: run.id }, data: { removedAt: home.runtime.clock.now() } })
  expect(await followGuide()).toEqual(['REPAIR_PACKS', 'REPAIR_SNAPSHOTS', 'CHECK'])
  expect(await rowOf(run)).toMatchObject({ state: 'SUCCEEDED', snapshotId: run.snapshotId, errorCode: null })
})

it('a snapshot file that cannot be read is put aside, and its run says that it is lost', async () => {
  await flip(inRepository('snapshots', run.snapshotId as string), 100)
  expect(await check()).toMatchObject({ sound: false, damagedSnapshots: [run.snapshotId] })
  expect(await repaired(await damage())).toEqual(['REPAIR_SNAPSHOTS', 'BACKUP', 'CHECK'])
  expect(await rowOf(run)).toMatchObject({ state: 'FAILED', errorCode: 'SNAPSHOT_LOST', snapshotId: null })
  await expectWhole(await newestOfShop(), shop)
})

it('a repair that died after restic had done its work is finished by the next attempt', async () => {
  const pack = await packOfShop()
  await writeFile(join(shop.path, 'small.txt'), 'changed')
  const second = await save(shop.source)
  const folders = await newestPackOfFolders()
  await flip(inRepository('data', pack), 1000)
  await rm(inRepository('data', folders))
  expect(await check()).toMatchObject({ sound: false, missingPacks: [folders.split('/').at(-1)] })
  await perform('REPAIR_INDEX', {})
  await perform('REPAIR_PACKS', { packs: [pack.split('/').at(-1)] })
  await using access = await openAccess(home.runtime, repository)
  await repairSnapshots(await home.runtime.restic(), access, { signal: AbortSignal.timeout(60_000) })
  expect(await rowOf(run)).toMatchObject({ state: 'SUCCEEDED' })

  expect(await followGuide()).toEqual(['REPAIR_SNAPSHOTS', 'BACKUP', 'CHECK'])
  const partial = await rowOf(run)
  expect(partial).toMatchObject({ state: 'PARTIAL', errorCode: 'SNAPSHOT_DAMAGED', snapshotId: expect.any(String) })
  expect(partial.snapshotId).not.toBe(run.snapshotId)
  expect(await rowOf(second)).toMatchObject({ state: 'FAILED', errorCode: 'SNAPSHOT_LOST', snapshotId: null })
  expect(await rowOf(untouched)).toMatchObject({ state: 'SUCCEEDED', snapshotId: untouched.snapshotId })
})

it('a copy that lost something in a repair counts as missing, and its run as whole', async () => {
  const settings = { path: join(home.folder, 'files', 'second') }
  const second = await createRepository(home.runtime, home.admin, { name: 'second', kind: 'local', settings })
  const ended = { state: 'SUCCEEDED' as const, finishedAt: home.runtime.clock.now() }
  const copies = { repositoryId: second.id, kind: 'COPY' as const, ...ended }
  const copy = await tasks().create({ data: { ...copies, runId: run.id, result: { snapshotId: 'aa' } } })
  const whole = await tasks().create({ data: { ...copies, runId: untouched.id, result: { snapshotId: 'bb' } } })
  const repair = await tasks().create({ data: { repositoryId: second.id, kind: 'REPAIR_SNAPSHOTS', ...ended } })
  const lost = { snapshotId: 'aa', runId: run.id, sourceId: shop.source.id, part: '', name: 'shop', repairedId: 'cc' }
  await home.runtime.prisma.$transaction(
    async (tx) => void (await snapshotsRepair.onSuccess?.(tx, home.runtime, repair, { changed: [lost] })),
  )
  expect(await tasks().findUniqueOrThrow({ where: { id: copy.id } })).toMatchObject({
    state: 'FAILED',
    errorCode: 'SNAPSHOT_DAMAGED',
  })
  expect(await tasks().findUniqueOrThrow({ where: { id: whole.id } })).toMatchObject({ state: 'SUCCEEDED' })
  expect(await rowOf(run)).toMatchObject({ state: 'SUCCEEDED', snapshotId: run.snapshotId })
})
