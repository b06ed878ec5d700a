import type { ByHand } from '../driver.ts'
import { foundFile } from '../shell-text.ts'

export const byHand: ByHand<object> = (_settings, { folder }) => [
  '# Only when this program was lost as well: install the same version anew and do not start it yet. PROGRAM is its folder;',
  '# SECRET_KEY or SECRET_KEY_FILE, and DATABASE_URL where it is used, are as they were.',
  `saved="$(cd "$(dirname ${foundFile(folder, 'manifest.json')})" && pwd)"`,
  `npm --prefix "\${PROGRAM:?}" run restore-installation -- "$saved"`,
]
