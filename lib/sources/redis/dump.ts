import { rm, stat, statfs, writeFile } from 'node:fs/promises'
import { CodedError } from '#lib/errors/coded-error.ts'
import { describeExit, type Exit, runChild } from '#lib/process/child.ts'
import type { DriverContext } from '../driver.ts'
import { reportGrowth } from '../scratch.ts'
import { rightsMissing } from './server.ts'
import type { RedisSettings } from './settings.ts'
import type { CopyTools } from './tools.ts'

/** redis-cli writes 16 KiB at a time: with less than that free, the disk was what stopped it. */
const FULL_BELOW_BYTES = 64 * 1024
/** What it has counted comes last. */
const LINES_KEPT = 100

/**
 * Fetches the server's RDB into `file`, as a replica would, and has it checked. To a file, not to its output: the stream
 * form ends with the transfer's 40 byte mark where the server sends one, and nothing could be checked before it is saved.
 * Answers how many keys without an expiry are in it; null where fields of hashes expire, which may take their keys along. On rejection
 * the file is gone.
 */
export async function fetchCopy(
  tools: CopyTools,
  settings: RedisSettings,
  file: string,
  ctx: DriverContext,
): Promise<number | null> {
  await writeFile(file, '', { mode: 0o600 }) // redis-cli itself would let everyone read it
  const stopReporting = reportGrowth(file, ctx)
  try {
    await fetchInto(tools, settings, file, ctx)
    ctx.progress((await stat(file)).size)
    const checked = await check(file, tools.checker, ctx)
    if (checked.problem !== null)
      throw new CodedError('SOURCE_DUMP_FAILED', { tool: 'redis-cli', exit: 'exit 0', reason: checked.problem })
    return checked.lasting
  } catch (thrown) {
    await rm(file, { force: true })
    throw thrown
  } finally {
    stopReporting()
  }
}

async function fetchInto(tools: CopyTools, settings: RedisSettings, file: string, ctx: DriverContext) {
  const denied = new Set<string>()
  const exit = await runChild({
    command: tools.client,
    args: [...placeOf(settings), '--rdb', file],
    env: { LC_ALL: 'C', ...(settings.password ? { REDISCLI_AUTH: settings.password.reveal() } : {}) },
    signal: ctx.signal,
    onStderrLine: (line) => {
      ctx.log('debug', `redis-cli: ${line}`)
      const command = /NOPERM .*'(\w+)'/.exec(line)?.[1]
      if (command !== undefined) denied.add(command.toUpperCase())
    },
  })
  ctx.signal.throwIfAborted()
  if (exit.code === 0) return
  if (denied.size > 0) throw rightsMissing(settings, [...denied])
  const { bavail, bsize } = await statfs(ctx.scratch)
  if (bavail * bsize < FULL_BELOW_BYTES) throw new CodedError('SCRATCH_FULL', { folder: ctx.scratch })
  throw new CodedError('SOURCE_DUMP_FAILED', { tool: 'redis-cli', exit: describeExit(exit), reason: reasonOf(exit) })
}

function placeOf(s: RedisSettings): string[] {
  if (s.host.startsWith('/')) return ['-s', s.host, ...userOf(s)]
  const server = ['-h', s.host, '-p', String(s.port), ...userOf(s)]
  if (s.tls === 'disable') return server
  if (s.tls === 'require') return [...server, '--tls', '--insecure']
  return [...server, '--tls', '--sni', s.host, ...(s.tlsCa === undefined ? [] : ['--cacert', s.tlsCa])]
}

const userOf = (s: RedisSettings): string[] => (s.user === undefined ? [] : ['--user', s.user])

/**
 * Why redis-check-rdb refuses the file, in its words; null when it read it to the end and its checksum is right. Then it also says what it
 * has counted.
 */
export async function check(
  file: string,
  checker: string,
  ctx: Pick<DriverContext, 'signal'>,
): Promise<{ problem: string | null; lasting: number | null }> {
  const lines: string[] = []
  const exit = await runChild({
    command: checker,
    args: [file],
    env: { LC_ALL: 'C' },
    signal: ctx.signal,
    onStdoutLine: (line) => {
      lines.push(line)
      lines.splice(0, lines.length - LINES_KEPT)
    },
  })
  ctx.signal.throwIfAborted()
  if (exit.code !== 0) {
    const said = lines.map((line) => /^\[offset \d+\] (.*)/.exec(line)?.[1]).filter((line) => line !== undefined)
    return { problem: said.at(-1)?.replace(/\.$/, '') || describeExit(exit), lasting: null }
  }
  const counted = (what: string) => {
    const found = lines.map((line) => new RegExp(`^\\[info\\] (\\d+) ${what}$`).exec(line)?.[1])
    return found.find((number) => number !== undefined)
  }
  const [keys, expiring] = [counted('keys read'), counted('expires')]
  const isKnown = keys !== undefined && expiring !== undefined && Number(counted('subexpires') ?? 0) === 0
  return { problem: null, lasting: isKnown ? Number(keys) - Number(expiring) : null }
}

function reasonOf(exit: Exit): string {
  return exit.stderr.split('\n').at(-1)?.replace(/\.$/, '') || 'it gave no reason'
}
