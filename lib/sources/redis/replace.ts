import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { DriverContext, Inventory, RestoreReceipt } from '../driver.ts'
import { theOnlyFile } from '../restored-folder.ts'
import { type RedisConnection, type Reply, withRedis } from './client.ts'
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

async function replaceIn({ settings, from, redis, accept }: Replacing, ctx: DriverContext): Promise<RestoreReceipt> {
  const saved = await databasesOf(from)
  const old = await databasesOf(redis)
  const affected = [...new Set([...saved, ...old])].sort((a, b) => a - b)
  const spares = await spareDatabases(redis, affected)
  const spareOf = (database: number) => spares.get(database) as number
  let isDone = false
  try {
    const keys = await handOverDatabases(from, redis, saved, spareOf, ctx).catch((thrown: unknown) => {
      ctx.signal.throwIfAborted()
      throw thrown instanceof CodedError ? thrown : failed(thrown instanceof Error ? thrown.message : `${thrown}`)
    })
    const inventory = {
      tables: await countLasting(redis, new Set(saved.map(spareOf))),
      files: null,
      bytes: null,
    }
    accept(inventory)
    await exchange(from, redis, spares)
    isDone = true
    ctx.log('info', `the databases of ${nameOf(settings)} have changed places`)
    return { summary: `${keys} keys put in the place of what ${nameOf(settings)} held`, inventory }
  } finally {
    // Afterwards what was there is in them; until then, what was brought.
    await withRedis(settings, { signal: AbortSignal.timeout(REMOVAL_TIMEOUT_MS) }, async (fresh) => {
      for (const spare of spares.values()) {
        await fresh.send('SELECT', String(spare))
        await fresh.send('FLUSHDB')
      }
    }).catch((thrown: unknown) => {
      const what = isDone ? 'What was there before' : 'What was brought'
      const where = [...spares.values()].join(', ')
      ctx.log('error', `${what} could not be removed from the databases ${where}: ${thrown}`)
    })
  }
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

/** Functions first, which one command replaces as a whole; they go back when the databases cannot change places. */
async function exchange(from: RedisConnection, redis: RedisConnection, spares: ReadonlyMap<number, number>) {
  const before = await functionsOf(redis)
  const saved = await functionsOf(from)
  await setFunctions(redis, saved)
  try {
    await redis.send('MULTI')
    for (const [database, spare] of spares) await redis.send('SWAPDB', String(database), String(spare))
    const answers = (await redis.send('EXEC')) as Reply[] | null
    if (answers === null || answers.some((answer) => String(answer) !== 'OK')) throw failed('SWAPDB was refused')
  } catch (thrown) {
    await setFunctions(redis, before).catch(() => {})
    throw thrown instanceof CodedError ? thrown : failed(thrown instanceof Error ? thrown.message : `${thrown}`)
  }
}

/** Null: none. */
async function functionsOf(redis: RedisConnection): Promise<Buffer | null> {
  return (await librariesOf(redis)).length > 0 ? ((await redis.send('FUNCTION', 'DUMP')) as Buffer) : null
}

async function setFunctions(redis: RedisConnection, functions: Buffer | null): Promise<void> {
  if (functions !== null) await redis.send('FUNCTION', 'RESTORE', functions, 'FLUSH')
  else if ((await librariesOf(redis)).length > 0) await redis.send('FUNCTION', 'FLUSH')
}
