import { basename, dirname } from 'node:path'
import type { ByHand } from '../driver.ts'
import { foundFile, shellWord } from '../shell-text.ts'
import type { SqliteSettings } from './settings.ts'

const PUT_BACK = 'mkdir -p "$(dirname "/$1")" && rm -f "/$1-wal" "/$1-shm" "/$1-journal" && cp "$1" "/$1"'

/** Old write-ahead logs must go: they would be played into the file that comes back. Folders that are there stay as they are. */
export const byHand: ByHand<SqliteSettings> = ({ path }, { folder }) => {
  const stop = '# Stop the application first: it would go on in the old file.'
  if (path === undefined)
    return [
      stop,
      `copies="$(find ${shellWord(folder)} -type d -name sqlite-databases | head -n 1)"`,
      `(cd "$copies" && find . -type f -exec sh -c '${PUT_BACK}' - {} ';')`,
    ]
  return [
    stop,
    `mkdir -p ${shellWord(dirname(path))}`,
    `rm -f ${['-wal', '-shm', '-journal'].map((suffix) => shellWord(path + suffix)).join(' ')}`,
    `cp ${foundFile(folder, basename(path).replaceAll(/[\\*?[\]]/g, '\\$&'))} ${shellWord(path)}`,
  ]
}
