import { hostname } from 'node:os'
import { z } from 'zod'
import { CodedError } from '#lib/errors/coded-error.ts'
import { commandLineOf, terminate } from '#lib/process/find.ts'
import { openPair, sideOf } from '#lib/repositories/pair.ts'
import { reachPlace } from '#lib/repositories/reach-place.ts'
import { copySnapshot } from '#lib/restic/copy.ts'
import type { RepositoryTask } from '#prisma/client/client.ts'
import type { Performer } from './performer.ts'

const options = z.strictObject({})

/** The copy, and how big it would be restored. What it added is not known: restic does not say, and others save meanwhile. */
export interface CopyResult {
  snapshotId: string
  /** Null in snapshots of a restic before 0.17. */
  files: number | null
  bytes: number | null
  seconds: number
}

/** Copies the snapshot of the task's run into the task's repository. One that is there already is found, not copied again. */
export const copy: Performer<z.infer<typeof options>> = {
  options,
  attempts: 5,
  hasOwnDoor: true,
  async perform(deps, { task, repository, restic, signal, onStarted, onLog }): Promise<CopyResult> {
    const { snapshotId, repository: source } = await deps.prisma.backupRun.findUniqueOrThrow({
      where: { id: task.runId ?? '' },
      include: { repository: true },
    })
    if (snapshotId === null) throw new CodedError('SNAPSHOT_UNKNOWN', { id: 'none' })
    const begun = performance.now()
    await endSurvivor(task, snapshotId)
    const [from, to] = [sideOf(deps, source), sideOf(deps, repository)]
    await reachPlace(from.place, signal)
    await reachPlace(to.place, signal)
    await using pair = await openPair(deps, { from, to })
    const { id, files, bytes } = await copySnapshot(restic, pair, { snapshotId, signal, onStarted, onLog })
    return { snapshotId: id, files, bytes, seconds: (performance.now() - begun) / 1000 }
  },
}

/**
 * A restic that outlived the worker of an earlier attempt, since it waits for a server and has had nothing to say. The
 * snapshot's id tells it from another process with its number.
 */
async function endSurvivor({ resticHost, resticPid }: RepositoryTask, snapshotId: string): Promise<void> {
  if (resticHost !== hostname() || resticPid === null) return
  if ((await commandLineOf(resticPid)).includes(snapshotId)) await terminate(resticPid)
}
