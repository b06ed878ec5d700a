import { isAbsolute, normalize } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { v7 as uuidv7 } from 'uuid'
import { z } from 'zod'
import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { isGood } from '#lib/backups/states.ts'
import type { Transaction } from '#lib/database/database.ts'
import { requireConfirmation } from '#lib/environments/confirm.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { parseInput } from '#lib/errors/parse-input.ts'
import { lockTurns } from '#lib/repositories/read-turns.ts'
import { driverOf } from '#lib/sources/registry.ts'
import { isInside } from '#lib/sources/storage-roots.ts'
import type { Restore } from '#prisma/client/client.ts'
import { RestoreOverwrite } from '#prisma/client/enums.ts'
import { queued } from './append-events.ts'
import { askForApproval } from './approve.ts'
import { checkPlace, checkTables, placeInput, type RunWithSource, tablesInput } from './check-place.ts'
import type { RestoreDeps } from './deps.ts'
import { leftOutInput } from './left-out.ts'
import { openSettings } from './place-login.ts'
import { placesOf } from './place-text.ts'

export const folderInput = z
  .string()
  .max(4000, 'is too long')
  .refine((path) => isAbsolute(path) && !path.includes('\0'), 'must be an absolute path')
  .transform((path) => normalize(path).replace(/(?<=.)\/+$/, ''))

export const triggerInput = z
  .strictObject({
    runId: z.string(),
    folder: folderInput.nullish(),
    /** To where the files were, instead of a folder. */
    original: z.boolean().default(false),
    /** What happens to files that are there; when left out, none may be there. */
    overwrite: z.enum(RestoreOverwrite).nullish(),
    /** Nothing is written: it finds out what would be. */
    dryRun: z.boolean().default(false),
    /** The name of the run's source, to overwrite files where they were. */
    confirmSource: z.string().nullish(),
    /** What of the snapshot is brought back; everything when left out. */
    paths: z.array(folderInput).max(1000, 'may be at most 1000').default([]),
    /** Names and paths of what of that is not wanted. */
    leaveOut: z.array(leftOutInput).max(100, 'may be at most 100').default([]),
    place: placeInput.nullish(),
    /** Rows go into tables, instead. */
    tables: tablesInput.nullish(),
    /** The name of the environment of the run's source, when it is protected. */
    confirmEnvironment: z.string().nullish(),
    idempotencyKey: z.string().min(1).max(255).nullish(),
  })
  .refine(
    ({ folder, original, place, tables }) =>
      [folder != null, original, place != null, tables != null].filter(Boolean).length === 1,
    { path: ['folder'], message: 'name one of a folder, a place, tables and “original”' },
  )
  .refine(
    ({ folder, original, paths, leaveOut, overwrite, dryRun }) =>
      folder != null || original || !(paths.length > 0 || leaveOut.length > 0 || overwrite || dryRun),
    { path: ['place'], message: 'takes none of paths, leaveOut, overwrite and dryRun' },
  )

export type TriggerDeps = Pick<RestoreDeps, 'prisma' | 'queue' | 'secretKey'>

/**
 * Asks that a run's snapshot is brought into a folder of the worker that serves its environment, to where its files were, into a new place (a
 * database on the server of a source of the same kind, or a file), or that its rows go into tables. From another environment into a
 * protected one it waits until another administrator has approved it. The worker looks whether the folder or the place may be used. A repeated
 * idempotency key answers the first restore. Throws FORBIDDEN, INPUT_INVALID, RUN_UNKNOWN, SNAPSHOT_GONE, SOURCE_UNKNOWN,
 * ENVIRONMENT_NOT_CONFIRMED, RESTORE_NOT_INTO_PLACE, RESTORE_NOT_CONFIRMED, RESTORE_TARGET_BUSY, IDEMPOTENCY_KEY_REUSED; then
 * nothing was started.
 */
export async function triggerRestore(deps: TriggerDeps, actor: Actor | null, raw: unknown): Promise<Restore> {
  requireScope(actor, 'backup:restore', 'restore a backup')
  const input = parseInput(triggerInput, raw)
  return deps.prisma.$transaction(async (tx) => {
    await lockTurns(tx) // nobody else begins a restore meanwhile
    return queueRestore(tx, deps, actor, input)
  })
}

