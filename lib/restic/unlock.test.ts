import { rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { listLocks, removeOwnDeadLocks } from './restic.ts'
import { type Bench, openBench } from './testing/bench.ts'
import { holdLock, type LockHolder } from './testing/lock-holder.ts'

let bench: Bench
const started: LockHolder[] = []
beforeEach(async () => {
  bench = await openBench()
})
afterEach(async () => {
  for (const holder of started.splice(0)) await holder.kill().catch(() => {}) // some are dead already
  await bench.remove()
})

async function lockHolder() {
  const holder = await holdLock(bench.restic, bench.access)
  started.push(holder)
  return holder
}

const mine = (...holders: LockHolder[]) => holders.map(({ pid }) => ({ host: hostname(), pid }))
const pids = async () => (await listLocks(bench.restic, bench.access)).map((lock) => lock.pid)
const removeLock = (id: string) => rm(join(bench.access.location, 'locks', id))
const inAnHour = { now: () => new Date(Date.now() + 3_600_000) }

test('the lock of a dead process of ours is removed while the lock of a living one stays', async () => {
  const dead = await lockHolder()
  const living = await lockHolder()
  await dead.kill()
  const { removed, kept } = await removeOwnDeadLocks(bench.restic, bench.access, mine(dead, living))
  expect(removed.map((l) => l.pid)).toEqual([dead.pid])
  expect(kept.map((l) => l.pid)).toEqual([living.pid])
  expect(await pids()).toEqual([living.pid])
})

test('nothing is removed while restic unlock would also take a dead lock that is not ours', async () => {
  const dead = await lockHolder()
  const foreign = await lockHolder()
  await dead.kill()
  await foreign.kill()
  const { removed } = await removeOwnDeadLocks(bench.restic, bench.access, mine(dead))
  expect(removed).toEqual([])
  expect(await pids()).toHaveLength(2)
})

test('nothing is removed while a living process’s lock is so old that restic unlock would take it', async () => {
  const dead = await lockHolder()
  const living = await lockHolder()
  await dead.kill()
  const { removed } = await removeOwnDeadLocks(bench.restic, bench.access, mine(dead, living), { clock: inAnHour })
  expect(removed).toEqual([])
  expect(await pids()).toHaveLength(2)
})

test('where files can be removed one by one, the dead lock of ours goes alone, whatever else is there', async () => {
  const dead = await lockHolder()
  const foreign = await lockHolder()
  const living = await lockHolder()
  await dead.kill()
  await foreign.kill()
  const call = { clock: inAnHour }
  const { removed } = await removeOwnDeadLocks(bench.restic, { ...bench.access, removeLock }, mine(dead, living), call)
  expect(removed.map((l) => l.pid)).toEqual([dead.pid])
  expect((await pids()).sort()).toEqual([foreign.pid, living.pid].sort())
})

test('the lock of a process of ours on another machine is removed only when it was not renewed for long', async () => {
  const living = await lockHolder()
  const [lock] = await listLocks(bench.restic, bench.access)
  await living.kill()
  expect(lock).toMatchObject({ host: hostname(), pid: living.pid, exclusive: false, user: expect.any(String) })
  const elsewhere = [{ host: 'elsewhere', pid: living.pid }]
  const { kept } = await removeOwnDeadLocks(bench.restic, bench.access, elsewhere, { clock: inAnHour })
  expect(kept).toHaveLength(1)
})
