import type { ByHand } from '../driver.ts'
import { shellWord } from '../shell-text.ts'
import type { FilesSettings } from './settings.ts'

/**
 * The snapshot holds absolute paths. What lies directly below the folder is copied, never the folder itself: its mode, which is
 * only for its owner, would become that of `/`.
 */
export const byHand: ByHand<FilesSettings> = (_settings, { folder }) => [
  '# To where they were. Files that are there are replaced; those that are not in the backup stay.',
  `find ${shellWord(folder)} -mindepth 1 -maxdepth 1 -exec cp -a {} / ';'`,
]
