import type { CheckResult } from '#lib/restic/check.ts'
import { damagedIds, snapshotFiles, touchedSnapshots } from '#lib/restic/damage.ts'
import type { RepositoryAccess, Restic } from '#lib/restic/repository.ts'
import { listSnapshots } from '#lib/restic/snapshots.ts'
import { partName } from '#lib/sources/driver.ts'
import type { Repository } from '#prisma/client/client.ts'
import type { CheckFindings, TouchedSnapshot } from './check-result.ts'
import type { MaintenanceDeps, TaskContext } from './performer.ts'

/** A repository in which this takes longer has been damaged widely enough to repair it without knowing. */
const SEARCH_TIMEOUT_MS = 30 * 60_000
const PROBLEMS_KEPT = 500
const TOUCHED_KEPT = 5000

type Found = Pick<
  CheckFindings,
  'problems' | 'brokenPacks' | 'missingPacks' | 'damagedTrees' | 'damagedSnapshots' | 'touched' | 'touchedInFull'
>

export const nothing: Found = {
  problems: [],
  brokenPacks: [],
  missingPacks: [],
  damagedTrees: [],
  damagedSnapshots: [],
  touched: [],
  touchedInFull: true,
}

/** What exactly is damaged in a repository that a check found to be, and whose snapshots that touches. */
export async function lookForDamage(
  deps: Pick<MaintenanceDeps, 'prisma'>,
  repository: Repository,
  restic: Restic,
  access: RepositoryAccess,
  found: CheckResult,
  call: Pick<TaskContext, 'signal' | 'onStarted' | 'onLog'>,
): Promise<Found> {
  const named = damagedIds(found.problems)
  const files = named.damagedSnapshots.length === 0 ? [] : await snapshotFiles(restic, access, call.signal)
  const damage = {
    ...named,
    brokenPacks: [...new Set([...found.brokenPacks, ...named.brokenPacks])],
    damagedSnapshots: files.filter((id) => named.damagedSnapshots.some((short) => id.startsWith(short))),
    suggestRepairIndex: found.suggestRepairIndex,
  }
  const { ids, inFull } = await touchedSnapshots(restic, access, damage, { ...call, timeoutMs: SEARCH_TIMEOUT_MS })
  if (!inFull) call.onLog('warning', 'Not all snapshots could be looked through for what is damaged.')
  const { suggestRepairIndex: _, ...parts } = damage
  const { problems } = found
  const more = problems.length - PROBLEMS_KEPT
  return {
    ...parts,
    problems: [...problems.slice(0, PROBLEMS_KEPT), ...(more > 0 ? [`… and ${more} more`] : [])],
    touched: await nameSnapshots(deps, repository, restic, access, ids.slice(0, TOUCHED_KEPT)),
    touchedInFull: inFull && ids.length <= TOUCHED_KEPT,
  }
}

/** Whose they are, oldest first: by the rows of runs, since a damaged snapshot cannot say, else by the tags that it carries. */
export async function nameSnapshots(
  { prisma }: Pick<MaintenanceDeps, 'prisma'>,
  repository: Repository,
  restic: Restic,
  access: RepositoryAccess,
  ids: readonly string[],
): Promise<TouchedSnapshot[]> {
  if (ids.length === 0) return []
  const listed = new Map((await listSnapshots(restic, access)).map((snapshot) => [snapshot.id, snapshot]))
  const tagged = new Map(ids.map((id) => [id, runOfTags(listed.get(id)?.tags ?? [])]))
  const runs = await prisma.backupRun.findMany({
    where: {
      OR: [
        { repositoryId: repository.id, snapshotId: { in: [...ids] } },
        { id: { in: [...tagged.values()].filter((id) => id !== null) } },
      ],
    },
    select: { id: true, snapshotId: true, sourceId: true, part: true, source: { select: { name: true } } },
  })
  const order = new Map([...listed.keys()].map((id, index) => [id, index]))
  return [...ids]
    .sort((a, b) => (order.get(a) ?? -1) - (order.get(b) ?? -1))
    .map((snapshotId) => {
      const run = runs.find((one) => one.snapshotId === snapshotId || one.id === tagged.get(snapshotId))
      if (run === undefined) {
        const { paths = [], host = '' } = listed.get(snapshotId) ?? {}
        return {
          snapshotId,
          runId: null,
          sourceId: null,
          part: '',
          name: `${paths.join(', ') || 'unknown'} of ${host || 'unknown'}`,
        }
      }
      const part = partName(run.part)
      return {
        snapshotId,
        runId: run.id,
        sourceId: run.sourceId,
        part: run.part,
        name: part === null ? run.source.name : `${run.source.name} (${part})`,
      }
    })
}

/** Of the tag `run:<id>` that every snapshot of ours carries. */
export function runOfTags(tags: readonly string[]): string | null {
  const id = tags.find((tag) => tag.startsWith('run:'))?.slice('run:'.length) ?? ''
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) ? id : null
}
