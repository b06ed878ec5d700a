import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { DriverContext } from '../driver.ts'
import { type FoundProgram, findPrograms } from '../programs.ts'
import type { Family, ServerVersion } from './server.ts'
import type { RedisSettings } from './settings.ts'

export interface CopyTools extends ServerVersion {
  /** redis-cli or valkey-cli. */
  client: string
  /** redis-check-rdb or valkey-check-rdb, of the same package. */
  checker: string
}

const INSTALL_CLIENT =
  'Install it on the worker: apt-get install redis-tools or valkey-tools (Debian, Ubuntu), dnf install valkey or redis ' +
  '(Fedora, RHEL), or brew install valkey or redis (macOS). Then try again.'
const INSTALL_SERVER =
  'Install it on the worker, where it only runs while a copy is restored: apt-get install --no-install-recommends ' +
  'redis-server or valkey-server (Debian, Ubuntu), dnf install valkey or redis (Fedora, RHEL), or brew install valkey or ' +
  'redis (macOS). Stop the service that the package starts. Then try again.'

/**
 * The programs that fetch and check a copy of a server of this version, from one folder: they tell their version in one
 * place only. Rejects with SOURCE_TOOL_MISSING or SOURCE_TOOL_TOO_OLD.
 */
export async function findCopyTools(
  server: ServerVersion,
  settings: RedisSettings,
  ctx: DriverContext,
): Promise<CopyTools> {
  const clients = await installed('cli', ctx, settings.tls === 'disable' ? [] : ['--tls'])
  if (clients.length === 0) {
    const tool = settings.tls === 'disable' ? 'redis-cli' : 'redis-cli with TLS'
    throw new CodedError('SOURCE_TOOL_MISSING', { tool, install: INSTALL_CLIENT })
  }
  const pairs: CopyTools[] = []
  for (const { name, command, version } of clients) {
    const checker = join(dirname(command), name.replace('-cli', '-check-rdb'))
    if (await isThere(checker)) pairs.push({ client: command, checker, version, family: familyOf(name) })
  }
  const fitting = pairs.find((pair) => canRead(pair, server))
  if (fitting !== undefined) return fitting
  const [found] = pairs
  if (found === undefined)
    throw new CodedError('SOURCE_TOOL_MISSING', { tool: 'redis-check-rdb', install: INSTALL_CLIENT })
  throw tooOld('redis-check-rdb', found, server, INSTALL_CLIENT)
}

/** Every redis-server and valkey-server, to load a copy with. Rejects with SOURCE_TOOL_MISSING when there is none. */
export async function findServers(ctx: DriverContext): Promise<(ServerVersion & { command: string })[]> {
  const found = await installed('server', ctx)
  if (found.length === 0) throw new CodedError('SOURCE_TOOL_MISSING', { tool: 'redis-server', install: INSTALL_SERVER })
  return found.map(({ name, command, version }) => ({ command, version, family: familyOf(name) }))
}

function tooOld(tool: string, found: ServerVersion, server: ServerVersion, install: string): CodedError {
  const needed = `${server.family} ${server.version}`
  return new CodedError('SOURCE_TOOL_TOO_OLD', { tool, found: found.version, needed, install })
}

/**
 * Whether a program of this version reads the files of such a server: RDB version 9 from 5.0 on, 10 from 7.0, 11 from 7.2,
 * where Valkey left Redis; Valkey kept it up to 8, and Redis went on with 7.4 (rdb.h of both).
 */
export function canRead(tool: ServerVersion, server: ServerVersion): boolean {
  const [mine, theirs] = [numberOf(tool.version), numberOf(server.version)]
  if (theirs < 7) return mine >= 5
  if (tool.family === server.family) return mine >= theirs || (tool.family === 'Valkey' && mine < 9 && theirs < 9)
  if (tool.family === 'Valkey') return theirs < 7.04
  return theirs < 9 && mine >= 7.02
}

/** "7.2.5" as 7.02: minor versions have at most two digits. */
function numberOf(version: string): number {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major + minor / 100
}

const familyOf = (name: string): Family => (name.startsWith('valkey') ? 'Valkey' : 'Redis')

function installed(what: 'cli' | 'server', ctx: DriverContext, options: string[] = []): Promise<FoundProgram[]> {
  return findPrograms(
    {
      names: [`redis-${what}`, `valkey-${what}`],
      versionArgs: [...options, '--version'],
      versionIn: (output) => /(?:-cli |v=)(\d+\.\d+(?:\.\d+)?)/.exec(output)?.[1] ?? null,
    },
    ctx,
  )
}

function isThere(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
