import { type RestoreMessage, restoreMessage } from './messages.ts'
import type { RepositoryAccess, Restic } from './repository.ts'
import { LONG_TIMEOUT_MS, type OnLog, type OnStarted, runRestic } from './run.ts'
import { requireSnapshot } from './snapshots.ts'

/** What stays as it is counts as done. */
export interface RestoreProgress {
  bytesDone: number
  bytesTotal: number
  filesDone: number
  filesTotal: number
}

export interface RestoreRequest {
  snapshotId: string
  /** Whether the caller has listed the snapshot by this id, its whole one, just now: then it is not looked up once more. */
  isListed?: boolean
  /** A folder of the snapshot that becomes the root of the target. */
  subfolder?: string
  /** Absolute. */
  target: string
  /** Absolute paths: only these and what is below them. One that is not there is no error for restic, so compare the counts. */
  paths?: readonly string[]
  /** Patterns of what is left out of that, from the root of the target. A name matches anywhere. */
  leaveOut?: readonly string[]
  /** What happens to files that are there; restic's own words. Left out: they are replaced. */
  overwrite?: 'always' | 'if-changed' | 'if-newer' | 'never'
  /** Nothing is written; `onItem` tells what would be. */
  dryRun?: boolean
  /** Reads every file once more when all are written, and compares it with the repository's hashes. */
  verify?: boolean
  signal: AbortSignal
  timeoutMs?: number
  onStarted?: OnStarted
  onProgress?(progress: RestoreProgress): void
  /**
   * What was done, or would be, to each thing, by its path below the target. restic says `restored` of every folder, and
   * of symlinks that are there already.
   */
  onItem?(item: RestoredItem): void
  /** The path below the target of what could not be restored, once per problem. */
  onFailed?(path: string): void
  onLog?: OnLog
}

export interface RestoredItem {
  action: 'restored' | 'updated' | 'unchanged'
  path: string
  /** Of a file, in bytes. */
  size: number
}

export interface RestoreSummary {
  files: number
  bytes: number
}

/**
 * Brings a snapshot back into `target`. Only exit 0 counts: restic's summary claims everything even when the target's
 * disk was full. Blocks of zeros become holes, so that a sparse file takes no more space than it did. Rejects with
 * SNAPSHOT_UNKNOWN before anything is written when the id is not listed.
 */
export async function restoreSnapshot(
  restic: Restic,
  access: RepositoryAccess,
  request: RestoreRequest,
): Promise<RestoreSummary> {
  const { snapshotId, isListed = false, signal } = request
  const { id } = isListed ? { id: snapshotId } : await requireSnapshot(restic, access, snapshotId, { signal })
  const result: RestoreSummary = { files: 0, bytes: 0 }
  await runRestic(restic, access, {
    command: 'restore',
    args: [
      ...['--target', request.target, '--sparse'],
      ...(request.verify ? ['--verify'] : []),
      ...(request.overwrite ? ['--overwrite', request.overwrite] : []),
      ...(request.dryRun ? ['--dry-run'] : []),
      ...(request.onItem ? ['--verbose=2'] : []),
      ...includes(request),
      request.subfolder ? `${id}:${request.subfolder}` : id,
    ],
    schema: restoreMessage,
    timeoutMs: request.timeoutMs ?? LONG_TIMEOUT_MS,
    signal: request.signal,
    onStarted: request.onStarted,
    onLog: request.onLog,
    onMessage: (message) => take(message, result, request),
  })
  return result
}

/** restic takes no `--exclude` beside `--include`; a pattern with ! takes back what the ones before it include. */
function includes({ paths = [], leaveOut = [] }: RestoreRequest): string[] {
  const wanted = paths.length > 0 ? paths.map(asPattern) : leaveOut.length > 0 ? ['/'] : []
  return [...wanted, ...leaveOut.map((pattern) => `!${pattern}`)].map((pattern) => `--include=${pattern}`)
}

/** In the language of Go's filepath.Match, which restic's patterns are. */
const asPattern = (path: string): string => path.replaceAll(/[\\*?[\]]/g, '\\$&')

function take(message: RestoreMessage, result: RestoreSummary, request: RestoreRequest): void {
  if (message.message_type === 'status')
    request.onProgress?.({
      bytesDone: message.bytes_restored + message.bytes_skipped,
      bytesTotal: message.total_bytes,
      filesDone: message.files_restored + message.files_skipped,
      filesTotal: message.total_files,
    })
  else if (message.message_type === 'summary') {
    result.files = message.files_restored
    result.bytes = message.bytes_restored
  } else if (message.message_type === 'verbose_status') {
    const { action, item: path, size } = message
    if (action === 'restored' || action === 'updated' || action === 'unchanged')
      request.onItem?.({ action, path, size })
  } else if (message.message_type === 'error') {
    request.onFailed?.(message.item)
    request.onLog?.('error', `${message.item}: ${message.error.message}`)
  }
}
