import { CodedError } from '#lib/errors/coded-error.ts'
import type { Exit } from '#lib/process/child.ts'
import type { DriverContext } from '../driver.ts'
import { findPrograms } from '../programs.ts'

export type Tool = 'pg_dump' | 'pg_dumpall' | 'pg_restore'

export interface FoundTool {
  name: Tool
  command: string
  major: number
  /** "15.14" */
  version: string
}

/** Several majors side by side. */
const VERSIONED_FOLDERS = [
  '/usr/lib/postgresql/*/bin',
  '/usr/pgsql-*/bin',
  '/opt/homebrew/opt/postgresql*/bin',
  '/usr/local/opt/postgresql*/bin',
  '/usr/local/pgsql/bin',
]

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

/** The first of `findTools`. */
export async function bestTool(tool: Tool, serverMajor: number, ctx: DriverContext): Promise<FoundTool> {
  return (await findTools(tool, serverMajor, ctx))[0] as FoundTool
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

/** Every copy of the program, whatever its version. */
export async function installed(tool: Tool, ctx: DriverContext): Promise<FoundTool[]> {
  const found = await findPrograms(
    {
      names: [tool],
      folders: VERSIONED_FOLDERS,
      versionIn: (output) => /\(PostgreSQL\) (\d+(?:\.\d+)?)/.exec(output)?.[1] ?? null, // also "16beta1"
      wrappers: ['pg_wrapper'], // Debian's
    },
    ctx,
  )
  return found.map(({ command, version }) => ({ name: tool, command, version, major: Number.parseInt(version, 10) }))
}
