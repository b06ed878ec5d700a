import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { hostname } from 'node:os'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { resticEnvironment } from './repository.ts'
import { listLocks, removeOwnDeadLocks } from './restic.ts'
import { type Bench, openBench } from './testing/bench.ts'

let bench: Bench
const started: number[] = []
beforeEach(async () => {
  bench = await openBench()
})
afterEach(async () => {
  for (const pid of started.splice(0)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {} // it is gone already, which is what we want
  }
  await bench.remove()
})

/** A restic that holds a lock, waiting for input that never comes. */
async function lockHolder() {
  const child = spawn(bench.restic.binary, ['backup', '--json', '--stdin'], {
    env: resticEnvironment(bench.restic, bench.access) as unknown as NodeJS.ProcessEnv,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const pid = child.pid as number
  started.push(pid)
  await once(child.stdout, 'data') // its first status line: the lock is taken
  const kill = async () => {
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
  return { pid, kill }
}

const mine = (pid: number) => ({ host: hostname(), pid })

test('the lock of a dead process of ours is removed while the lock of a living one stays', async () => {
  const dead = await lockHolder()
  const living = await lockHolder()
  await dead.kill()
  const { removed, kept } = await removeOwnDeadLocks(bench.restic, bench.access, [mine(dead.pid), mine(living.pid)])
  expect(removed.map((l) => l.pid)).toEqual([dead.pid])
  expect(kept.map((l) => l.pid)).toEqual([living.pid])
  expect((await listLocks(bench.restic, bench.access)).map((l) => l.pid)).toEqual([living.pid])
})

test('nothing is removed while restic unlock would also take a dead lock that is not ours', async () => {
  const dead = await lockHolder()
  const foreign = await lockHolder()
  await dead.kill()
  await foreign.kill()
  const { removed } = await removeOwnDeadLocks(bench.restic, bench.access, [mine(dead.pid)])
  expect(removed).toEqual([])
  expect(await listLocks(bench.restic, bench.access)).toHaveLength(2)
})

test('nothing is removed while a living process’s lock is so old that restic unlock would take it', async () => {
  const dead = await lockHolder()
  const living = await lockHolder()
  await dead.kill()
  const inAnHour = { now: () => new Date(Date.now() + 3_600_000) }
  const { removed } = await removeOwnDeadLocks(bench.restic, bench.access, [mine(dead.pid), mine(living.pid)], {
    clock: inAnHour,
  })
  expect(removed).toEqual([])
  expect(await listLocks(bench.restic, bench.access)).toHaveLength(2)
})
