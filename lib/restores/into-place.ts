import { driverContext } from '#lib/environments/driver-context.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { parseInput } from '#lib/errors/parse-input.ts'
import type { Listed } from '#lib/restic/count-listed.ts'
import type { TableCounts } from '#lib/sources/driver.ts'
import { driverOf } from '#lib/sources/registry.ts'
import type { Restore } from '#prisma/client/client.ts'
import { bringSnapshot, type Watching } from './bring-back.ts'
import { compareTables } from './compare.ts'
import type { RestoreDeps } from './deps.ts'
import { loginOf, openSettings } from './place-login.ts'
import { placeText } from './place-text.ts'
import { requireSpace, type Scratch, withScratch } from './scratch.ts'

const NAME_BYTES = 40

/**
 * Restores the run's snapshot into a scratch folder, and from there into a new database or file. What cannot be had is found before
 * anything is written there: the place that is taken, roles and extensions that are missing. Resolves only when its tables are
 * those that were saved, with as many rows where they were counted. Rejects with RESTORE_TABLES_DIFFER and what the driver
 * rejects with; of a failure to load nothing is left there. What is to be replaced is replaced last of all, in one step.
 */
export async function bringIntoPlace(deps: RestoreDeps, restore: Restore, watching: Watching): Promise<Listed> {
  return withScratch(deps, restore, watching, (scratch) => bringFrom(scratch, deps, restore, watching))
}

async function bringFrom(scratch: Scratch, deps: RestoreDeps, restore: Restore, watching: Watching): Promise<Listed> {
  const { signal, onLog } = watching
  const run = await deps.prisma.backupRun.findUniqueOrThrow({ where: { id: restore.runId } })
  const source = await deps.prisma.source.findUniqueOrThrow({ where: { id: restore.placeSourceId as string } })
  const driver = driverOf(source.kind)
  if (driver.newPlace === undefined) throw new Error(`${source.kind} has no new places`)
  const ctx = driverContext(deps.config, {
    signal,
    scratch: scratch.work,
    part: run.part,
    withoutOwners: restore.withoutOwners,
    log: onLog,
    progress: (bytes) => watching.onLoaded(bytes),
  })
  const settings = parseInput(driver.settings, openSettings(source, deps.secretKey, loginOf(restore, deps.secretKey)))
  const name = restore.placeName as string
  const made = restore.replaces ? `${beginningOf(name)}_restoring_${restore.id.slice(-8)}` : name
  const place = await driver.newPlace.open(settings, made, ctx)
  const counted = await bringSnapshot(deps, restore, scratch.snapshot, watching, {
    onListed: ({ bytes }) => requireSpace(scratch.snapshot, bytes),
  })
  const { summary, inventory } = await driver.restore(place, scratch.snapshot, ctx)
  onLog('info', summary)
  const problems = compareTables(run.tables as TableCounts | null, inventory.tables).flatMap(({ what, problem }) => {
    onLog(problem === null ? 'info' : 'error', problem ?? `checked: ${what}`)
    return problem ?? []
  })
  if (problems.length > 0)
    throw new CodedError('RESTORE_TABLES_DIFFER', { place: placeText({ ...restore, placeName: made }), problems })
  const { replace } = driver.newPlace
  if (restore.replaces && replace !== undefined) {
    const kept = `${beginningOf(name)}_before_${restore.id.slice(-8)}`
    const wasThere = await replace(place, name, kept, ctx).catch((thrown: unknown) => {
      onLog('error', `${name} is as it was; what was restored is in ${made}`)
      throw thrown
    })
    if (wasThere) await deps.prisma.restore.update({ where: { id: restore.id }, data: { keptAs: kept } })
    onLog('info', `${name} is what was restored${wasThere ? `; what it was is called ${kept}` : ''}`)
  }
  return counted
}

/** As many characters as leave place for what is put behind them in PostgreSQL's 63 bytes. */
function beginningOf(name: string): string {
  let beginning = ''
  for (const character of name)
    if (Buffer.byteLength(beginning + character) <= NAME_BYTES) beginning += character
    else break
  return beginning
}
