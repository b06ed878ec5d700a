import { randomUUID } from 'node:crypto'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBundledPostgres } from '#lib/database/bundled-postgres.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { openQueue, type Queue } from './queue.ts'

let home: Installation
const send = (deliveryId: string) => home.runtime.queue.send(home.runtime.prisma, 'notify.deliver', { deliveryId })

beforeAll(async () => {
  home = await openInstallation()
})
afterAll(() => home?.close())

/** Collects what was handled, and waits for one of it. */
function collector() {
  const seen: string[] = []
  let wake = () => {}
  return {
    seen,
    add(id: string) {
      seen.push(id)
      wake()
    },
    async until(done: () => boolean) {
      while (!done())
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    },
  }
}

describe('the queue', () => {
  it('never runs a job of a transaction that was rolled back, and runs the others once', async () => {
    const { prisma, queue } = home.runtime
    const [lost, kept] = [randomUUID(), randomUUID()]
    const rolledBack = prisma.$transaction(async (tx) => {
      await queue.send(tx, 'notify.deliver', { deliveryId: lost })
      throw new Error('changed my mind')
    })
    await expect(rolledBack).rejects.toThrow('changed my mind')
    await prisma.$transaction((tx) => queue.send(tx, 'notify.deliver', { deliveryId: kept }))
    expect(await queue.hasJob('notify.deliver', { deliveryId: lost })).toBe(false)
    expect(await queue.hasJob('notify.deliver', { deliveryId: kept })).toBe(true)

    const { seen, add, until } = collector()
    await queue.work('notify.deliver', { concurrency: 1 }, async ({ deliveryId }) => add(deliveryId))
    await until(() => seen.includes(kept))
    const last = randomUUID()
    await send(last)
    await until(() => seen.includes(last))
    expect(seen).toEqual([kept, last])
    await expect.poll(() => queue.hasJob('notify.deliver', { deliveryId: last })).toBe(false)
  })

  it('refuses a payload that is not one, and a lane that nobody made', async () => {
    const { prisma, queue } = home.runtime
    await expect(queue.send(prisma, 'notify.deliver', { deliveryId: 'x' })).rejects.toThrow()
    await expect(queue.send(prisma, 'backup.run', { runId: randomUUID() }, 'nowhere')).rejects.toThrow()
  })

  it('works as many at once as allowed and no more, and a backlog without waiting for polls', async () => {
    const { prisma, queue } = home.runtime
    await queue.openLane('backup.run', 'backlog')
    await queue.openLane('backup.run', 'other')
    const ids = Array.from({ length: 15 }, () => randomUUID())
    for (const runId of ids) await queue.send(prisma, 'backup.run', { runId }, 'backlog')
    await queue.send(prisma, 'backup.run', { runId: randomUUID() }, 'other')

    const { seen, add, until } = collector()
    const gate = Promise.withResolvers<void>()
    let [active, most] = [0, 0]
    await queue.work('backup.run', { concurrency: 3, lane: 'backlog' }, async ({ runId }) => {
      most = Math.max(most, ++active)
      add(runId)
      await gate.promise
      active--
    })
    await until(() => seen.length === 3)
    const begin = performance.now()
    gate.resolve()
    await until(() => seen.length === ids.length)
    expect(performance.now() - begin).toBeLessThan(6000) // 4 rounds more; by polls alone they take 8 s or longer
    expect(most).toBe(3)
    expect(seen.toSorted()).toEqual(ids.toSorted())
  })
})

describe('a queue that stops', () => {
  const open = async (): Promise<Queue> => {
    const { url } = await openBundledPostgres(home.runtime.config.DATA_DIR) // adopts the running one
    return openQueue(url, pino({ level: 'silent' }))
  }

  it('waits for the job at work', async () => {
    const queue = await open()
    await queue.openLane('backup.run', 'slow')
    const started = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    let [finished, aborted] = [false, false]
    await queue.work('backup.run', { concurrency: 1, lane: 'slow' }, async (_payload, { signal }) => {
      started.resolve()
      await gate.promise
      aborted = signal.aborted
      finished = true
    })
    await queue.send(home.runtime.prisma, 'backup.run', { runId: randomUUID() }, 'slow')
    await started.promise
    const stopped = queue.stop(30_000)
    gate.resolve()
    await stopped
    expect([finished, aborted]).toEqual([true, false])
  })

  it('aborts the job that does not end in time', async () => {
    const queue = await open()
    await queue.openLane('backup.run', 'endless')
    const started = Promise.withResolvers<void>()
    const aborted = Promise.withResolvers<void>()
    await queue.work('backup.run', { concurrency: 1, lane: 'endless' }, async (_payload, { signal }) => {
      started.resolve()
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
      aborted.resolve()
    })
    await queue.send(home.runtime.prisma, 'backup.run', { runId: randomUUID() }, 'endless')
    await started.promise
    await Promise.all([queue.stop(200), aborted.promise])
  })
})
