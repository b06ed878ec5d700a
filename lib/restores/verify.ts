import { performance } from 'node:perf_hooks'
import { assertionsInput } from '#lib/environments/assertions.ts'
import { driverContext } from '#lib/environments/driver-context.ts'
import { openSource } from '#lib/environments/sources.ts'
import type { Listed } from '#lib/restic/count-listed.ts'
import type { Inventory, TableCounts } from '#lib/sources/driver.ts'
import { driverOf } from '#lib/sources/registry.ts'
import type { Finding, ScratchPlace } from '#lib/sources/scratch-place.ts'
import type { Restore } from '#prisma/client/client.ts'
import { assertAll } from './assert.ts'
import { bringSnapshot, type Watching } from './bring-back.ts'
import { compareTables } from './compare.ts'
import type { RestoreDeps } from './deps.ts'
import { requireSpace, type Scratch, withScratch } from './scratch.ts'

/** What a verification found out. */
export interface Proof {
  findings: Finding[]
  /** Until all was restored and loaded, before anything was checked: how long a restore takes. */
  restoreSeconds: number
}

/**
 * Restores the run's snapshot into a scratch place of this machine, loads it where its kind has to be loaded, and looks at what
 * is there then. Rejects when it could not be restored; what is wrong with it otherwise is in the findings. Nothing is left
 * behind, and the source is never touched.
 */
export async function verify(
  deps: RestoreDeps,
  restore: Restore,
  watching: Watching,
): Promise<{ counted: Listed; proof: Proof }> {
  return withScratch(deps, restore, watching, (scratch) => verifyIn(scratch, deps, restore, watching))
}

async function verifyIn(scratch: Scratch, deps: RestoreDeps, restore: Restore, watching: Watching) {
  const { signal, onLog } = watching
  const began = performance.now()
  const { prisma, secretKey } = deps
  const counted = await bringSnapshot(deps, restore, scratch.snapshot, watching, {
    verify: true,
    onListed: ({ bytes }) => requireSpace(scratch.snapshot, bytes),
  })
  const run = await prisma.backupRun.findUniqueOrThrow({ where: { id: restore.runId }, include: { source: true } })
  const { openScratch } = driverOf(run.source.kind)
  const ctx = driverContext(deps.config, {
    signal,
    scratch: scratch.work,
    part: run.part,
    scratchPostgres: scratch.postgres,
    log: onLog,
    progress: (bytes) => watching.onLoaded(bytes),
  })
  const place = openScratch ? await openScratch(openSource(run.source, secretKey).settings, ctx) : null
  try {
    const inventory = place === null ? null : await load(place, scratch.snapshot, watching)
    const restoreSeconds = Math.round(performance.now() - began) / 1000
    const findings: Finding[] = [
      {
        what: `${counted.files} ${counted.files === 1 ? 'file' : 'files'} of ${counted.bytes} bytes, as listed in the snapshot, each read back and compared with its hashes`,
        problem: null, // restic rejects where one differs
      },
      ...(run.state === 'PARTIAL'
        ? [{ what: 'the backup itself was PARTIAL: what it could not save is not in the snapshot', problem: null }]
        : []),
      ...(place === null ? [] : [{ what: `loaded into ${place.title}`, problem: null }]),
      ...compareTables(run.tables as TableCounts | null, inventory?.tables ?? null),
      ...((await place?.check?.()) ?? []),
      ...(await assertAll(assertionsInput.parse(run.source.assertions), {
        folder: scratch.snapshot,
        place,
        part: run.part,
        savedAt: run.startedAt ?? run.queuedAt,
        signal,
      })),
    ]
    for (const { what, problem } of findings) onLog(problem === null ? 'info' : 'error', problem ?? `checked: ${what}`)
    signal.throwIfAborted()
    return { counted, proof: { findings, restoreSeconds } }
  } finally {
    await place?.close()
  }
}

async function load(place: ScratchPlace, folder: string, { onLog }: Watching): Promise<Inventory> {
  const { summary, inventory } = await place.load(folder)
  onLog('info', summary)
  return inventory
}
