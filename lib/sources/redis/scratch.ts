import { CodedError } from '#lib/errors/coded-error.ts'
import type { DriverContext, RestoreReceipt } from '../driver.ts'
import { theOnlyFile } from '../restored-folder.ts'
import type { ScratchPlace } from '../scratch-place.ts'
import { withRedis } from './client.ts'
import { countKeys, countLasting } from './server.ts'
import { withLoaded } from './temporary-server.ts'
import { findServers } from './tools.ts'

/** A server of our own that loads the file, as one does that is started with it. Keys whose time is over are gone then. */
export async function openScratch(ctx: DriverContext): Promise<ScratchPlace> {
  const servers = await findServers(ctx)
  return {
    title: 'a Redis or Valkey server for this alone',
    async load(folder): Promise<RestoreReceipt> {
      const file = await theOnlyFile(folder, 'the Redis database')
      let refusal: unknown
      for (const server of servers)
        try {
          const { keys, tables } = await withLoaded(server, file, ctx, (loaded) =>
            withRedis(loaded, ctx, async (redis) => ({
              keys: await countKeys(redis),
              tables: await countLasting(redis),
            })),
          )
          const all = Object.values(keys).reduce((sum, count) => sum + count, 0)
          return {
            summary: `${all} keys loaded by ${server.family} ${server.version}`,
            inventory: { tables, files: null, bytes: null },
          }
        } catch (thrown) {
          // An older program does not read the files of newer ones: another may.
          if (!(thrown instanceof CodedError) || thrown.code !== 'RESTORE_CONTENT_WRONG') throw thrown
          refusal = thrown
        }
      throw refusal
    },
    close: async () => {}, // no server outlives `load`
  }
}
