import { z } from 'zod'
import { CodedError } from '#lib/errors/coded-error.ts'
import { failureMessage } from './messages.ts'
import type { RepositoryAccess, Restic } from './repository.ts'
import { LONG_TIMEOUT_MS, runRestic } from './run.ts'

export interface Match {
  snapshotId: string
  /** Absolute. */
  path: string
  type: string
  /** Of files, in bytes. */
  bytes: number | null
  modifiedAt: Date
}

const MOST_CHARS = 16 * 1024 * 1024

const found = z.array(
  z.object({
    snapshot: z.string(),
    matches: z.array(
      z.object({ path: z.string(), type: z.string(), size: z.number().optional(), mtime: z.coerce.date() }),
    ),
  }),
)

/**
 * Where a name is, in all snapshots of a host, the newest first. `pattern` is restic's: `*` and `?` within a name, a name anywhere or with
 * slashes a path. Rejects with SNAPSHOT_MATCHES_TOO_MANY rather than hold more than some ten thousands.
 */
export async function findFiles(
  restic: Restic,
  access: RepositoryAccess,
  { host, pattern, signal }: { host: string; pattern: string; signal?: AbortSignal },
): Promise<Match[]> {
  const tooMany = new AbortController()
  const pieces: string[] = []
  let chars = 0
  await runRestic(restic, access, {
    command: 'find',
    args: ['--no-lock', '--ignore-case', `--host=${host}`, '--', pattern],
    schema: failureMessage,
    timeoutMs: LONG_TIMEOUT_MS,
    signal: signal ? AbortSignal.any([signal, tooMany.signal]) : tooMany.signal,
    // One line that holds everything; it comes in pieces.
    onOutput: (piece) => {
      pieces.push(piece)
      chars += piece.length
      if (chars > MOST_CHARS) tooMany.abort(new CodedError('SNAPSHOT_MATCHES_TOO_MANY', { pattern }))
    },
  })
  const text = pieces.join('')
  const snapshots = found.parse(text.trim() === '' ? [] : JSON.parse(text))
  return snapshots.flatMap(({ snapshot, matches }) =>
    matches.map(({ path, type, size, mtime }) => ({
      ...{ snapshotId: snapshot, path, type, modifiedAt: mtime },
      bytes: type === 'file' ? (size ?? 0) : null,
    })),
  )
}
