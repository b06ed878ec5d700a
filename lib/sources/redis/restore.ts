import { CodedError } from '#lib/errors/coded-error.ts'
import type { DriverContext, RestoreReceipt } from '../driver.ts'
import { theOnlyFile } from '../restored-folder.ts'
import { type RedisConnection, withRedis } from './client.ts'
import { countKeys, countLasting, describeServer } from './server.ts'
import { nameOf, type RedisSettings } from './settings.ts'
import { withLoaded } from './temporary-server.ts'
import { canRead, findServers } from './tools.ts'
import { handOver, librariesOf } from './transfer.ts'

export const REMOVAL_TIMEOUT_MS = 60_000

/**
 * Brings an RDB file into a running server, which itself reads such a file only at its start: a server of our own loads
 * it, and its keys are handed over. The target must be empty, and is empty again after a failure.
 */
export async function restoreCopy(
  settings: RedisSettings,
  folder: string,
  ctx: DriverContext,
): Promise<RestoreReceipt> {
  const file = await theOnlyFile(folder, 'the Redis database')
  const target = await withRedis(settings, ctx, async (redis) => {
    const server = await describeServer(redis, settings)
    await requireEmpty(redis, settings)
    return server
  })
  const servers = await findServers(ctx)
  const server = servers.find((one) => canRead(target, one))
  if (server === undefined)
    throw failed(
      `it is ${target.family} ${target.version} and takes no data from the worker’s ${servers[0]?.family} ${servers[0]?.version}`,
    )
  ctx.log('info', `${server.family} ${server.version} (${server.command}) loads the copy`)
  const anew = (work: (redis: RedisConnection) => Promise<void>) =>
    withRedis(settings, { signal: AbortSignal.timeout(REMOVAL_TIMEOUT_MS) }, work)
  return withLoaded(server, file, ctx, (loaded) =>
    withRedis(loaded, { signal: new AbortController().signal }, (from) =>
      withRedis(settings, ctx, async (redis) => {
        const keys = await handOver(from, redis, anew, ctx).catch((thrown: unknown) => {
          ctx.signal.throwIfAborted()
          throw thrown instanceof CodedError ? thrown : failed(thrown instanceof Error ? thrown.message : `${thrown}`)
        })
        return {
          summary: `${keys} keys restored into ${nameOf(settings)}`,
          inventory: { tables: await countLasting(redis), files: null, bytes: null },
        }
      }),
    ),
  )
}

/** Rejects with RESTORE_TARGET_NOT_EMPTY. */
export async function requireEmpty(redis: RedisConnection, settings: RedisSettings): Promise<void> {
  const keys = Object.entries(await countKeys(redis)).map(([database, count]) => `${count} keys in ${database}`)
  const libraries = (await librariesOf(redis)).map((name) => `the function library ${name}`)
  const holds = [...keys, ...libraries]
  if (holds.length > 0) throw new CodedError('RESTORE_TARGET_NOT_EMPTY', { target: nameOf(settings), holds })
}

export const failed = (reason: string): CodedError =>
  new CodedError('RESTORE_TOOL_FAILED', { tool: 'The target', exit: 'RESTORE', reason: reason.replace(/\.$/, '') })
