import type { ByHand } from '../driver.ts'
import { foundFile } from '../shell-text.ts'
import { nameOf, type RedisSettings } from './settings.ts'

/** A server reads its file at the start, and only then. */
export const byHand: ByHand<RedisSettings> = (settings, { folder }) => [
  `# On the machine of ${nameOf(settings)}: stop the server, put the file where its settings dir and dbfilename say, start it.`,
  '# With appendonly yes it would ignore the file: start it with --appendonly no, then CONFIG SET appendonly yes.',
  `redis-check-rdb ${foundFile(folder, 'dump.rdb')}`,
]
