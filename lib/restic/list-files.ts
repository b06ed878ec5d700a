import { posix } from 'node:path'
import { z } from 'zod'
import { failureMessage } from './messages.ts'
import type { RepositoryAccess, Restic } from './repository.ts'
import { runRestic, SHORT_TIMEOUT_MS } from './run.ts'

const node = z.object({ message_type: z.literal('node'), path: z.string() })
const listed = z.union([node, failureMessage])

/** restic takes the folders to list as arguments; more than this at once could exceed the system's limit. */
const FOLDERS_AT_ONCE = 200

/**
 * Which of these absolute paths a snapshot holds. Lists only the folders that they lie in. Paths are as restic prints them:
 * with U+FFFD for each byte that is not UTF-8. A folder with such a name cannot be asked for, so the one above it is listed
 * with everything below.
 */
export async function savedPaths(
  restic: Restic,
  access: RepositoryAccess,
  snapshotId: string,
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<Set<string>> {
  const wanted = new Set(paths)
  const found = new Set<string>()
  const exact = new Set<string>()
  const deep = new Set<string>()
  for (const folder of paths.map((path) => posix.dirname(path))) {
    const unknown = folder.indexOf('\uFFFD')
    if (unknown === -1) exact.add(folder)
    else deep.add(posix.dirname(folder.slice(0, unknown + 1)))
  }
  const list = async (folders: string[], options: string[]) => {
    for (let i = 0; i < folders.length; i += FOLDERS_AT_ONCE)
      await runRestic(restic, access, {
        command: 'ls',
        args: ['--no-lock', ...options, snapshotId, '--', ...folders.slice(i, i + FOLDERS_AT_ONCE)],
        schema: listed,
        timeoutMs: SHORT_TIMEOUT_MS,
        signal,
        onMessage: (message) => {
          if (message.message_type === 'node' && wanted.has(message.path)) found.add(message.path)
        },
      })
  }
  await list([...exact], [])
  await list([...deep], ['--recursive'])
  return found
}
