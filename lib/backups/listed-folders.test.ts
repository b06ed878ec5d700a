import { closeSync, openSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { backupPaths } from '#lib/restic/restic.ts'
import { type Bench, openBench, request } from '#lib/restic/testing/bench.ts'
import { listedFolder } from './listed-folders.ts'

const MANY = 1_000_000
/** Of the heap, for all of them: far less than as many entries take, which is some 300 MB. */
const MEMORY_BYTES = 120_000_000

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench.remove())

it('a folder of a million files is looked into page by page, in memory that does not grow with it', async () => {
  const folder = join(bench.folder, 'a folder [of] many')
  await mkdir(folder)
  for (let i = 0; i < MANY; i++) closeSync(openSync(join(folder, `file ${String(i).padStart(6, '0')}`), 'w'))
  const signal = new AbortController().signal
  const paths = { include: [folder], exclude: [], oneFileSystem: true }
  const { snapshotId } = await backupPaths(bench.restic, bench.access, { ...request(), ...paths })
  await rm(folder, { recursive: true })

  const look = (path: string, skip: number) =>
    listedFolder(
      async () => bench.restic,
      async () => ({ ...bench.access, [Symbol.asyncDispose]: async () => {} }),
      snapshotId,
      path,
      { skip, first: 500, signal },
    )
  let most = 0
  const before = process.memoryUsage().heapUsed
  const watching = setInterval(() => {
    most = Math.max(most, process.memoryUsage().heapUsed - before)
  }, 50)
  const [first, last] = [await look(folder, 0), await look(folder, MANY - 300)]
  clearInterval(watching)
  expect(first).toMatchObject({ hasMore: true, all: null })
  expect(first?.entries.map(({ name }) => name)).toEqual(
    Array.from({ length: 500 }, (_, i) => `file ${String(i).padStart(6, '0')}`),
  )
  expect(last).toMatchObject({ hasMore: false, all: null })
  expect(last?.entries).toHaveLength(300)
  expect(last?.entries.at(-1)?.name).toBe('file 999999')
  expect(most).toBeLessThan(MEMORY_BYTES)
}, 600_000)
