import { statfs } from 'node:fs/promises'
import { performance } from 'node:perf_hooks'
import { assertionsInput } from '#lib/environments/assertions.ts'
import { driverContext } from '#lib/environments/driver-context.ts'
import { openSource } from '#lib/environments/sources.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { Listed } from '#lib/restic/count-listed.ts'
import type { Finding, Inventory, ScratchPlace, TableCounts } from '#lib/sources/driver.ts'
import { driverOf } from '#lib/sources/registry.ts'
import type { Restore } from '#prisma/client/client.ts'
import { assertAll } from './assert.ts'
import { bringSnapshot, type Watching } from './bring-back.ts'
import { compareTables } from './compare.ts'
import type { RestoreDeps } from './deps.ts'
import { openScratchFolder, type Scratch } from './scratch.ts'

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
  const scratch = await openScratchFolder(deps.config.DATA_DIR, restore.id)
  const rest = keepMoving(deps, watching)
  try {
    return await verifyIn(scratch, deps, restore, watching)
  } finally {
    rest()
    // What could not be removed now, the sweep tries again. It does not change what was found out.
    await scratch.close().catch((error: unknown) => deps.log.error({ err: error, restoreId: restore.id }, 'scratch'))
  }
}

/**
 * For a day. restic says nothing while it reads everything back, nor do servers while they load and check, and none of them waits
 * for a network that may be gone: silence means nothing. One that takes longer is ended as stalled.
 */
const SILENCE_MS = 86_400_000
const TICK_MS = 10_000

function keepMoving({ config }: RestoreDeps, { onLoaded }: Watching): () => void {
  const began = performance.now()
  const act = () => {
    if (performance.now() - began < SILENCE_MS) onLoaded(performance.now())
  }
  const timer = setInterval(act, Math.min(TICK_MS, config.STALL_TIMEOUT * 250))
  return () => clearInterval(timer)
}

async function verifyIn(scratch: Scratch, deps: RestoreDeps, restore: Restore, watching: Watching) {
  const { signal, onLog } = watching
  const began = performance.now()
  const { prisma, secretKey } = deps
  await prisma.restore.updateMany({
    where: { id: restore.id, claimId: restore.claimId },
    data: { folder: scratch.snapshot },
  })
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
    scratchPostgres: scratch.startPostgres,
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

/** Before anything is written. What is loaded may take as much again, which nobody can know beforehand. */
async function requireSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize < bytes)
    throw new CodedError('VERIFICATION_NO_SPACE', { folder, needed: bytes, free: bavail * bsize })
}
