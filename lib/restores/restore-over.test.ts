import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { serveClient } from '#lib/cli/served-client.fixture.ts'
import { addSource } from '#lib/environments/sources.ts'
import { damageLargePacks } from '#lib/testing/damage-packs.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import type { Restore } from '#prisma/client/client.ts'
import type { Changes } from './restore-over.ts'
import { triggerRestore } from './trigger.ts'

let home: Installation
let next = 0
const refusal = (code: string) => expect.objectContaining({ code })
const rows = () => home.runtime.prisma.restore
const trigger = (given: object) => triggerRestore(home.runtime, home.admin, given)

async function ended({ id }: { id: string }): Promise<Restore> {
  const row = () => rows().findUniqueOrThrow({ where: { id } })
  await expect.poll(async () => (await row()).state, { timeout: 40_000 }).not.toMatch(/QUEUED|RUNNING/)
  return row()
}

async function backUp(sourceId: string): Promise<string> {
  await home.runtime.prisma.rateHit.deleteMany()
  const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE', sourceIds: [sourceId] })
  const { runs } = await home.ended(id)
  expect(runs).toMatchObject([{ state: 'SUCCEEDED' }])
  return runs[0]?.id as string
}

/** A saved folder with these files, and what undoes a restore's confirmations. */
async function saved(files: Record<string, string>) {
  const name = `notes-${next++}`
  const { source, path } = await home.addFiles(name, {})
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(path, file)), { recursive: true })
    await writeFile(join(path, file), text)
  }
  const runId = await backUp(source.id)
  return { runId, path, name, at: (file: string) => join(path, file) }
}

const read = (path: string) => readFile(path, 'utf8')
const changesOf = ({ changes }: Restore) => changes as unknown as Changes

beforeAll(async () => {
  home = await openInstallation()
  await Promise.all([home.startWorker(), home.startRestores()])
})
afterEach(() => rows().deleteMany())
afterAll(() => home?.close())

