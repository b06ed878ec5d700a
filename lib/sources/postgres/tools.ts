import { constants } from 'node:fs'
import { access, readdir, realpath } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { CodedError } from '#lib/errors/coded-error.ts'
import { type Exit, runChild } from '#lib/process/child.ts'
import type { DriverContext } from '../driver.ts'

export type Tool = 'pg_dump' | 'pg_restore'

export interface FoundTool {
  command: string
  major: number
  /** "15.14" */
  version: string
}

/** Folders; `*` stands for every entry of its folder. The versioned ones keep several majors side by side. */
const SYSTEM_TOOL_PATH = [
  '/usr/lib/postgresql/*/bin',
  '/usr/pgsql-*/bin',
  '/opt/homebrew/opt/postgresql*/bin',
  '/usr/local/opt/postgresql*/bin',
  '/usr/local/pgsql/bin',
  '/usr/local/bin',
  '/opt/homebrew/bin',
  '/usr/bin',
  '/bin',
]

const VERSION_TIMEOUT_MS = 10_000

/**
 * Every installed copy of the program that can serve a server of this major version (a program refuses newer servers),
 * the best first: the same major, then the next newer ones. A newer one than needed makes archives that the server's own
 * pg_restore cannot read. Rejects with SOURCE_TOOL_MISSING or SOURCE_TOOL_TOO_OLD, never resolves to an empty list.
 */
export async function findTools(tool: Tool, serverMajor: number, ctx: DriverContext): Promise<FoundTool[]> {
  const all = await installed(tool, ctx)
  const usable = all.filter((found) => found.major >= serverMajor).sort((a, b) => a.major - b.major)
  if (usable.length > 0) return usable
  const newest = all.sort((a, b) => b.major - a.major)[0]
  if (newest === undefined) throw new CodedError('SOURCE_TOOL_MISSING', { tool, install: howToInstall(serverMajor) })
  throw new CodedError('SOURCE_TOOL_TOO_OLD', {
    tool,
    found: newest.version,
    needed: `PostgreSQL ${serverMajor}`,
    install: howToInstall(serverMajor),
  })
}

export function howToInstall(major: number): string {
  return (
    `Install the client programs of PostgreSQL ${major} or newer on the worker: apt-get install postgresql-client-${major} ` +
    `(Debian, Ubuntu; from apt.postgresql.org where the distribution is older), dnf install postgresql${major} (Fedora, RHEL with ` +
    `yum.postgresql.org), or brew install postgresql@${major} (macOS). Then try again.`
  )
}

/** The program's own first word on an error, for people; nothing is decided by it. */
export function reasonOf(exit: Exit): string {
  const lines = exit.stderr.split('\n')
  const line = lines.find((one) => one.includes('error:')) ?? lines.at(-1)
  return line?.replace(/^pg_\w+: (error: )?/, '').replace(/\.$/, '') || 'it gave no reason'
}

async function installed(tool: Tool, ctx: DriverContext): Promise<FoundTool[]> {
  const patterns = [...ctx.toolPath, ...(ctx.systemToolPath ?? SYSTEM_TOOL_PATH)]
  const folders = (await Promise.all(patterns.map(expand))).flat()
  const commands = new Set<string>()
  for (const folder of folders) {
    const command = await realpath(join(folder, tool)).catch(() => null)
    // Debian's wrapper chooses a version by rules of its own; the real programs are found beside it.
    if (command !== null && basename(command) !== 'pg_wrapper' && (await isExecutable(command))) commands.add(command)
  }
  const found: FoundTool[] = []
  for (const command of commands) {
    const version = await versionOf(command, ctx.signal)
    if (version !== null) found.push({ command, version, major: Number.parseInt(version, 10) })
    else ctx.log('warning', `${command} does not tell its version and is left out`)
  }
  return found
}

async function versionOf(command: string, signal: AbortSignal): Promise<string | null> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(VERSION_TIMEOUT_MS)])
  const exit = await runChild({ command, args: ['--version'], env: { LC_ALL: 'C' }, signal: limited }).catch(() => null)
  signal.throwIfAborted()
  if (exit === null || exit.code !== 0) return null
  return /\(PostgreSQL\) (\d+(?:\.\d+)?)/.exec(exit.stdout[0] ?? '')?.[1] ?? null // also "16beta1"
}

async function expand(pattern: string): Promise<string[]> {
  const star = pattern.split('/').findIndex((part) => part.includes('*'))
  if (star === -1) return [pattern]
  const parts = pattern.split('/')
  const parent = parts.slice(0, star).join('/') || '/'
  const [before = '', after = ''] = (parts[star] as string).split('*')
  const names = await readdir(parent).catch(() => [])
  return names
    .filter((name) => name.startsWith(before) && name.endsWith(after))
    .map((name) => join(parent, name, ...parts.slice(star + 1)))
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
