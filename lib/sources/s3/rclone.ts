import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { CodedError } from '#lib/errors/coded-error.ts'
import { describeExit, startChild } from '#lib/process/child.ts'
import { originOf } from '../connections/s3-settings.ts'
import type { DriverContext } from '../driver.ts'
import { type FoundProgram, findPrograms } from '../programs.ts'
import type { S3Settings } from './settings.ts'

/** The oldest that was tried. */
export const RCLONE_MINIMUM = '1.60.0'

const install =
  'Install rclone 1.60 or newer on the worker: apt-get install rclone (Debian 12, Ubuntu 23.04 or newer), dnf install rclone (Fedora), brew install rclone (macOS). Then try again.'

/** The newest rclone there is. Rejects with SOURCE_TOOL_MISSING or SOURCE_TOOL_TOO_OLD. */
export async function findRclone(ctx: DriverContext): Promise<FoundProgram> {
  const versionIn = (output: string) => /^rclone v(\d+\.\d+(?:\.\d+)?)/m.exec(output)?.[1] ?? null
  const found = await findPrograms({ names: ['rclone'], versionArgs: ['version'], versionIn }, ctx)
  const [newest] = found.sort((a, b) => byVersion(b.version, a.version))
  if (newest === undefined) throw new CodedError('SOURCE_TOOL_MISSING', { tool: 'rclone', install })
  if (byVersion(newest.version, RCLONE_MINIMUM) >= 0) return newest
  throw new CodedError('SOURCE_TOOL_TOO_OLD', { tool: 'rclone', found: newest.version, needed: 'storage', install })
}

const logLine = z.object({
  level: z.string(),
  msg: z.string(),
  object: z.string().optional(),
  stats: z.object({ bytes: z.number() }).optional(),
})

export interface RcloneWatch {
  onBytes(bytes: number): void
  /** Asked when nothing moves or an object failed. A rejection ends rclone, which would go on trying for hours. */
  isServing(): Promise<unknown>
}

/**
 * Copies objects of the bucket into `folder`, each at its whole key, or the files of `folder` into the bucket below the
 * prefix. `names` are one line each: keys, or paths below `folder`.
 *
 * Resolves although single ones failed: what came is for the caller to see, since rclone passes over names that are not there
 * in silence. Rejects with SOURCE_DUMP_FAILED when rclone was ended or could not begin, with
 * what `isServing` threw, and with the signal's reason.
 */
export async function rcloneCopy(
  program: FoundProgram,
  settings: S3Settings,
  way: { from: 'bucket' | 'folder'; folder: string; names: readonly string[] },
  ctx: DriverContext,
  watch: RcloneWatch,
): Promise<void> {
  const remote = `source:${settings.bucket}/${way.from === 'folder' ? settings.prefix : ''}`
  const [from, to] = way.from === 'bucket' ? [remote, way.folder] : [way.folder, remote]
  const errors = { ofObjects: 0, last: '' }
  let bytes = 0
  const stop = new AbortController()
  let asking: Promise<unknown> | null = null
  const ask = () => {
    asking ??= watch
      .isServing()
      .catch((reason: unknown) => stop.abort(reason))
      .finally(() => {
        asking = null
      })
  }
  const child = await startChild({
    command: program.command,
    args: ['copy', from, to, ...FLAGS],
    env: environment(settings, ctx),
    stdin: 'pipe',
    signal: AbortSignal.any([ctx.signal, stop.signal]),
    onStderrLine: (line) => {
      const entry = parse(line)
      if (entry.stats) {
        if (entry.stats.bytes === bytes) ask()
        bytes = entry.stats.bytes
        watch.onBytes(bytes)
      }
      if (entry.level !== 'error') return
      if (entry.object !== undefined) {
        errors.ofObjects += 1
        ask()
      }
      errors.last = entry.object === undefined ? entry.msg : `${entry.object}: ${entry.msg}`
      ctx.log('debug', `rclone: ${errors.last}`)
    },
  })
  if (child.stdin) await pipeline(Readable.from(way.names.map((name) => `${name}\n`)), child.stdin).catch(() => {})
  const exit = await child.exited
  await asking
  ctx.signal.throwIfAborted()
  stop.signal.throwIfAborted()
  if (exit.callbackError) throw exit.callbackError
  if (exit.code === 0 || (exit.code !== null && errors.ofObjects > 0)) return
  const reason = (errors.last || parse(exit.stderr.split('\n').at(-1) ?? '').msg || 'it gave no reason').trim()
  throw new CodedError('SOURCE_DUMP_FAILED', { tool: 'rclone', exit: describeExit(exit), reason })
}

const FLAGS = [
  '--files-from-raw=-',
  '--no-traverse', // asks for the named objects instead of listing the bucket again
  '--ignore-times',
  '--transfers=16',
  '--checkers=16',
  '--retries=1', // what is missing afterwards is fetched in another way
  '--low-level-retries=3',
  '--contimeout=15s',
  '--timeout=60s',
  '--local-encoding=None',
  '--use-json-log',
  '--stats=1s',
  '--stats-log-level=NOTICE',
]

/** rclone sees this and nothing of ours: no configuration file, and the keys not in its arguments. */
function environment(settings: S3Settings, ctx: DriverContext): Record<string, string> {
  return {
    RCLONE_CONFIG: '/dev/null',
    RCLONE_CACHE_DIR: ctx.scratch,
    ...(settings.caFile === undefined ? {} : { RCLONE_CA_CERT: settings.caFile }),
    RCLONE_CONFIG_SOURCE_TYPE: 's3',
    RCLONE_CONFIG_SOURCE_PROVIDER: settings.endpoint === '' ? 'AWS' : 'Other',
    RCLONE_CONFIG_SOURCE_ENDPOINT: originOf(settings),
    RCLONE_CONFIG_SOURCE_REGION: settings.region,
    RCLONE_CONFIG_SOURCE_ACCESS_KEY_ID: settings.accessKeyId,
    RCLONE_CONFIG_SOURCE_SECRET_ACCESS_KEY: settings.secretAccessKey.reveal(),
    RCLONE_CONFIG_SOURCE_FORCE_PATH_STYLE: String(settings.pathStyle),
    RCLONE_CONFIG_SOURCE_NO_CHECK_BUCKET: 'true',
    RCLONE_CONFIG_SOURCE_NO_HEAD_OBJECT: 'true', // a HEAD that is refused would end the copying of all
    RCLONE_CONFIG_SOURCE_ENCODING: 'None',
    LC_ALL: 'C.UTF-8',
  }
}

function parse(line: string): z.infer<typeof logLine> {
  try {
    const parsed = logLine.safeParse(JSON.parse(line))
    if (parsed.success) return parsed.data
  } catch {} // a message from before its log began
  return { level: 'error', msg: line }
}

function byVersion(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}