describe('a restore to where the files were', () => {
  it('is tried first, and then brings back what is missing and what was changed, and leaves the rest', async () => {
    const { runId, path, name, at } = await saved({ one: 'one', two: 'two', 'sub/[x]*': 'three', 'new\nline': 'four' })
    await writeFile(at('one'), 'changed')
    await rm(at('two'))
    await rm(at('sub'), { recursive: true })
    await writeFile(at('extra'), 'extra')
    const around = await stat(dirname(path))
    const wish = { runId, original: true, overwrite: 'ALWAYS' }

    const tried = await ended(await trigger({ ...wish, dryRun: true }))
    expect(tried).toMatchObject({ state: 'SUCCEEDED', dryRun: true, filesTotal: 4n, filesDone: 0n, targets: [path] })
    const names = [
      { action: 'restored', path: at('sub/[x]*') },
      { action: 'restored', path: at('two') },
      { action: 'updated', path: at('one') },
    ]
    const changes = changesOf(tried)
    expect(changes).toMatchObject({ restored: 2, updated: 1, unchanged: 1, bytes: 11 })
    expect(changes.names.toSorted((a, b) => (a.action + a.path < b.action + b.path ? -1 : 1))).toEqual(names)
    expect((await readdir(path)).sort()).toEqual(['extra', 'new\nline', 'one'])
    expect(await read(at('one'))).toBe('changed')

    await expect(trigger(wish)).rejects.toThrow(refusal('RESTORE_NOT_CONFIRMED'))
    const done = await ended(await trigger({ ...wish, confirmSource: name }))
    expect(done).toMatchObject({ state: 'SUCCEEDED', filesDone: 4n, filesTotal: 4n, bytesDone: done.bytesTotal })
    expect(changesOf(done)).toMatchObject({ restored: 2, updated: 1, unchanged: 1 })
    expect(await Promise.all(['one', 'two', 'sub/[x]*', 'new\nline', 'extra'].map((file) => read(at(file))))).toEqual(
      ['one', 'two', 'three', 'four', 'extra'], // biome-ignore format: one line each would not be clearer
    )
    expect((await stat(dirname(path))).mode).toBe(around.mode)
    const told = await home.runtime.prisma.$queryRaw<{ event: string }[]>`
      select data->>'event' as event from pgboss.job where name = 'notify.repository' and data->>'event' like 'restore %'`
    expect(told.map(({ event }) => event)).toEqual([`restore ${done.id}`])
  })

  it('keeps what is there, or what is newer, where that was asked for', async () => {
    const { runId, name, at } = await saved({ old: 'saved', young: 'saved', gone: 'saved' })
    for (const file of ['old', 'young']) await writeFile(at(file), `${file} now`)
    await utimes(at('old'), 1000, 1000)
    await rm(at('gone'))
    const kept = await ended(await trigger({ runId, original: true, overwrite: 'NEVER' }))
    expect(kept).toMatchObject({ state: 'SUCCEEDED', filesDone: 3n })
    expect(changesOf(kept)).toMatchObject({ restored: 1, updated: 0, unchanged: 2 })
    expect(await Promise.all(['old', 'young', 'gone'].map((file) => read(at(file))))).toEqual([
      ...['old now', 'young now', 'saved'],
    ])
    const newer = await ended(await trigger({ runId, original: true, overwrite: 'IF_NEWER', confirmSource: name }))
    expect(changesOf(newer)).toMatchObject({ restored: 0, updated: 1, unchanged: 2 })
    expect([await read(at('old')), await read(at('young'))]).toEqual(['saved', 'young now'])
    await writeFile(at('young'), 'alike')
    const { mtime } = await stat(at('old'))
    await utimes(at('young'), mtime, mtime)
    await writeFile(at('old'), 'other size')
    const changed = await ended(await trigger({ runId, original: true, overwrite: 'IF_CHANGED', confirmSource: name }))
    expect(changesOf(changed).names.map(({ path }) => basename(path))).toContain('old')
    expect(await read(at('old'))).toBe('saved')
  })

  it('overwrites nothing unless it was asked for, and brings back a folder that is gone', async () => {
    const { runId, path, at } = await saved({ one: 'one' })
    const refused = await ended(await trigger({ runId, original: true }))
    expect(refused).toMatchObject({ state: 'FAILED', errorCode: 'RESTORE_TARGET_NOT_EMPTY' })
    await chmod(path, 0o750)
    const before = await backUp(
      (await home.runtime.prisma.backupRun.findUniqueOrThrow({ where: { id: runId } })).sourceId,
    )
    await rm(path, { recursive: true })
    expect(await ended(await trigger({ runId: before, original: true }))).toMatchObject({ state: 'SUCCEEDED' })
    expect(await read(at('one'))).toBe('one')
    expect((await stat(path)).mode & 0o777).toBe(0o750)
  })

  it('takes several places, a single file among them, and only the paths that were asked for', async () => {
    const root = join(home.folder, 'files', `several-${next++}`)
    const [folder, file, other] = [join(root, 'a', 'folder'), join(root, 'b', 'file'), join(root, 'b', 'other')]
    for (const path of [folder, dirname(file)]) await mkdir(path, { recursive: true })
    for (const path of [join(folder, 'in'), file, other]) await writeFile(path, 'saved')
    const source = await addSource(home.runtime.prisma, home.runtime.secretKey, {
      ...{ environmentId: home.environmentId, name: `several ${root}`, kind: 'files' },
      settings: { paths: [folder, file, other] },
    })
    const runId = await backUp(source.id)
    await rm(root, { recursive: true })
    const some = await ended(await trigger({ runId, original: true, paths: [file] }))
    expect(some).toMatchObject({ state: 'SUCCEEDED', filesDone: 1n, targets: [file] })
    expect((await readdir(root, { recursive: true })).sort()).toEqual(['b', 'b/file'])
    await rm(root, { recursive: true })
    const all = await ended(await trigger({ runId, original: true }))
    expect(all).toMatchObject({ state: 'SUCCEEDED', filesDone: 3n, bytesDone: 15n })
    expect((await readdir(root, { recursive: true })).sort()).toEqual([
      ...['a', 'a/folder', 'a/folder/in', 'b', 'b/file', 'b/other'],
    ])
    const absent = await ended(await trigger({ runId, original: true, paths: [join(root, 'b', 'fil')], dryRun: true }))
    expect(absent).toMatchObject({ state: 'FAILED', errorCode: 'SNAPSHOT_PATH_UNKNOWN' })
  })

  it('leaves out names and paths, wherever they go', async () => {
    const files = {
      'a.txt': 'a',
      'a.tmp': 'b',
      'sub/b.tmp': 'c',
      'sub/b.txt': 'd',
      'cache/c.txt': 'e',
      'sub/cache/d.txt': 'f',
    }
    const { runId, path, at } = await saved(files)
    const leaveOut = ['*.tmp', at('cache'), '/elsewhere']
    const wanted = ['a.txt', 'sub/b.txt', 'sub/cache/d.txt']
    const found = async (root: string) =>
      (await readdir(root, { recursive: true, withFileTypes: true }))
        .filter((one) => one.isFile())
        .map((one) => join(one.parentPath, one.name).slice(root.length + 1))
        .sort()
    const folder = join(home.folder, 'files', `left-out-${next++}`)
    const whole = await ended(await trigger({ runId, folder, leaveOut }))
    expect(whole).toMatchObject({ state: 'SUCCEEDED', filesTotal: 3n, filesDone: 3n })
    expect(await found(join(folder, path))).toEqual(wanted)
    await rm(folder, { recursive: true })
    const part = await ended(await trigger({ runId, folder, leaveOut, paths: [at('sub')] }))
    expect(part).toMatchObject({ state: 'SUCCEEDED', filesDone: 2n })
    await rm(path, { recursive: true })
    const back = await ended(await trigger({ runId, original: true, leaveOut }))
    expect(back).toMatchObject({ state: 'SUCCEEDED', filesTotal: 3n, filesDone: 3n })
    expect(await found(path)).toEqual(wanted)
    for (const wrong of ['', '!a', '/', 'a/b', '/a*/b', '[', '/a/\n'])
      await expect(trigger({ runId, folder, leaveOut: [wrong] })).rejects.toThrow(refusal('INPUT_INVALID'))
  })

  it('is refused of what lay nowhere, outside the allowed folders, and while another goes there', async () => {
    const { source } = await home.addSqlite(`shop-${next++}`, 1)
    await home.runtime.prisma.rateHit.deleteMany()
    const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'DATABASE', sourceIds: [source.id] })
    const runOfDatabase = (await home.ended(id)).runs[0]?.id
    await expect(trigger({ runId: runOfDatabase, original: true })).rejects.toThrow(refusal('RESTORE_NOT_INTO_PLACE'))
    const { runId, path } = await saved({ one: 'one' })
    for (const wrong of [{}, { folder: '/x', original: true }, { place: { name: 'x' }, dryRun: true }])
      await expect(trigger({ runId, ...wrong })).rejects.toThrow(refusal('INPUT_INVALID'))
    const outside = await ended(await trigger({ runId, original: true, paths: ['/etc/hostname'], dryRun: true }))
    expect(outside).toMatchObject({ state: 'FAILED', errorCode: 'PATH_NOT_ALLOWED' })
    const { runtime } = home
    await runtime.prisma.restore.create({
      data: {
        runId,
        folder: join(path, 'x'),
        requestedFolder: '',
        requestedBy: 'x',
        state: 'RUNNING',
        heartbeatAt: new Date(Date.now() + 3_600_000),
      },
    })
    await expect(trigger({ runId, original: true })).rejects.toThrow(refusal('RESTORE_TARGET_BUSY'))
  })
})

