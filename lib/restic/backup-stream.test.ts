import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CodedError } from '#lib/errors/coded-error.ts'
import { startChild } from '#lib/process/child.ts'
import { backupStream, listLocks, listSnapshots, restoreSnapshot } from './restic.ts'
import { type Bench, openBench, request, writeRandom } from './testing/bench.ts'

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench.remove())

const MIB = 1024 * 1024
const env = { PATH: '/usr/bin:/bin' }

/** Nothing of a failed attempt remains. */
async function expectNoTrace(snapshotsBefore: number) {
  expect(await listSnapshots(bench.restic, bench.access)).toHaveLength(snapshotsBefore)
  expect(await listLocks(bench.restic, bench.access)).toEqual([])
}

const countSnapshots = async () => (await listSnapshots(bench.restic, bench.access)).length

/** A program as a driver starts it: restic's stdin is its stdout. */
async function dump(script: string, sink: Writable, signal: AbortSignal) {
  const child = await startChild({ command: 'sh', args: ['-c', script], env, stdout: sink, signal })
  const exit = await child.exited
  if (exit.code !== 0)
    throw new CodedError('SOURCE_DUMP_FAILED', { tool: 'dump', exit: `exit ${exit.code}`, reason: exit.stderr })
}

test('a dump that ends well is saved and comes back identical', async () => {
  const file = join(bench.folder, 'data')
  await writeFile(file, await import('node:crypto').then((c) => c.randomBytes(20 * MIB)))
  const call = request()
  const summary = await backupStream(bench.restic, bench.access, {
    ...call,
    filename: 'dump.sql',
    write: (sink, signal) => dump(`cat ${file}`, sink, signal),
  })
  expect(summary).toMatchObject({ partial: false, unreadable: [], filesProcessed: 1, bytesProcessed: 20 * MIB })
  expect(call.heard.pid).toBeGreaterThan(0)
  const target = join(bench.folder, 'back')
  const { signal } = new AbortController()
  await restoreSnapshot(bench.restic, bench.access, { snapshotId: summary.snapshotId, target, signal })
  const hash = async (path: string) =>
    createHash('sha256')
      .update(await readFile(path))
      .digest('hex')
  expect(await hash(join(target, 'dump.sql'))).toBe(await hash(file))
  const [snapshot] = await listSnapshots(bench.restic, bench.access, { tags: ['run:1'] })
  expect(snapshot).toMatchObject({ id: summary.snapshotId, host: 'source-1', paths: ['/dump.sql'] })
})

test('a dump that dies half-way leaves no snapshot and no lock', async () => {
  const before = await countSnapshots()
  const running = backupStream(bench.restic, bench.access, {
    ...request(),
    filename: 'dump.sql',
    write: (sink, signal) => dump('head -c 8000000 /dev/urandom; echo disk gone >&2; exit 3', sink, signal),
  })
  await expect(running).rejects.toMatchObject({ code: 'SOURCE_DUMP_FAILED', details: { reason: 'disk gone' } })
  await expectNoTrace(before)
})

test('cancelling in mid-stream rejects with the reason and leaves no snapshot and no lock', async () => {
  const before = await countSnapshots()
  const controller = new AbortController()
  const reason = new CodedError('RUN_CANCELLED', { by: 'alice' })
  const call = request(controller.signal)
  const onProgress = () => controller.abort(reason)
  const running = backupStream(bench.restic, bench.access, {
    ...{ ...call, onProgress },
    filename: 'dump.sql',
    write: (sink, signal) => dump('cat /dev/urandom', sink, signal),
  })
  await expect(running).rejects.toBe(reason)
  await expectNoTrace(before)
})

test('a writer that fails at once does not leave restic waiting', async () => {
  const before = await countSnapshots()
  const write = () => Promise.reject(new Error('no such tool'))
  await expect(backupStream(bench.restic, bench.access, { ...request(), filename: 'x', write })).rejects.toThrow(
    'no such tool',
  )
  await expectNoTrace(before)
})

test('a restic that is killed in mid-stream is the error, the writer is told, and its lock is removed', async () => {
  const before = await countSnapshots()
  let wasTold = false
  let wasKilled = false
  const call = request()
  const running = backupStream(bench.restic, bench.access, {
    ...call,
    filename: 'dump.sql',
    onProgress: () => {
      if (!wasKilled) process.kill(call.heard.pid, 'SIGKILL')
      wasKilled = true
    },
    write: async (sink, signal) => {
      signal.addEventListener('abort', () => {
        wasTold = true
      })
      await writeRandom(sink, 4096 * MIB)
    },
  })
  await expect(running).rejects.toMatchObject({ code: 'RESTIC_FAILED', details: { exit: 'SIGKILL' } })
  expect({ wasTold, wasKilled }).toEqual({ wasTold: true, wasKilled: true })
  await expectNoTrace(before)
})

test('a stream without bytes is SOURCE_EMPTY, and the snapshot that restic makes of it is forgotten', async () => {
  const before = await countSnapshots()
  const write = async () => {}
  const running = backupStream(bench.restic, bench.access, { ...request(), filename: 'empty.sql', write })
  await expect(running).rejects.toMatchObject({ code: 'SOURCE_EMPTY' })
  await expectNoTrace(before)
})

test('a writer that ends the stream itself and then fails has its snapshot forgotten', async () => {
  const before = await countSnapshots()
  const call = request()
  const running = backupStream(bench.restic, bench.access, {
    ...call,
    filename: 'dump.sql',
    write: async (sink, signal) => {
      await writeRandom(sink, MIB)
      sink.end()
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      throw new CodedError('SOURCE_DAMAGED', { source: 'a', reason: 'b' })
    },
  })
  await expect(running).rejects.toMatchObject({ code: 'SOURCE_DAMAGED' })
  await expectNoTrace(before)
})

test('restic’s own failure wins over the broken pipe that it causes', async () => {
  const location = join(bench.folder, 'nowhere')
  const running = backupStream(
    bench.restic,
    { ...bench.access, location },
    { ...request(), filename: 'x', write: (sink, signal) => dump('cat /dev/zero', sink, signal) },
  )
  await expect(running).rejects.toMatchObject({ code: 'REPOSITORY_MISSING' })
})

test('a backup that outlives its deadline is RESTIC_TIMEOUT and leaves nothing', async () => {
  const before = await countSnapshots()
  const running = backupStream(bench.restic, bench.access, {
    ...request(),
    filename: 'x',
    timeoutMs: 2500,
    write: (sink, signal) => dump('cat /dev/zero', sink, signal),
  })
  await expect(running).rejects.toMatchObject({ code: 'RESTIC_TIMEOUT' })
  await expectNoTrace(before)
})
