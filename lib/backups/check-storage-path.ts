import type { Config } from '#lib/config/config.ts'
import { narrowTo } from '#lib/sources/files/paths.ts'
import { filesSettings } from '#lib/sources/files/settings.ts'
import type { Admitted } from './admission.ts'

/**
 * Checks the folder of a narrowed storage run on disk, symlinks resolved, when this process runs on the worker's machine.
 * The worker checks it again before it reads.
 */
export async function checkStoragePath(config: Pick<Config, 'ROLE' | 'STORAGE_ROOTS'>, run: Admitted): Promise<void> {
  if (run.storagePath === null || config.ROLE === 'web') return
  await narrowTo(filesSettings.parse(run.source.settings), run.storagePath, config.STORAGE_ROOTS)
}
