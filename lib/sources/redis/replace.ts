import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { DriverContext, Inventory, RestoreReceipt } from '../driver.ts'
import { theOnlyFile } from '../restored-folder.ts'
import { type RedisConnection, withRedis } from './client.ts'
import { fetchCopy } from './dump.ts'
import { replyCode } from './errors.ts'
import { failed, REMOVAL_TIMEOUT_MS } from './restore.ts'
import { countLasting, describeServer, isCluster, requireRights } from './server.ts'
import { nameOf, type RedisSettings } from './settings.ts'
import { withLoaded } from './temporary-server.ts'
import { canRead, findCopyTools, findServers } from './tools.ts'
import { databasesOf, handOverDatabases, librariesOf } from './transfer.ts'

/** Nobody configures more of them by chance. */
const MOST_DATABASES = 1024

/**
 * Puts a copy in the place of all that a server holds. What it held is fetched into the file `kept` first. The copy is loaded into
 * databases of the server that are empty, `accept` looks at what came, and then all databases change places in one transaction
 * (SWAPDB), so that a failure leaves the server as it was, and nobody ever sees a part. What was there goes at last. Rejects with
 * RESTORE_TOOL_FAILED and like a backup of the server.
 */
export async function replaceCopy(
  settings: RedisSettings,
  folder: string,
  kept: string,
  accept: (inventory: Inventory) => void,
  ctx: DriverContext,
): Promise<RestoreReceipt> {
  const file = await theOnlyFile(folder, 'the Redis database')
  const target = await withRedis(settings, ctx, async (redis) => {
    if (await isCluster(redis)) throw failed('it is a node of a cluster, where databases cannot change places')
    await requireRights(redis, settings)
    return describeServer(redis, settings)
  })
  const servers = await findServers(ctx)
  const server = servers.find((one) => canRead(target, one))
  if (server === undefined) throw failed(`it is ${target.family} ${target.version} and takes no data from the worker’s`)
  const tools = await findCopyTools(target, settings, ctx)
  await mkdir(dirname(kept), { recursive: true, mode: 0o700 })
  await fetchCopy(tools, settings, kept, ctx)
  ctx.log('info', `what ${nameOf(settings)} holds is in ${kept}`)
  return withLoaded(server, file, ctx, (loaded) =>
    withRedis(loaded, { signal: new AbortController().signal }, (from) =>
      withRedis(settings, ctx, (redis) => replaceIn({ settings, from, redis, accept }, ctx)),
    ),
  )
}

interface Replacing {
  settings: RedisSettings
  /** The server of our own that has loaded the copy. */
  from: RedisConnection
  redis: RedisConnection
  accept: (inventory: Inventory) => void
}

/** With both servers at hand. Whatever happens to the connections, the server ends with the one or the other, never with a mixture. */
export async function replaceIn(
  { settings, from, redis, accept }: Replacing,
  ctx: DriverContext,
): Promise<RestoreReceipt> {
  const saved = await databasesOf(from)
  const affected = [...new Set([...saved, ...(await databasesOf(redis))])].sort((a, b) => a - b)
  const spares = await spareDatabases(redis, affected)
  const spareOf = (database: number) => spares.get(database) as number
  const exchange: Exchange = { spares: [...spares], mark: `backup-trigger:${randomUUID()}` }
  const functions = { before: await functionsOf(redis), saved: await functionsOf(from) }
  let [isTried, isDone] = [false, false]
  try {
    const keys = await handOverDatabases(from, redis, saved, spareOf, ctx)
    const tables = await countLasting(redis, new Set(saved.map(spareOf)))
    const inventory = { tables, files: null, bytes: null }
    accept(inventory)
    isTried = true
    await setFunctions(redis, functions.saved)
    await changePlaces(redis, exchange)
    isDone = true
    ctx.log('info', `the databases of ${nameOf(settings)} have changed places`)
    return { summary: `${keys} keys put in the place of what ${nameOf(settings)} held`, inventory }
  } catch (thrown) {
    ctx.signal.throwIfAborted()
    throw thrown instanceof CodedError ? thrown : failed(thrown instanceof Error ? thrown.message : `${thrown}`)
  } finally {
    // The other connection may be gone, or in the middle of a transaction.
    await withRedis(settings, { signal: AbortSignal.timeout(REMOVAL_TIMEOUT_MS) }, async (fresh) => {
      if (isTried && !isDone) await takeBack(fresh, exchange, functions.before)
      for (const spare of spares.values()) {
        await fresh.send('SELECT', String(spare))
        await fresh.send('FLUSHDB')
      }
    }).catch((thrown: unknown) => {
      const where = [...spares.values()].join(', ')
      const what = isDone ? 'What was there before is' : 'What was brought, or what was there before, may be'
      ctx.log('error', `${what} still in the databases ${where}: ${thrown}`)
    })
  }
}

