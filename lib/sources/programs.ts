import { constants } from 'node:fs'
import { access, readdir, realpath } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { runChild } from '#lib/process/child.ts'
import type { DriverContext } from './driver.ts'

export interface FoundProgram {
  /** What is asked for, and under which of its names it was found: mariadb-dump, mysqldump. */
  name: string
  command: string
  /** "15.14" */
  version: string
}

export interface ProgramSearch {
  /** The names that it goes by, the preferred first. */
  names: readonly string[]
  /** Folders to look in before the usual ones; `*` stands for any part of one folder's name. */
  folders?: readonly string[]
  /** Default: --version. */
  versionArgs?: readonly string[]
  /** The version in what it printed; null when it is not the program that was looked for. */
  versionIn(output: string): string | null
  /** Names of wrappers that choose among the real programs by rules of their own. */
  wrappers?: readonly string[]
}

const USUAL_FOLDERS = ['/usr/local/bin', '/opt/homebrew/bin', '/usr/bin', '/bin', '/usr/local/sbin', '/usr/sbin']
const VERSION_TIMEOUT_MS = 10_000

/**
 * Every installed copy of a program that tells its version, in the order of folders and names. With
 * `ctx.systemToolPath`, only `ctx.toolPath` and that are searched. Empty when there is none.
 */
export async function findPrograms(search: ProgramSearch, ctx: DriverContext): Promise<FoundProgram[]> {
  const patterns = [...ctx.toolPath, ...(ctx.systemToolPath ?? [...(search.folders ?? []), ...USUAL_FOLDERS])]
  const folders = (await Promise.all(patterns.map(expand))).flat()
  const programs = new Map<string, { name: string; command: string }>()
  for (const name of search.names)
    for (const folder of folders) {
      const command = join(folder, name) // some programs do what they are called by
      const real = await realpath(command).catch(() => null)
      if (real === null || programs.has(real) || search.wrappers?.includes(basename(real))) continue
      if (await isExecutable(real)) programs.set(real, { name, command })
    }
  const found: FoundProgram[] = []
  for (const { name, command } of programs.values()) {
    const version = await versionOf(command, search, ctx.signal)
    if (version !== null) found.push({ name, command, version })
    else ctx.log('warning', `${command} does not tell its version and is left out`)
  }
  return found
}

async function versionOf(command: string, search: ProgramSearch, signal: AbortSignal): Promise<string | null> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(VERSION_TIMEOUT_MS)])
  const args = search.versionArgs ?? ['--version']
  const exit = await runChild({ command, args, env: { LC_ALL: 'C' }, signal: limited }).catch(() => null)
  signal.throwIfAborted()
  return exit === null || exit.code !== 0 ? null : search.versionIn(exit.stdout.join('\n'))
}

async function expand(pattern: string): Promise<string[]> {
  const parts = pattern.split('/')
  const star = parts.findIndex((part) => part.includes('*'))
  if (star === -1) return [pattern]
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
