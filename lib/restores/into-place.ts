import { isAbsolute, join, parse } from 'node:path'
import { driverContext } from '#lib/environments/driver-context.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { parseInput } from '#lib/errors/parse-input.ts'
import type { Listed } from '#lib/restic/count-listed.ts'
import type { Inventory, TableCounts } from '#lib/sources/driver.ts'
import { driverOf } from '#lib/sources/registry.ts'
import type { Restore } from '#prisma/client/client.ts'
import { bringSnapshot, type Watching } from './bring-back.ts'
import { compareTables } from './compare.ts'
import type { RestoreDeps } from './deps.ts'
import { loginOf, openSettings } from './place-login.ts'
import { placeText } from './place-text.ts'
import { requireSpace, type Scratch, withScratch } from './scratch.ts'

const DATABASE_NAME_BYTES = 40
const FILE_NAME_BYTES = 200

/**
 * Restores the run's snapshot into a scratch folder, and from there into a new database or file. What cannot be had is found before
 * anything is written there: the place that is taken, roles and extensions that are missing. Resolves only when its tables are
 * those that were saved, with as many rows where they were counted. Rejects with RESTORE_TABLES_DIFFER and what the driver
 * rejects with; of a failure to load nothing is left there. What is to be replaced is replaced last of all, in one step, and what is to
 * be masked has another name until it is; of that nothing is left by any failure.
 */
export async function bringIntoPlace(deps: RestoreDeps, restore: Restore, watching: Watching): Promise<Listed> {
  return withScratch(deps, restore, watching, (scratch) => bringFrom(scratch, deps, restore, watching))
}

async function bringFrom(scratch: Scratch, deps: RestoreDeps, restore: Restore, watching: Watching): Promise<Listed> {
  const { signal, onLog } = watching
  const { prisma } = deps
  const run = await prisma.backupRun.findUniqueOrThrow({ where: { id: restore.runId }, include: { source: true } })
  const source = await prisma.source.findUniqueOrThrow({ where: { id: restore.placeSourceId as string } })
  const driver = driverOf(source.kind)
  if (driver.newPlace === undefined) throw new Error(`${source.kind} has no new places`)
  const { open, aside } = driver.newPlace
  const masking = source.environmentId === run.source.environmentId ? null : run.source.maskingSql
  const ctx = driverContext(deps.config, {
    signal,
    scratch: scratch.work,
    kept: join(deps.config.DATA_DIR, 'kept', source.id),
    part: run.part,
    withoutOwners: restore.withoutOwners,
    log: onLog,
    progress: (bytes) => watching.onLoaded(bytes),
  })
  const settings = parseInput(driver.settings, openSettings(source, deps.secretKey, loginOf(restore, deps.secretKey)))
  const name = restore.placeName as string
  const compare = (inventory: Inventory, placeName: string | null) => {
    const problems = compareTables(run.tables as TableCounts | null, inventory.tables).flatMap(({ what, problem }) => {
      onLog(problem === null ? 'info' : 'error', problem ?? `checked: ${what}`)
      return problem ?? []
    })
    if (problems.length > 0)
      throw new CodedError('RESTORE_TABLES_DIFFER', { place: placeText({ ...restore, placeName }), problems })
  }
  const keep = (keptAs: string) => prisma.restore.update({ where: { id: restore.id }, data: { keptAs } })
  if (restore.purpose === 'SERVER' && restore.replaces) {
    if (driver.newPlace.replace === undefined) throw new Error(`${source.kind} replaces no servers`)
    const counted = await bringSnapshot(deps, restore, scratch.snapshot, watching, {
      onListed: ({ bytes }) => requireSpace(scratch.snapshot, bytes),
    })
    const kept = join(ctx.kept, `before-${restore.id}.rdb`)
    const accept = (inventory: Inventory) => compare(inventory, name)
    const { summary } = await driver.newPlace.replace(settings, scratch.snapshot, kept, accept, ctx)
    onLog('info', summary)
    await keep(kept)
    return counted
  }
  const isAside = restore.replaces || masking !== null
  if (isAside && aside === undefined) throw new Error(`${source.kind} cannot rename its places`)
  if (isAside && !restore.replaces) await open(settings, name, ctx) // rejects when something is there
  if (restore.replaces) await aside?.check?.(settings, name, ctx)
  const made = isAside ? besideName(name, 'restoring', restore.id) : name
  const place = await open(settings, made, ctx)
  const counted = await bringSnapshot(deps, restore, scratch.snapshot, watching, {
    onListed: ({ bytes }) => requireSpace(scratch.snapshot, bytes),
  })
  const { summary, inventory } = await driver.restore(place, scratch.snapshot, ctx)
  onLog('info', summary)
  try {
    compare(inventory, made)
    if (masking !== null) {
      await aside?.mask(place, masking, ctx)
      onLog('info', 'the masking SQL of the source has been run')
    }
  } catch (thrown) {
    if (masking !== null) await aside?.remove(place, ctx)
    throw thrown
  }
  if (aside === undefined || !isAside) return counted
  const kept = restore.replaces ? besideName(name, 'before', restore.id) : null
  const wasThere = await aside.rename(place, name, kept, ctx).catch((thrown: unknown) => {
    onLog('error', `${name} is as it was; what was restored is in ${made}`)
    throw thrown
  })
  if (wasThere && kept !== null) await keep(kept)
  onLog('info', `${name} is what was restored${wasThere ? `; what it was is called ${kept}` : ''}`)
  return counted
}

/** `shop_restoring_1a2b3c4d`, beside it: as much of the name as leaves place in PostgreSQL's 63 bytes, or a file system's 255. */
function besideName(name: string, word: string, id: string): string {
  const tail = `_${word}_${id.slice(-8)}`
  if (!isAbsolute(name)) return `${beginningOf(name, DATABASE_NAME_BYTES)}${tail}`
  const { dir, name: stem, ext } = parse(name)
  return join(dir, `${beginningOf(stem, FILE_NAME_BYTES)}${tail}${ext}`)
}

function beginningOf(name: string, bytes: number): string {
  let beginning = ''
  for (const character of name)
    if (Buffer.byteLength(beginning + character) <= bytes) beginning += character
    else break
  return beginning
}