describe('a restore over files', () => {
  it('goes through no symlink and replaces none by a folder', async () => {
    const { runId, name, at } = await saved({ 'sub/one': 'one', two: 'two' })
    const elsewhere = join(home.folder, 'files', `elsewhere-${next++}`)
    await rename(at('sub'), elsewhere)
    await symlink(elsewhere, at('sub'))
    await writeFile(join(elsewhere, 'one'), 'changed')
    await rm(at('two'))
    for (const overwrite of ['ALWAYS', 'IF_CHANGED', 'IF_NEWER', 'NEVER']) {
      const refused = await ended(await trigger({ runId, original: true, overwrite, confirmSource: name }))
      expect(refused).toMatchObject({ state: 'FAILED', errorCode: 'RESTORE_IN_THE_WAY' })
      expect(refused.errorMessage).toContain(at('sub'))
    }
    expect(await read(join(elsewhere, 'one'))).toBe('changed')
    expect(await stat(at('two')).catch(() => null)).toBeNull()
  })

  it('brings names that are not UTF-8 back into a folder that holds others', async () => {
    const { path, at } = await saved({ one: 'one' })
    const odd = Buffer.concat([Buffer.from(`${path}/caf`), Buffer.from([0xe9])])
    await writeFile(odd, 'odd')
    const { sourceId } = await home.runtime.prisma.backupRun.findFirstOrThrow({ orderBy: { queuedAt: 'desc' } })
    const runId = await backUp(sourceId)
    const folder = join(home.folder, 'files', `over-${next++}`)
    await mkdir(folder)
    await writeFile(join(folder, 'mine'), 'mine')
    const done = await ended(await trigger({ runId, folder, overwrite: 'NEVER' }))
    expect(done).toMatchObject({ state: 'SUCCEEDED', filesDone: 2n })
    expect(await readFile(Buffer.concat([Buffer.from(folder), odd]), 'utf8')).toBe('odd')
    expect([await read(join(folder, at('one'))), await read(join(folder, 'mine'))]).toEqual(['one', 'mine'])
  })

  it('is PARTIAL, and names it, when something could not be restored and all the rest was', async () => {
    const { runId, name, at } = await saved({ one: 'one', two: 'two' })
    for (const file of ['one', 'two']) await rm(at(file))
    await mkdir(at('one/full'), { recursive: true })
    const partial = await ended(await trigger({ runId, original: true, overwrite: 'ALWAYS', confirmSource: name }))
    expect(partial).toMatchObject({ state: 'PARTIAL', errorCode: 'RESTORE_INCOMPLETE', filesDone: 1n, filesTotal: 2n })
    expect(partial.errorMessage).toContain('/one')
    expect(partial.errorMessage).not.toContain('two')
    expect(await read(at('two'))).toBe('two')
  })

  it('is asked for on the command line, and shown before it is done', async () => {
    const { runId, name, at } = await saved({ one: 'one', two: 'two' })
    await writeFile(at('one'), 'changed')
    const client = await serveClient(home, 'restore')
    const wish = [runId, '--to-original', '--overwrite', 'if-changed', '--wait']
    const tried = await client.run([...wish, '--dry-run'])
    expect(tried).toMatchObject({ code: 0, stderr: '' })
    expect(tried.stdout).toContain('0 would be restored and 1 replaced')
    expect(tried.stdout).toContain(`~ ${at('one')}`)
    expect(await read(at('one'))).toBe('changed')
    const done = await client.run([...wish, '--confirm-source', name])
    expect(done.stdout).toContain('0 were restored and 1 replaced')
    expect(await read(at('one'))).toBe('one')
    client.close()
  })
})

// Last: it damages the repository.
it('a file whose pack has a wrong byte makes a restore into a folder PARTIAL, and the others are there', async () => {
  const { runId, path } = await saved({ good: 'good' })
  await writeFile(join(path, 'bad'), randomBytes(1_500_000).toString('hex'))
  const { sourceId } = await home.runtime.prisma.backupRun.findUniqueOrThrow({ where: { id: runId } })
  const second = await backUp(sourceId)
  const { location } = await home.runtime.prisma.repository.findFirstOrThrow()
  await damageLargePacks(location)
  const folder = join(home.folder, 'files', 'partial')
  const partial = await ended(await trigger({ runId: second, folder }))
  expect(partial).toMatchObject({ state: 'PARTIAL', errorCode: 'RESTORE_INCOMPLETE', filesDone: 1n, filesTotal: 2n })
  expect(partial.errorMessage).toContain(join(path, 'bad'))
  expect(await read(join(folder, path, 'good'))).toBe('good')
})
