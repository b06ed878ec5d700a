import { CodedError, isCoded } from '#lib/errors/coded-error.ts'
import { failureMessage } from './messages.ts'
import { printableLocation, type RepositoryAccess, type Restic } from './repository.ts'
import { LONG_TIMEOUT_MS, type OnLog, type OnStarted, runRestic } from './run.ts'
import { listSnapshots, requireSnapshot, type Snapshot } from './snapshots.ts'
import { listLocks } from './unlock.ts'

/** Two repositories: the access itself is the one that is copied into. */
export type PairAccess = RepositoryAccess & Required<Pick<RepositoryAccess, 'from'>>

export interface CopyRequest {
  /** Of the repository that is copied from; a whole id. */
  snapshotId: string
  signal: AbortSignal
  timeoutMs?: number
  onStarted?: OnStarted
  onLog?: OnLog
}

/**
 * Copies a snapshot and resolves with the copy as the target lists it; one that is there already is found, not copied again.
 * restic ends with 0 also when there is no such snapshot, and reports in text alone, so only what the target lists counts: a
 * snapshot of the same origin and the same tree, and not the very same, since then both are one repository. Broken off at any moment it leaves data, never a snapshot. Rejects with
 * SNAPSHOT_UNKNOWN, SNAPSHOT_NOT_SAVED, and what is wrong with either repository.
 */
export async function copySnapshot(restic: Restic, access: PairAccess, request: CopyRequest): Promise<Snapshot> {
  const { signal, onLog } = request
  const source = await requireSnapshot(restic, sourceOf(access), request.snapshotId, { signal })
  const call = {
    command: 'copy',
    args: [source.id],
    schema: failureMessage,
    timeoutMs: request.timeoutMs ?? LONG_TIMEOUT_MS,
    signal,
    onStarted: request.onStarted,
    onLog,
  }
  const { output } = await runRestic(restic, access, call).catch(async (thrown: unknown) => {
    throw (await lockOfSource(restic, access, thrown, signal)) ?? thrown
  })
  for (const line of output) if (line.trim() !== '' && !isProgress(line)) onLog?.('info', line)
  const first = source.originalId ?? source.id
  const there = await listSnapshots(restic, targetOf(access), {}, { signal })
  const copy = there.find(
    ({ id, originalId, tree }) => (originalId ?? id) === first && tree === source.tree && id !== source.id,
  )
  if (!copy) throw new CodedError('SNAPSHOT_NOT_SAVED', { repository: printableLocation(access) })
  return copy
}

const targetOf = ({ from: _, ...target }: PairAccess): RepositoryAccess => target

const sourceOf = ({ from, keyHint: _, ...shared }: PairAccess): RepositoryAccess => ({ ...shared, ...from })

/** “[0:05] 30.00%  3 / 10 packs copied”, up to four a second. */
const isProgress = (line: string): boolean => line.startsWith('[')

/** restic does not say which of both is locked. */
async function lockOfSource(restic: Restic, access: PairAccess, thrown: unknown, signal: AbortSignal) {
  if (!isCoded(thrown, 'REPOSITORY_LOCKED') || signal.aborted) return null
  const source = sourceOf(access)
  const isLocked = (await listLocks(restic, source)).some((lock) => lock.exclusive)
  return isLocked ? new CodedError('REPOSITORY_LOCKED', { repository: printableLocation(source) }) : null
}
