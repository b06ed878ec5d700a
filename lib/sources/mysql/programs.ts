import { CodedError } from '#lib/errors/coded-error.ts'
import type { Exit } from '#lib/process/child.ts'
import type { DriverContext } from '../driver.ts'
import { findPrograms } from '../programs.ts'
import type { Family, ServerDescription } from './server.ts'

export interface FoundProgram {
  /** mariadb-dump, mysqldump, mariadb or mysql: the name that it was found under. */
  name: string
  command: string
  family: Family
  /** "10.11.6" */
  version: string
  major: number
}

const NAMES = { dump: ['mariadb-dump', 'mysqldump'], client: ['mariadb', 'mysql'] } as const

const FOLDERS = [
  '/usr/local/mysql*/bin',
  '/usr/local/mariadb*/bin',
  '/opt/homebrew/opt/mysql*/bin',
  '/opt/homebrew/opt/mariadb*/bin',
  '/usr/local/opt/mysql*/bin',
  '/usr/local/opt/mariadb*/bin',
]

/**
 * The installed program that fits the server: of the server's own family, and of its major version or the next newer one.
 * The other family's program is never taken: MariaDB's loses procedures of a MySQL server and exits 0, and MySQL's cannot sign
 * in to MariaDB since version 9. Rejects with SOURCE_TOOL_MISSING or SOURCE_TOOL_TOO_OLD.
 */
export async function programFor(
  what: keyof typeof NAMES,
  server: ServerDescription,
  ctx: DriverContext,
): Promise<FoundProgram> {
  const all = await installed(what, ctx)
  const own = all.filter(({ family }) => family === server.family).sort((a, b) => a.major - b.major)
  const fitting = own.find(({ major }) => major >= server.major)
  if (fitting) return fitting
  const tool = server.family === 'MariaDB' ? NAMES[what][0] : `${NAMES[what][1]} of MySQL`
  const [newest, install] = [own.at(-1), howToInstall(server)]
  if (newest === undefined) throw new CodedError('SOURCE_TOOL_MISSING', { tool, install })
  const needed = `${server.family} ${server.major}.${server.minor}`
  throw new CodedError('SOURCE_TOOL_TOO_OLD', { tool, found: newest.version, needed, install })
}

/** Family and version by what the program prints; null when it is neither's. */
export function identify(output: string): { family: Family; version: string } | null {
  const maria = /(?:Distrib|from) (\d+\.\d+\.\d+)-MariaDB/.exec(output)?.[1]
  if (maria !== undefined) return { family: 'MariaDB', version: maria }
  const mysql = /Distrib (\d+\.\d+\.\d+)/.exec(output)?.[1] ?? /Ver (\d+\.\d+\.\d+)\S* for /.exec(output)?.[1]
  return mysql === undefined ? null : { family: 'MySQL', version: mysql }
}

async function installed(what: keyof typeof NAMES, ctx: DriverContext): Promise<FoundProgram[]> {
  const versionIn = (output: string) => {
    const found = identify(output)
    return found && `${found.family} ${found.version}`
  }
  const found = await findPrograms({ names: NAMES[what], folders: FOLDERS, versionIn }, ctx)
  return found.map(({ name, command, version: both }) => {
    const [family, version] = both.split(' ') as [Family, string]
    return { name, command, family, version, major: Number.parseInt(version, 10) }
  })
}

function howToInstall(server: ServerDescription): string {
  const version = `${server.major}.${server.minor}`
  return server.family === 'MariaDB'
    ? `Install the client programs of MariaDB ${version} or newer on the worker: apt-get install mariadb-client (Debian, Ubuntu; ` +
        'from mariadb.org’s repository where the distribution is older), dnf install mariadb (Fedora, RHEL), or brew install ' +
        'mariadb (macOS). Then try again.'
    : `Install the client programs of MySQL ${version} or newer on the worker; MariaDB’s do not fit: apt-get install mysql-client ` +
        '(Ubuntu), dnf install mysql (Fedora, RHEL), or brew install mysql-client (macOS); where the distribution has none, as ' +
        'Debian, from dev.mysql.com. Then try again.'
}

/** The program's own last word on an error, for people; nothing is decided by it. */
export function reasonOf(exit: Exit): string {
  const lines = exit.stderr.split('\n').filter(Boolean)
  const line = lines.findLast((one) => /error/i.test(one)) ?? lines.at(-1)
  return line?.replace(/^\S*(mysql|maria)\S*: /, '').replace(/\.$/, '') || 'it gave no reason'
}
