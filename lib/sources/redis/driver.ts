import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { SourceDriver } from '../driver.ts'
import { byHand } from './by-hand.ts'
import { withRedis } from './client.ts'
import { fetchCopy } from './dump.ts'
import { replaceCopy } from './replace.ts'
import { requireEmpty, restoreCopy } from './restore.ts'
import { openScratch } from './scratch.ts'
import { countLasting, describeServer, lasting, requireRights } from './server.ts'
import { type RedisSettings, redisSettings } from './settings.ts'
import { findCopyTools } from './tools.ts'

/** A Redis or Valkey server: all of its databases as of one moment, in its own RDB format, fetched as a replica does. */
export const redisDriver: SourceDriver<RedisSettings> = {
  kind: 'redis',
  type: 'DATABASE',
  title: 'Redis and Valkey',
  settings: redisSettings,
  secretFields: ['password'],
  byHand,
  serverFields: ['host', 'port'],

  async probe(settings, ctx) {
    const { server, rights } = await withRedis(settings, ctx, async (redis) => ({
      server: await describeServer(redis, settings),
      rights: await requireRights(redis, settings),
    }))
    const tools = await findCopyTools(server, settings, ctx)
    const keys = Object.values(server.keys).reduce((sum, count) => sum + count, 0)
    const unknown = 'The server does not tell whether the account may copy its data (SYNC); a backup will show it.'
    return {
      summary: `${server.family} ${server.version}, ${keys} keys, ${toolName(tools)} ${tools.version}`,
      bytes: server.dataBytes,
      tool: { name: toolName(tools), version: tools.version },
      warnings: rights === null ? [...server.warnings, unknown] : server.warnings,
    }
  },

  /** Signs in first, so that a refusal has a name: redis-cli has one exit code for everything. */
  async open(settings, ctx) {
    const server = await withRedis(settings, ctx, async (redis) => {
      await requireRights(redis, settings)
      return describeServer(redis, settings)
    })
    for (const warning of server.warnings) ctx.log('warning', warning)
    const tools = await findCopyTools(server, settings, ctx)
    ctx.log('info', `${toolName(tools)} ${tools.version} (${tools.client}) for ${server.family} ${server.version}`)
    const file = join(ctx.scratch, 'dump.rdb')
    const keys = await fetchCopy(tools, settings, file, ctx)
    const close = () => rm(file, { force: true })
    const tables = async () => (keys === null ? null : lasting(keys))
    return { shape: 'paths', include: [file], exclude: [], oneFileSystem: true, tables, close }
  },

  restore: restoreCopy,

  newPlace: {
    what: 'server',
    name: z.literal(''),
    original: () => null,
    async open(settings, _name, ctx) {
      await withRedis(settings, ctx, (redis) => requireEmpty(redis, settings))
      return settings
    },
    replace: replaceCopy,
  },

  openScratch: (_settings, ctx) => openScratch(ctx),

  async inspect(settings, ctx) {
    const tables = await withRedis(settings, ctx, countLasting)
    return { tables, files: null, bytes: null } // the size in memory depends on history, not on content
  },
}

const toolName = ({ family }: { family: string }): string => `${family.toLowerCase()}-cli`
