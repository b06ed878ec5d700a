import { Readable } from 'node:stream'
import { failureMessage } from './messages.ts'
import type { RepositoryAccess, Restic } from './repository.ts'
import { LONG_TIMEOUT_MS, startRestic } from './run.ts'

export interface DumpRequest {
  snapshotId: string
  /** Absolute: a file, or a folder with `archive`. */
  path: string
  archive?: 'tar' | 'zip'
  signal: AbortSignal
}

/**
 * The content of a file of a snapshot, or of a folder as an archive, while restic reads it. The stream ends only when restic
 * has ended well; everything else destroys it with the reason, so that half of it looks like half. Destroying it ends restic.
 * Takes no lock: one that a reader leaves behind by going away would keep prune out.
 */
export async function dumpPath(restic: Restic, access: RepositoryAccess, request: DumpRequest): Promise<Readable> {
  const running = await startRestic(restic, access, {
    command: 'dump',
    args: [
      '--no-lock',
      ...(request.archive ? ['--archive', request.archive] : []),
      ...[request.snapshotId, '--', request.path],
    ],
    schema: failureMessage,
    timeoutMs: LONG_TIMEOUT_MS,
    signal: request.signal,
    stdout: 'pipe',
  })
  async function* content(): AsyncGenerator<Buffer> {
    try {
      yield* running.child.stdout as Readable
      const { stoppedBy, failure } = await running.ended
      if (stoppedBy !== undefined) throw stoppedBy
      if (failure) throw failure
    } finally {
      running.stop(new Error('nobody reads any more'))
      await running.ended
    }
  }
  return Readable.from(content(), { objectMode: false })
}