/** As `triggerRestore`, within a transaction that holds the lock of the turns; of a batch, one of several. */
export async function queueRestore(
  tx: Transaction,
  deps: TriggerDeps,
  actor: Actor,
  input: z.infer<typeof triggerInput>,
  batch: { batchId: string; position: number } | null = null,
): Promise<Restore> {
  const { runId, folder = null, place = null, tables = null, overwrite = null, dryRun, leaveOut } = input
  const { idempotencyKey = null } = input
  const paths = input.paths.includes('/') ? [] : input.paths
  if (idempotencyKey !== null) {
    const earlier = await tx.restore.findFirst({ where: { requestedById: actor.userId, idempotencyKey } })
    const rows = [tables?.conflict ?? null, tables?.person ?? null]
    const asked = [runId, folder ?? '', place?.name || null, overwrite, dryRun, ...rows, leaveOut, ...paths]
    if (earlier && isDeepStrictEqual(wish(earlier), asked)) return earlier
    if (earlier)
      throw new CodedError('IDEMPOTENCY_KEY_REUSED', { key: idempotencyKey, backupId: earlier.id, what: 'restore' })
  }
  const run = z.uuid().safeParse(runId).success
    ? await tx.backupRun.findUnique({ where: { id: runId }, include: { source: { include: { environment: true } } } })
    : null
  if (!run) throw new CodedError('RUN_UNKNOWN', { id: runId })
  if (!isGood(run.state) || run.snapshotId === null || run.removedAt !== null)
    throw new CodedError('SNAPSHOT_GONE', { id: runId })
  const id = uuidv7()
  const ofFiles = { folder: folder ?? '', requestedFolder: folder ?? '', paths, leaveOut, overwrite, dryRun }
  const target = {
    ...ofFiles,
    targets: input.original ? originalPlaces(deps, run, paths) : [],
    ...(place !== null && (await checkPlace(tx, deps, id, run, place))),
    ...(tables !== null && (await checkTables(tx, deps, id, run, tables))),
  }
  requireConfirmation(run.source.environment, input.confirmEnvironment, 'restore a backup of it')
  const mayDestroy = input.original && !dryRun && overwrite !== null && overwrite !== 'NEVER'
  if (mayDestroy && input.confirmSource !== run.source.name)
    throw new CodedError('RESTORE_NOT_CONFIRMED', { name: run.source.name, what: 'source' })
  const isOfFiles = place === null && tables === null
  if (isOfFiles) await requireFree(tx, placesOf(target), batch)
  const requester = { requestedBy: actor.email, requestedById: actor.userId, idempotencyKey, ...batch }
  const restore = await tx.restore.create({ data: { id, runId, ...target, ...requester, ...queued } })
  const { placeName, placeSourceId, replaces, needsApproval, targets } = restore
  await record(tx, {
    actor,
    action: 'restore.trigger',
    target: { type: 'restore', id },
    details: isOfFiles
      ? { runId, folder, targets, paths, leaveOut, overwrite, dryRun }
      : {
          runId,
          placeName,
          placeSourceId,
          replaces,
          needsApproval,
          conflict: restore.conflict,
          person: restore.person,
        },
  })
  await deps.queue.send(tx, 'restore.run', { restoreId: id })
  if (needsApproval) await askForApproval(tx, deps.queue, restore, run)
  return restore
}

/** What tells a restore from another one, as it was asked for. */
const wish = ({
  runId,
  requestedFolder,
  purpose,
  placeName,
  overwrite,
  dryRun,
  conflict,
  person,
  leaveOut,
  paths,
}: Restore) => [
  ...[runId, requestedFolder, purpose === 'PLACE' ? placeName : null, overwrite, dryRun, conflict, person, leaveOut],
  ...paths,
]

/** Where the files were: those that were asked for, or all that the source names now. */
function originalPlaces({ secretKey }: TriggerDeps, { source }: RunWithSource, paths: readonly string[]): string[] {
  const { settings, originalPaths } = driverOf(source.kind)
  if (originalPaths === undefined)
    throw new CodedError('RESTORE_NOT_INTO_PLACE', {
      kind: source.kind,
      why: 'its copies are not files that lay somewhere',
    })
  return paths.length > 0
    ? [...paths]
    : [...originalPaths(parseInput(settings, openSettings(source, secretKey, null), 'place'))]
}

/**
 * Throws RESTORE_TARGET_BUSY when another active restore goes to one of the places, to one in it, or to one around it. Those of one
 * batch follow each other, and are in nobody's way.
 */
export async function requireFree(
  tx: Transaction,
  places: readonly string[],
  except: { id?: string; batchId: string | null } | null,
): Promise<void> {
  const active = await tx.restore.findMany({ where: { purpose: 'FOLDER', state: { in: ['QUEUED', 'RUNNING'] } } })
  for (const other of active) {
    const folder = places.find((place) => placesOf(other).some((one) => isInside(one, place) || isInside(place, one)))
    if (except !== null && (other.id === except.id || (except.batchId !== null && other.batchId === except.batchId)))
      continue
    if (folder !== undefined) throw new CodedError('RESTORE_TARGET_BUSY', { folder, restoreId: other.id })
  }
}
