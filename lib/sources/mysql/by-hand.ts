import type { ByHand } from '../driver.ts'
import { foundFile, shellWord } from '../shell-text.ts'
import { databaseOfPlace, type MysqlSettings } from './settings.ts'

/** The dump's first line names the database's character set and collation, which mysqldump leaves out. */
export const byHand: ByHand<MysqlSettings> = (settings, { folder, part }) => {
  // In binary mode it takes no backslash in a name for a command of its own.
  const client = `mariadb -h ${shellWord(settings.host)} -P ${settings.port} --binary-mode --default-character-set=utf8mb4`
  const database = databaseOfPlace(settings, { part })
  const quoted = `\`${database.replaceAll('`', '``')}\``
  return [
    '# An account that may make databases: -u and -p, or a file of options. With MySQL the client is called mysql.',
    `dump=${foundFile(folder, '*.sql')}`,
    `tail -n 1 "$dump" | grep '^-- Dump completed' || echo 'The dump is not complete: stop here.'`,
    `kept() { head -n 1 "$dump" | sed -n "s/.*\\"$1\\":\\"\\([A-Za-z0-9_]*\\)\\".*/\\1/p"; }`,
    `{ printf %s ${shellWord(`CREATE DATABASE ${quoted}`)}; echo " CHARACTER SET $(kept characterSet) COLLATE $(kept collation)"; } | ${client}`,
    `${client} --comments --max-allowed-packet=1G ${shellWord(database)} < "$dump"`,
  ]
}
