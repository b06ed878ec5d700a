import { z } from 'zod'
import { failureMessage } from './messages.ts'
import type { RepositoryAccess, Restic } from './repository.ts'
import { LONG_TIMEOUT_MS, type OnStarted, runRestic } from './run.ts'

/** restic leaves out a size of zero. */
const node = z.object({ message_type: z.literal('node'), type: z.string(), size: z.number().default(0) })
const listed = z.union([node, failureMessage])

export interface Listed {
  /** Files and symlinks. */
  files: number
  /** Of the files. */
  bytes: number
}

/** How much a snapshot holds by its own listing; each name of a file with several counts. In constant memory. */
export async function countListed(
  restic: Restic,
  access: RepositoryAccess,
  snapshotId: string,
  { signal, onStarted, onFile }: { signal: AbortSignal; onStarted?: OnStarted; onFile?(files: number): void },
): Promise<Listed> {
  const count: Listed = { files: 0, bytes: 0 }
  await runRestic(restic, access, {
    command: 'ls',
    args: ['--no-lock', snapshotId],
    schema: listed,
    timeoutMs: LONG_TIMEOUT_MS,
    signal,
    onStarted,
    onOutput: () => {},
    onMessage: (message) => {
      if (message.message_type !== 'node' || (message.type !== 'file' && message.type !== 'symlink')) return
      count.files += 1
      count.bytes += message.type === 'file' ? message.size : 0
      onFile?.(count.files)
    },
  })
  return count
}
