import { z } from 'zod'
import { failureMessage } from './messages.ts'
import type { RepositoryAccess, Restic } from './repository.ts'
import { LONG_TIMEOUT_MS, type OnStarted, runRestic } from './run.ts'

/** restic leaves out a size of zero. */
const node = z.object({
  message_type: z.literal('node'),
  path: z.string(),
  type: z.string(),
  size: z.number().default(0),
})
const listed = z.union([node, failureMessage])

export interface Listed {
  /** Files and symlinks. */
  files: number
  /** Of the files. */
  bytes: number
}

export interface CountRequest {
  /** Absolute: only these and what is below them. Empty: everything. */
  paths?: readonly string[]
  /** Gets those of `paths` that are in the snapshot. */
  seen?: Set<string>
  signal: AbortSignal
  onStarted?: OnStarted
  onFile?(files: number): void
}

/** How much a snapshot holds by its own listing; each name of a file with several counts. In constant memory. */
export async function countListed(
  restic: Restic,
  access: RepositoryAccess,
  snapshotId: string,
  { paths = [], seen, signal, onStarted, onFile }: CountRequest,
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
      if (message.message_type !== 'node') return
      const { path, type, size } = message
      const within = paths.filter((one) => path === one || path.startsWith(`${one}/`))
      for (const one of within) seen?.add(one)
      if (paths.length > 0 && within.length === 0) return
      if (type !== 'file' && type !== 'symlink') return
      count.files += 1
      count.bytes += type === 'file' ? size : 0
      onFile?.(count.files)
    },
  })
  return count
}
