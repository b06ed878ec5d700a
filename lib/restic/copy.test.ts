import { randomBytes } from 'node:crypto'
import { watch } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Secret } from '#lib/secrets/secret.ts'
import { backupPaths } from './backup.ts'
import { copySnapshot, type PairAccess } from './copy.ts'
import { initRepository, openRepository } from './init.ts'
import type { RepositoryAccess } from './repository.ts'
import { restoreSnapshot } from './restore.ts'
import { listSnapshots } from './snapshots.ts'
import { type Bench, openBench, request } from './testing/bench.ts'

const NEVER = new AbortController().signal
let bench: Bench
let target: RepositoryAccess
let pair: PairAccess
let data: string

beforeAll(async () => {
  bench = await openBench()
  target = { location: join(bench.folder, 'copies'), password: new Secret('another') }
  pair = { ...target, from: bench.access }
  await initRepository(bench.restic, pair)
  data = join(bench.folder, 'data')
  await mkdir(data)
})
afterAll(() => bench?.remove())

const copy = (snapshotId: string, access = pair, signal = NEVER) =>
  copySnapshot(bench.restic, access, { snapshotId, signal })
const copied = async () => (await listSnapshots(bench.restic, target)).map(({ originalId }) => originalId)
async function save(content: string | Buffer): Promise<string> {
  await writeFile(join(data, 'ü'), content)
  const what = { include: [data], exclude: [], oneFileSystem: true }
  return (await backupPaths(bench.restic, bench.access, { ...request(), ...what })).snapshotId
}

test('a repository made for copies cuts data at the same places as the other, which one made by itself does not', async () => {
  const alone = { ...target, location: join(bench.folder, 'alone') }
  await initRepository(bench.restic, alone)
  const cut = async (access: RepositoryAccess) => (await openRepository(bench.restic, access)).chunkerPolynomial
  const [here, there, elsewhere] = [await cut(bench.access), await cut(target), await cut(alone)]
  expect(there).toBe(here)
  expect(elsewhere).not.toBe(here)
})

test('a snapshot is copied once, however often it is asked for, and gives back the same', async () => {
  const content = randomBytes(2_000_000)
  const id = await save(content)
  const made = await copy(id)
  expect(made).toMatchObject({ originalId: id, tags: ['run:1', 'source:1'], bytes: content.length })
  expect(await copy(id)).toEqual(made)
  expect(await copied()).toEqual([id])
  const restored = join(bench.folder, 'restored')
  await restoreSnapshot(bench.restic, target, { snapshotId: made.id, target: restored, signal: NEVER })
  expect((await readFile(join(restored, data, 'ü'))).equals(content)).toBe(true)
})

test('a snapshot that is not there is an error, although restic then ends with 0', async () => {
  await expect(copy('0'.repeat(64))).rejects.toMatchObject({ code: 'SNAPSHOT_UNKNOWN' })
})

test('what is wrong is said of the repository that it is wrong with', async () => {
  const id = await save('more')
  const wrong = new Secret('wrong')
  await expect(copy(id, { ...pair, password: wrong })).rejects.toMatchObject({
    code: 'REPOSITORY_WRONG_PASSWORD',
    details: { repository: target.location },
  })
  await expect(copy(id, { ...pair, from: { ...pair.from, password: wrong } })).rejects.toMatchObject({
    code: 'REPOSITORY_WRONG_PASSWORD',
    details: { repository: bench.access.location },
  })
  await expect(copy(id, { ...pair, location: join(bench.folder, 'nothing') })).rejects.toMatchObject({
    code: 'REPOSITORY_MISSING',
    details: { repository: join(bench.folder, 'nothing') },
  })
})

test('one that is stopped half-way leaves no snapshot, and is made when it is asked for again', async () => {
  const id = await save(randomBytes(48_000_000))
  const stop = new AbortController()
  const watcher = watch(join(target.location, 'data'), { recursive: true }, () => stop.abort(new Error('stopped')))
  await expect(copy(id, pair, stop.signal)).rejects.toThrow('stopped')
  watcher.close()
  expect(await copied()).not.toContain(id)
  expect((await copy(id)).originalId).toBe(id)
})
