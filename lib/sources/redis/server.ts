import { CodedError } from '#lib/errors/coded-error.ts'
import type { RedisConnection } from './client.ts'
import { replyCode } from './errors.ts'
import { accountOf, nameOf, type RedisSettings } from './settings.ts'

/** The programs of one family come from one source tree and read one another's files. */
export type Family = 'Redis' | 'Valkey'

export interface ServerVersion {
  family: Family
  /** "7.0.15" */
  version: string
}

export interface Server extends ServerVersion {
  /** What the data takes in the server's memory. The file is smaller: small values are packed, long ones compressed. */
  dataBytes: number | null
  /** By database: "db0". Only those that hold something. */
  keys: Record<string, number>
  warnings: string[]
}

/** Seconds of silence from the primary after which a replica's data is called old. */
const SILENCE_SECONDS = 30

/** What the server tells of itself by INFO. Rejects with SOURCE_UNREACHABLE while it has no data to give. */
export async function describeServer(redis: RedisConnection, settings: RedisSettings): Promise<Server> {
  const info = await readInfo(redis)
  const unready = (reason: string) => new CodedError('SOURCE_UNREACHABLE', { source: nameOf(settings), reason })
  if (info.get('loading') === '1') throw unready('it is still loading its data')
  const isReplica = info.get('role') === 'slave'
  if (isReplica && info.get('master_link_status') !== 'up')
    throw unready('it is a replica that has no link to its primary')
  const warnings: string[] = []
  const silent = Number(info.get('master_last_io_seconds_ago') ?? 0)
  if (isReplica && silent > SILENCE_SECONDS)
    warnings.push(`It is a replica that has heard nothing of its primary for ${silent} seconds.`)
  if (info.get('cluster_enabled') === '1')
    warnings.push('It is a node of a cluster: only the keys of this node are saved. Make a source of each primary.')
  const bytes = Number(info.get('used_memory_dataset'))
  return {
    family: info.has('valkey_version') ? 'Valkey' : 'Redis',
    version: info.get('valkey_version') ?? info.get('redis_version') ?? '',
    dataBytes: Number.isFinite(bytes) ? bytes : null,
    keys: keysOf(info),
    warnings,
  }
}

export async function countKeys(redis: RedisConnection): Promise<Record<string, number>> {
  return keysOf(await readInfo(redis))
}

/**
 * What copies are compared in: keys whose time is over are gone from a copy by the time that it is loaded, so that only the others
 * can be counted.
 */
export const lasting = (keys: number): Record<string, number> => ({ 'keys that never expire': keys })

/** Of all databases, or only of these. */
export async function countLasting(
  redis: RedisConnection,
  only: ReadonlySet<number> | null = null,
): Promise<Record<string, number>> {
  let count = 0
  for (const [name, value] of await readInfo(redis)) {
    if (only !== null && !only.has(Number(name.slice('db'.length)))) continue
    const [, keys, expiring] = (/^db\d+$/.test(name) && /^keys=(\d+),expires=(\d+)/.exec(value)) || []
    count += Number(keys ?? 0) - Number(expiring ?? 0)
  }
  return lasting(count)
}

export async function isCluster(redis: RedisConnection): Promise<boolean> {
  return (await readInfo(redis)).get('cluster_enabled') === '1'
}

/** How many bytes of its file a starting server has loaded; null when it is done. */
export async function loadedBytes(redis: RedisConnection): Promise<number | null> {
  const info = await readInfo(redis)
  return info.get('loading') === '1' ? Number(info.get('loading_loaded_bytes') ?? 0) : null
}

/**
 * Whether the account may do what a copy needs, as far as the server tells without doing it (7.0 and newer, and the
 * account may ask). Null: it does not tell. Rejects with SOURCE_RIGHTS_MISSING.
 */
export async function requireRights(redis: RedisConnection, settings: RedisSettings): Promise<true | null> {
  const missing: string[] = []
  for (const command of [['PSYNC', '?', '-1'], ['SYNC'], ['REPLCONF', 'rdb-only', '1']]) {
    try {
      const answer = await redis.send('ACL', 'DRYRUN', accountOf(settings), ...command)
      if (String(answer) !== 'OK') missing.push(command[0] as string)
    } catch (thrown) {
      if (['ERR', 'NOPERM'].includes(replyCode(thrown))) return null
      throw thrown
    }
  }
  if (missing.length > 0) throw rightsMissing(settings, missing)
  return true
}

export function rightsMissing(settings: RedisSettings, missing: string[]): CodedError {
  return new CodedError('SOURCE_RIGHTS_MISSING', {
    source: nameOf(settings),
    missing,
    grant: `ACL SETUSER ${accountOf(settings)} +info +ping +psync +sync +replconf +acl|dryrun, then ACL SAVE.`,
  })
}

async function readInfo(redis: RedisConnection): Promise<Map<string, string>> {
  const lines = String(await redis.send('INFO')).split('\r\n')
  return new Map(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1)]
    }),
  )
}

function keysOf(info: Map<string, string>): Record<string, number> {
  const keys: Record<string, number> = {}
  for (const [name, value] of info) {
    const count = /^db\d+$/.test(name) ? /^keys=(\d+)/.exec(value)?.[1] : undefined
    if (count !== undefined) keys[name] = Number(count)
  }
  return keys
}
