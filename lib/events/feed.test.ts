import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBundledPostgres } from '#lib/database/bundled-postgres.ts'
import { Secret } from '#lib/secrets/secret.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { announce, type Feed, openFeed } from './feed.ts'

let home: Installation
let proxy: Proxy
let feed: Feed
const silent = pino({ level: 'silent' })

beforeAll(async () => {
  home = await openInstallation()
  const url = new URL((await openBundledPostgres(home.runtime.config.DATA_DIR)).url.reveal()) // adopts the running one
  proxy = await startProxy(Number(url.port))
  url.port = String(proxy.port)
  feed = await openFeed(new Secret(url.href), silent)
})
afterAll(async () => {
  await feed?.close()
  await proxy?.close()
  await home?.close()
})

/** Counts the calls for one id, and waits for them. */
function watch(id: string) {
  let calls = 0
  let wake = () => {}
  const stop = feed.watch(id, () => {
    calls++
    wake()
  })
  return {
    stop,
    calls: () => calls,
    async called(times: number) {
      while (calls < times)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    },
  }
}

/** Notifications come in the order of their commits: once this has come, all earlier ones have. */
async function allEarlierHaveCome() {
  const marker = watch('marker')
  await announce(home.runtime.prisma, 'marker')
  await marker.called(1)
  marker.stop()
}

describe('the feed', () => {
  it('says something when a transaction commits and not before', async () => {
    const one = watch('one')
    await home.runtime.prisma.$transaction(async (tx) => {
      await announce(tx, 'one')
      await allEarlierHaveCome()
      expect(one.calls()).toBe(0)
    })
    await one.called(1)
    one.stop()
  })

  it('says nothing when it is rolled back', async () => {
    const one = watch('one')
    const rolledBack = home.runtime.prisma.$transaction(async (tx) => {
      await announce(tx, 'one')
      throw new Error('changed my mind')
    })
    await expect(rolledBack).rejects.toThrow('changed my mind')
    await allEarlierHaveCome()
    expect(one.calls()).toBe(0)
    one.stop()
  })

  it('tells every watcher of a backup, until it stops', async () => {
    const [one, same, other] = [watch('one'), watch('one'), watch('other')]
    await announce(home.runtime.prisma, 'one')
    await Promise.all([one.called(1), same.called(1)])
    same.stop()
    await announce(home.runtime.prisma, 'one')
    await one.called(2)
    expect([same.calls(), other.calls()]).toEqual([1, 0])
    one.stop()
    other.stop()
  })

  it('comes back when the server ends its session, and makes everyone look', async () => {
    const one = watch('one')
    expect(await terminateFeeds()).toBe(1)
    await one.called(1)
    await announce(home.runtime.prisma, 'one')
    await one.called(2)
    one.stop()
  })

  it('tries again while the server is away, with one connection and no more', async () => {
    const one = watch('one')
    const begin = performance.now()
    proxy.setAway(true)
    await proxy.triedTimes(5)
    expect(performance.now() - begin).toBeGreaterThan(1000) // 100, 200, 400 and 800 ms: no storm
    proxy.setAway(false)
    await one.called(1)
    await allEarlierHaveCome()
    const seen = one.calls()
    await announce(home.runtime.prisma, 'one')
    await allEarlierHaveCome()
    expect(one.calls() - seen).toBe(1)
    expect(proxy.open()).toBe(1)
    one.stop()
  })

  it('leaves no connection behind when it is closed while it reconnects', async () => {
    proxy.setAway(true)
    await proxy.triedTimes(2)
    proxy.setAway(false)
    await proxy.triedTimes(1)
    await feed.close()
    await expect.poll(() => proxy.open(), { timeout: 20_000 }).toBe(0)
  })
})

async function terminateFeeds(): Promise<number> {
  const rows = await home.runtime.prisma.$queryRaw<unknown[]>`
    select pg_terminate_backend(pid) from pg_stat_activity
    where pid <> pg_backend_pid() and client_port = any(${proxy.ports()}::int[])`
  return rows.length
}

interface Proxy {
  port: number
  /** Away: cuts what is open and every new connection. */
  setAway(away: boolean): void
  /** Resolves when that many more connections have been tried. */
  triedTimes(count: number): Promise<void>
  open(): number
  /** Where the open connections come from, as the server sees them. */
  ports(): number[]
  close(): Promise<void>
}

/** Stands between the feed and the server, so that the server can be away without ending it. */
async function startProxy(target: number): Promise<Proxy> {
  const pairs = new Map<Socket, Socket>()
  let away = false
  let tried = 0
  let wake = () => {}
  const server = createServer((inside) => {
    tried++
    wake()
    inside.on('error', () => {})
    if (away) return void inside.destroy()
    const outside = connect(target, '127.0.0.1')
    outside.on('error', () => {})
    pairs.set(inside, outside)
    inside.pipe(outside).pipe(inside)
    inside.once('close', () => {
      outside.destroy()
      pairs.delete(inside)
    })
    outside.once('close', () => inside.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    for (const inside of pairs.keys()) inside.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    setAway(value) {
      away = value
      if (away) cut()
    },
    async triedTimes(count) {
      const until = tried + count
      while (tried < until)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    },
    open: () => pairs.size,
    ports: () => [...pairs.values()].map((outside) => outside.localPort as number),
    async close() {
      cut()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
