import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Secret } from '#lib/secrets/secret.ts'
import {
  backupPaths,
  checkRepository,
  forgetSnapshots,
  initRepository,
  listLocks,
  listSnapshots,
  openRepository,
  restoreSnapshot,
  snapshotsByTag,
} from './restic.ts'
import { type Bench, openBench, request } from './testing/bench.ts'

let bench: Bench
let data: string
const never = new AbortController().signal
const isRoot = process.getuid?.() === 0
const isCi = process.env.CI === 'true'

beforeAll(async () => {
  bench = await openBench()
  data = join(bench.folder, 'data')
  await mkdir(data)
  await writeFile(join(data, 'größe.txt'), 'hello')
  await writeFile(join(data, 'big'), randomBytes(12 * 1024 * 1024))
})
afterAll(() => bench.remove())

const paths = (include: string[]) => ({ include, exclude: [], oneFileSystem: false })

/** Runs `use` with a small tmpfs mounted; only root can. */
async function withTmpfs(size: string, use: (folder: string) => Promise<void>) {
  const folder = await mkdtemp(join(tmpdir(), 'restic-mount-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder])
  try {
    await use(folder)
  } finally {
    execFileSync('umount', [folder])
    await rm(folder, { recursive: true })
  }
}

test('a folder is saved whole, found by its tag, restored identical and forgotten', async () => {
  const call = request()
  const summary = await backupPaths(bench.restic, bench.access, { ...call, ...paths([data]) })
  expect(summary).toMatchObject({
    partial: false,
    unreadable: [],
    filesProcessed: 2,
    bytesProcessed: 12 * 1024 * 1024 + 5,
  })
  expect((await snapshotsByTag(bench.restic, bench.access, 'run:1')).map((s) => s.id)).toEqual([summary.snapshotId])
  const target = join(bench.folder, 'back')
  const restored = await restoreSnapshot(bench.restic, bench.access, {
    snapshotId: summary.snapshotId,
    subfolder: data,
    target,
    signal: never,
  })
  expect(restored.bytes).toBe(summary.bytesProcessed)
  expect(await readdir(target)).toEqual(['big', 'größe.txt'])
  expect(await readFile(join(target, 'big'))).toEqual(await readFile(join(data, 'big')))
  await forgetSnapshots(bench.restic, bench.access, [summary.snapshotId])
  expect(await listSnapshots(bench.restic, bench.access)).toEqual([])
  const again = restoreSnapshot(bench.restic, bench.access, { snapshotId: summary.snapshotId, target, signal: never })
  await expect(again).rejects.toMatchObject({ code: 'SNAPSHOT_UNKNOWN' })
})

test('cancelling in mid-paths rejects with the reason and leaves no snapshot and no lock', async () => {
  const controller = new AbortController()
  const reason = new Error('enough')
  let fired = false
  const call = request(controller.signal)
  const onProgress = () => {
    fired = true
    controller.abort(reason)
  }
  const big = join(bench.folder, 'huge')
  await mkdir(big)
  for (let i = 0; i < 12; i++) await writeFile(join(big, `${i}`), randomBytes(24 * 1024 * 1024))
  const running = backupPaths(bench.restic, bench.access, { ...call, onProgress, ...paths([big]) })
  await expect(running).rejects.toBe(reason)
  expect(fired).toBe(true)
  expect(await listSnapshots(bench.restic, bench.access)).toEqual([])
  expect(await listLocks(bench.restic, bench.access)).toEqual([])
  await rm(big, { recursive: true })
})

test('a file that cannot be read makes the backup partial and is named', async () => {
  const summary = await backupPaths(bench.restic, bench.access, { ...request(), ...paths([data, '/proc/self/mem']) })
  expect(summary).toMatchObject({ partial: true, unreadable: ['/proc/self/mem'] })
})

test('an include that does not exist makes the backup partial; when none exists it is refused', async () => {
  const gone = join(bench.folder, 'gone')
  const summary = await backupPaths(bench.restic, bench.access, { ...request(), ...paths([data, gone]) })
  expect(summary).toMatchObject({ partial: true, unreadable: [gone] })
  const running = backupPaths(bench.restic, bench.access, { ...request(), ...paths([gone]) })
  await expect(running).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
})

test('a wrong password, a missing repository and an existing one are told apart', async () => {
  const { restic, access } = bench
  const wrong = { ...access, password: new Secret('wrong') }
  await expect(openRepository(restic, wrong)).rejects.toMatchObject({ code: 'REPOSITORY_WRONG_PASSWORD' })
  await expect(backupPaths(restic, wrong, { ...request(), ...paths([data]) })).rejects.toMatchObject({
    code: 'REPOSITORY_WRONG_PASSWORD',
  })
  const nowhere = { ...access, location: join(bench.folder, 'nowhere') }
  await expect(openRepository(restic, nowhere)).rejects.toMatchObject({ code: 'REPOSITORY_MISSING' })
  await expect(initRepository(restic, access)).rejects.toMatchObject({ code: 'REPOSITORY_EXISTS' })
  await expect(initRepository(restic, wrong)).rejects.toMatchObject({ code: 'REPOSITORY_EXISTS' })
})

test('a file where the repository’s folder should be is refused at once', async () => {
  const location = join(data, 'big', 'repository')
  await expect(initRepository(bench.restic, { ...bench.access, location })).rejects.toMatchObject({
    code: 'REPOSITORY_UNWRITABLE',
  })
})

test('a healthy repository is sound, one with a lost pack is not', async () => {
  const access = { ...bench.access, location: join(bench.folder, 'second') }
  await initRepository(bench.restic, access)
  await backupPaths(bench.restic, access, { ...request(), ...paths([data]) })
  expect(await checkRepository(bench.restic, access, { readData: 'all', signal: never })).toMatchObject({ sound: true })
  const folders = await readdir(join(access.location, 'data'), { recursive: true, withFileTypes: true })
  const pack = folders.find((entry) => entry.isFile())
  if (!pack) throw new Error('the repository has no pack')
  await rm(join(pack.parentPath, pack.name))
  const result = await checkRepository(bench.restic, access, { signal: never })
  expect(result.sound).toBe(false)
  expect(result.problems.length).toBeGreaterThan(0)
})

test.skipIf(!isRoot && !isCi)('a full disk is REPOSITORY_FULL (needs root to mount)', async () => {
  await withTmpfs('6m', async (folder) => {
    const access = { ...bench.access, location: join(folder, 'repository') }
    await initRepository(bench.restic, access)
    await expect(backupPaths(bench.restic, access, { ...request(), ...paths([data]) })).rejects.toMatchObject({
      code: 'REPOSITORY_FULL',
    })
    await rm(join(folder, 'repository', 'locks'), { recursive: true, force: true })
  })
})

test.skipIf(!isRoot && !isCi)(
  'a repository that this user may not write is REPOSITORY_UNWRITABLE (needs root to change user)',
  async () => {
    const nobody = { ...bench.restic, uid: 65534, gid: 65534, cacheDir: await mkdtemp(join(tmpdir(), 'restic-cache-')) }
    await chmod(nobody.cacheDir, 0o777)
    const folder = await mkdtemp(join(tmpdir(), 'restic-owned-'))
    await chmod(folder, 0o755)
    try {
      const running = initRepository(nobody, { ...bench.access, location: join(folder, 'repository') })
      await expect(running).rejects.toMatchObject({ code: 'REPOSITORY_UNWRITABLE' })
    } finally {
      await rm(folder, { recursive: true })
      await rm(nobody.cacheDir, { recursive: true })
    }
  },
)

test('a snapshot that is gone or damaged right after restic reported it is no success', async () => {
  const place = await openBench()
  try {
    for (const [name, fault] of [
      ['gone', 'rm'],
      ['cut', 'truncate -s -1'],
    ]) {
      const binary = join(place.folder, `restic-${name}`)
      const snapshots = join(place.access.location, 'snapshots')
      const lines = [
        '#!/bin/sh',
        `'${place.restic.binary}' "$@"; code=$?`,
        `if [ "$1" = backup ]; then chmod u+w '${snapshots}'/* && ${fault} '${snapshots}'/* && echo fired > '${binary}.fired'; fi`,
        'exit $code',
      ]
      await writeFile(binary, `${lines.join('\n')}\n`, { mode: 0o755 })
      const saving = backupPaths({ ...place.restic, binary }, place.access, { ...request(), ...paths([data]) })
      await expect(saving).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_SAVED' })
      expect(await readFile(`${binary}.fired`, 'utf8')).toBe('fired\n')
    }
  } finally {
    await place.remove()
  }
})
