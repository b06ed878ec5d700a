import type { DriverContext } from '../driver.ts'
import type { RedisConnection, Reply } from './client.ts'
import { replyCode } from './errors.ts'
import { countKeys } from './server.ts'
import { DATABASES } from './temporary-server.ts'

/** In the loaded server, a key that is handed over is moved to the database that is this many further on. */
const HANDED = DATABASES / 2
const PAGE_KEYS = '1000'
const PAGE_BYTES = String(8 * 1024 * 1024)

/**
 * One page of the selected database: a cursor as of SCAN, then key, value as of DUMP and milliseconds to live, by threes.
 * Keys that are given are moved at once. When the page is full the cursor stays, and the same place is looked at again.
 */
const TAKE_PAGE = `
  local page, bytes = redis.call('SCAN', ARGV[1], 'COUNT', ARGV[3]), 0
  local taken = { page[1] }
  for _, key in ipairs(page[2]) do
    if bytes >= tonumber(ARGV[4]) then
      taken[1] = ARGV[1]
      break
    end
    local value, ttl = redis.call('DUMP', key), redis.call('PTTL', key)
    if value and redis.call('MOVE', key, ARGV[2]) == 1 then
      bytes = bytes + #value
      taken[#taken + 1] = key
      taken[#taken + 1] = value
      taken[#taken + 1] = ttl
    end
  end
  return taken`

interface Transfer {
  /** The server of our own that has loaded the copy. It gives its data away. */
  from: RedisConnection
  target: RedisConnection
  ctx: DriverContext
  /** Where the keys of a database go. */
  placeOf(database: number): number
  keys: number
  bytes: number
  libraries: string[]
  /** What the target refused: it was there before, and is not ours to remove. Of one page at most. */
  refused: Set<string>
}

/**
 * Hands every key and function library of a loaded server to an empty target: keys in their database and with what is left
 * of their time to live. Resolves to the number of keys. Rejects after removing from the target, on a connection of
 * `anew`, what was put there; which keys these are, the loaded server itself keeps, so that memory does not grow with them.
 */
export async function handOver(
  from: RedisConnection,
  target: RedisConnection,
  anew: (work: (target: RedisConnection) => Promise<void>) => Promise<void>,
  ctx: DriverContext,
): Promise<number> {
  const transfer: Transfer = { ...begin(from, target, ctx), placeOf: (database) => database }
  try {
    const libraries = await librariesOf(from)
    if (libraries.length > 0) await target.send('FUNCTION', 'RESTORE', (await from.send('FUNCTION', 'DUMP')) as Buffer)
    transfer.libraries = libraries
    for (const database of await databasesOf(from)) await handOverDatabase(transfer, database)
    return transfer.keys
  } catch (thrown) {
    await anew((fresh) => takeBack({ ...transfer, target: fresh })).catch((cause: unknown) => {
      ctx.log('error', `What was restored before the failure could not be removed from the target again: ${cause}`)
    })
    throw thrown
  }
}

/** Hands the keys of databases of a loaded server to others of a target, which are empty. What a failure leaves there is its caller's. */
export async function handOverDatabases(
  from: RedisConnection,
  target: RedisConnection,
  databases: readonly number[],
  placeOf: (database: number) => number,
  ctx: DriverContext,
): Promise<number> {
  const transfer: Transfer = { ...begin(from, target, ctx), placeOf }
  for (const database of databases) await handOverDatabase(transfer, database)
  return transfer.keys
}

function begin(from: RedisConnection, target: RedisConnection, ctx: DriverContext) {
  return { from, target, ctx, keys: 0, bytes: 0, libraries: [], refused: new Set<string>() }
}

/** The names of the function libraries; none before 7.0. */
export async function librariesOf(redis: RedisConnection): Promise<string[]> {
  try {
    const libraries = (await redis.send('FUNCTION', 'LIST')) as Reply[][]
    return libraries.map((library) => String(library[1]))
  } catch (thrown) {
    if (replyCode(thrown) === 'ERR') return []
    throw thrown
  }
}

async function handOverDatabase(t: Transfer, database: number): Promise<void> {
  if (database >= HANDED) throw new Error(`database ${database} is beyond the ${HANDED} that can be restored`)
  await t.from.send('SELECT', String(database))
  await t.target.send('SELECT', String(t.placeOf(database)))
  let cursor = '0'
  do {
    t.ctx.signal.throwIfAborted()
    const to = String(database + HANDED)
    const [next, ...taken] = (await t.from.send('EVAL', TAKE_PAGE, '0', cursor, to, PAGE_KEYS, PAGE_BYTES)) as Reply[]
    cursor = String(next)
    await handOverPage(t, database, taken)
    t.ctx.progress(t.bytes)
  } while (cursor !== '0')
  const left = Number(await t.from.send('DBSIZE'))
  if (left > 0) throw new Error(`${left} keys of database ${database} were not found again`)
}

async function handOverPage(t: Transfer, database: number, taken: Reply[]): Promise<void> {
  const handings: Promise<void>[] = []
  for (let i = 0; i < taken.length; i += 3)
    handings.push(handOne(t, database, taken[i] as Buffer, taken[i + 1] as Buffer, taken[i + 2] as number))
  const failed = (await Promise.allSettled(handings)).find((one) => one.status === 'rejected')
  if (failed) throw failed.reason
}

async function handOne(t: Transfer, database: number, key: Buffer, value: Buffer, ttlMs: number): Promise<void> {
  try {
    await t.target.send('RESTORE', key, ttlMs === -1 ? '0' : String(Math.max(ttlMs, 1)), value)
  } catch (thrown) {
    if (replyCode(thrown) !== '') t.refused.add(idOf(database, key))
    throw thrown
  }
  t.keys += 1
  t.bytes += value.length
}

async function takeBack({ from, target, libraries, refused }: Transfer): Promise<void> {
  for (const library of libraries) await target.send('FUNCTION', 'DELETE', library)
  for (const handed of await databasesOf(from)) {
    const database = handed - HANDED
    if (database < 0) continue
    await from.send('SELECT', String(handed))
    await target.send('SELECT', String(database))
    for await (const keys of scan(from)) {
      const ours = keys.filter((key) => !refused.has(idOf(database, key)))
      if (ours.length > 0) await target.send('DEL', ...ours)
    }
  }
}

/** Lists of the keys of the selected database. */
async function* scan(redis: RedisConnection): AsyncGenerator<Buffer[]> {
  let cursor = '0'
  do {
    const [next, keys] = (await redis.send('SCAN', cursor, 'COUNT', PAGE_KEYS)) as [Buffer, Buffer[]]
    cursor = String(next)
    yield keys
  } while (cursor !== '0')
}

/** Those that hold something. */
export async function databasesOf(redis: RedisConnection): Promise<number[]> {
  return Object.keys(await countKeys(redis)).map((name) => Number(name.slice('db'.length)))
}

const idOf = (database: number, key: Buffer): string => `${database} ${key.toString('latin1')}`
