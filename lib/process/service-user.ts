import { readFile } from 'node:fs/promises'
import type { ChildOptions } from './child.ts'

export interface ServiceUser {
  uid: number
  gid: number
}

/**
 * The ordinary user that a database server runs as when we are root, which such servers refuse to be: the first of these names
 * that there is, else `nobody`. Null when we are an ordinary user ourselves, undefined when there is none.
 */
export async function serviceUser(names: readonly string[]): Promise<ServiceUser | null | undefined> {
  if (process.getuid?.() !== 0) return null
  const accounts = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  for (const name of [...names, 'nobody']) {
    const account = accounts.find((fields) => fields[0] === name)
    if (account) return { uid: Number(account[2]), gid: Number(account[3]) }
  }
  return undefined
}

/**
 * The same program as the service user. It keeps one capability, CAP_DAC_READ_SEARCH, because the folders above a data
 * folder or a project of root's are often closed to everybody else (0700); opening them up would be worse.
 */
export function runAsServiceUser<T extends ChildOptions>(user: ServiceUser | null, options: T): T {
  if (!user) return options
  return {
    ...options,
    command: 'setpriv',
    args: [
      ...[`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--no-new-privs'],
      ...[
        '--inh-caps=-all,+dac_read_search',
        '--ambient-caps=-all,+dac_read_search',
        '--bounding-set=-all,+dac_read_search',
      ],
      ...['--', options.command, ...options.args],
    ],
  }
}