interface Exchange {
  spares: readonly (readonly [database: number, spare: number])[]
  /** A key that the transaction sets: whether it was done can be asked afterwards, when its answer was lost. */
  mark: string
}

const swaps = ({ spares }: Exchange) => spares.map(([database, spare]) => ['SWAPDB', String(database), String(spare)])

/** The mark goes where what was there before is then, and is removed with it. */
async function changePlaces(redis: RedisConnection, exchange: Exchange): Promise<void> {
  const [first] = exchange.spares
  if (first === undefined) return
  await inOne(redis, [...swaps(exchange), ['SELECT', String(first[1])], ['SET', exchange.mark, '1']])
}

/** Databases only where they have changed places. */
async function takeBack(redis: RedisConnection, exchange: Exchange, functions: Buffer | null): Promise<void> {
  const [first] = exchange.spares
  if (first !== undefined) {
    await redis.send('SELECT', String(first[1]))
    if (Number(await redis.send('EXISTS', exchange.mark)) === 1)
      await inOne(redis, [['DEL', exchange.mark], ...swaps(exchange)])
  }
  await setFunctions(redis, functions)
}

async function inOne(redis: RedisConnection, commands: readonly string[][]): Promise<void> {
  await redis.send('MULTI')
  for (const command of commands) await redis.send(...command)
  const answers = (await redis.send('EXEC')) as unknown[] | null
  const refused = answers?.find((answer) => answer instanceof Error)
  if (answers === null || refused !== undefined) throw failed(String(refused ?? 'the transaction was not carried out'))
}

/** For each database an empty one that nobody is in, the last ones first: rejects with RESTORE_TOOL_FAILED where there are too few. */
async function spareDatabases(redis: RedisConnection, affected: readonly number[]): Promise<Map<number, number>> {
  const used = new Set([...affected, ...(await databasesInUse(redis))])
  const empty: number[] = []
  for (let database = 0; database < MOST_DATABASES; database++) {
    const isThere = await redis.send('SELECT', String(database)).then(
      () => true,
      (thrown: unknown) => {
        if (replyCode(thrown) === 'ERR') return false // beyond the last one
        throw thrown
      },
    )
    if (!isThere) break
    if (!used.has(database) && Number(await redis.send('DBSIZE')) === 0) empty.push(database)
  }
  if (empty.length < affected.length)
    throw failed(
      `it has ${empty.length} empty databases that nobody uses, and ${affected.length} are needed beside the others`,
    )
  return new Map(affected.map((database, i) => [database, empty[empty.length - 1 - i] as number]))
}

async function databasesInUse(redis: RedisConnection): Promise<number[]> {
  const clients = String(await redis.send('CLIENT', 'LIST'))
  return [...clients.matchAll(/ db=(\d+) /g)].map(([, database]) => Number(database))
}

/** Null: none. */
async function functionsOf(redis: RedisConnection): Promise<Buffer | null> {
  return (await librariesOf(redis)).length > 0 ? ((await redis.send('FUNCTION', 'DUMP')) as Buffer) : null
}

async function setFunctions(redis: RedisConnection, functions: Buffer | null): Promise<void> {
  if (functions !== null) await redis.send('FUNCTION', 'RESTORE', functions, 'FLUSH')
  else if ((await librariesOf(redis)).length > 0) await redis.send('FUNCTION', 'FLUSH')
}
