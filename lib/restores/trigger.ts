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
import { databaseOfPart } from '#lib/sources/driver.ts'
import { driverOf } from '#lib/sources/registry.ts'
import { isInside } from '#lib/sources/storage-roots.ts'
import type { BackupRun, Environment, Restore, Source } from '#prisma/client/client.ts'
import { RestoreOverwrite } from '#prisma/client/enums.ts'
import { askForApproval } from './approve.ts'
import type { RestoreDeps } from './deps.ts'
import { openSettings, sealLogin } from './place-login.ts'
import { placesOf } from './place-text.ts'

const folderInput = z
  .string()
  .max(4000, 'is too long')
  .refine((path) => isAbsolute(path) && !path.includes('\0'), 'must be an absolute path')
  .transform((path) => normalize(path).replace(/(?<=.)\/+$/, ''))

/** A new database on a server, or a new file. */
const placeInput = z.strictObject({
  /** Of the database, or the absolute path of the file. */
  name: z.string(),
  /** The source whose server it is; the run's own when left out. */
  sourceId: z.string().nullish(),
  /** Another account than that source's, which may only be allowed to read. */
  login: z.strictObject({ user: z.string().min(1), password: z.string().nullish() }).nullish(),
  withoutOwners: z.boolean().default(false),
  /** The database that is there is replaced, in one step, and stays under another name. */
  replace: z.boolean().default(false),
  /** Its name once more. */
  confirmReplace: z.string().nullish(),
})

const triggerInput = z
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
    place: placeInput.nullish(),
    /** The name of the environment of the run's source, when it is protected. */
    confirmEnvironment: z.string().nullish(),
    idempotencyKey: z.string().min(1).max(255).nullish(),
  })
  .refine(({ folder, original, place }) => [folder != null, original, place != null].filter(Boolean).length === 1, {
    path: ['folder'],
    message: 'name either a folder, or a place, or “original”',
  })
  .refine(({ paths, overwrite, dryRun, place }) => place == null || !(paths.length > 0 || overwrite || dryRun), {
    path: ['place'],
    message: 'takes neither paths nor overwrite nor dryRun',
  })

type TriggerDeps = Pick<RestoreDeps, 'prisma' | 'queue' | 'secretKey'>

/**
 * Asks that a run's snapshot is brought into a folder of the worker that serves its environment, to where its files were, or into a
 * new place: a database on the server of a source of the same kind, or a file. From another environment into a
 * protected one it waits until another administrator has approved it. The worker looks whether the folder or the place may be used. A repeated
 * idempotency key answers the first restore. Throws FORBIDDEN, INPUT_INVALID, RUN_UNKNOWN, SNAPSHOT_GONE, SOURCE_UNKNOWN,
 * ENVIRONMENT_NOT_CONFIRMED, RESTORE_NOT_INTO_PLACE, RESTORE_NOT_CONFIRMED, RESTORE_TARGET_BUSY, IDEMPOTENCY_KEY_REUSED; then
 * nothing was started.
 */
export async function triggerRestore(deps: TriggerDeps, actor: Actor | null, raw: unknown): Promise<Restore> {
  requireScope(actor, 'backup:restore', 'restore a backup')
  const input = parseInput(triggerInput, raw)
  const { runId, folder = null, place = null, overwrite = null, dryRun, idempotencyKey = null } = input
  const paths = input.paths.includes('/') ? [] : input.paths
  return deps.prisma.$transaction(async (tx) => {
    await lockTurns(tx) // nobody else begins a restore meanwhile
    if (idempotencyKey !== null) {
      const earlier = await tx.restore.findFirst({ where: { requestedById: actor.userId, idempotencyKey } })
      const asked = [runId, folder ?? '', place?.name ?? null, overwrite, dryRun, ...paths]
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
    const ofFiles = { folder: folder ?? '', requestedFolder: folder ?? '', paths, overwrite, dryRun }
    const target = {
      ...ofFiles,
      targets: input.original ? originalPlaces(deps, run, paths) : [],
      ...(place !== null && (await checkPlace(tx, deps, id, run, place))),
    }
    requireConfirmation(run.source.environment, input.confirmEnvironment, 'restore a backup of it')
    const mayDestroy = input.original && !dryRun && overwrite !== null && overwrite !== 'NEVER'
    if (mayDestroy && input.confirmSource !== run.source.name)
      throw new CodedError('RESTORE_NOT_CONFIRMED', { name: run.source.name, what: 'source' })
    if (place === null) await requireFree(tx, placesOf(target))
    const requester = { requestedBy: actor.email, requestedById: actor.userId, idempotencyKey }
    const restore = await tx.restore.create({ data: { id, runId, ...target, ...requester } })
    const { placeName, placeSourceId, replaces, needsApproval, targets } = restore
    await record(tx, {
      actor,
      action: 'restore.trigger',
      target: { type: 'restore', id },
      details:
        place === null
          ? { runId, folder, targets, paths, overwrite, dryRun }
          : { runId, placeName, placeSourceId, replaces, needsApproval },
    })
    await deps.queue.send(tx, 'restore.run', { restoreId: id })
    if (needsApproval) await askForApproval(tx, deps.queue, restore, run)
    return restore
  })
}

/** What tells a restore from another one, as it was asked for. */
const wish = ({ runId, requestedFolder, placeName, overwrite, dryRun, paths }: Restore) => [
  ...[runId, requestedFolder, placeName, overwrite, dryRun],
  ...paths,
]

type RunWithSource = BackupRun & { source: Source & { environment: Environment } }

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

/** What the row of a restore into a place holds. */
async function checkPlace(
  tx: Transaction,
  { secretKey }: TriggerDeps,
  id: string,
  run: RunWithSource,
  { name, sourceId, login, withoutOwners, replace, confirmReplace }: z.infer<typeof placeInput>,
) {
  const { kind } = run.source
  const { newPlace, settings } = driverOf(kind)
  const refuse = (why: string) => new CodedError('RESTORE_NOT_INTO_PLACE', { kind, why })
  if (newPlace === undefined) throw refuse('there is no such thing')
  if (run.part !== '' && databaseOfPart(run.part) === null) throw refuse('it is no database')
  const source = await findPlaceSource(tx, run, sourceId ?? null)
  if (source.kind !== kind) throw refuse(`the source “${source.name}” is of the kind ${source.kind}`)
  const isElsewhere = source.environmentId !== run.source.environmentId
  if (isElsewhere && run.source.maskingSql !== null && newPlace.aside === undefined)
    throw refuse('its masking SQL could not be run before anybody sees the data')
  const placeName = parseInput(newPlace.name, name, 'place.name')
  if (replace && newPlace.aside === undefined) throw refuse('what is there cannot be replaced in one step')
  if (replace && confirmReplace !== name) throw new CodedError('RESTORE_NOT_CONFIRMED', { name, what: 'database' })
  if (login && newPlace.what === 'file') throw refuse('a file needs no account')
  const busy = await tx.restore.findFirst({
    where: { placeSourceId: source.id, placeName, state: { in: ['QUEUED', 'RUNNING'] } },
  })
  if (busy) throw new CodedError('RESTORE_TARGET_BUSY', { folder: placeName, restoreId: busy.id })
  parseInput(settings, openSettings(source, secretKey, login ?? null), 'place')
  return {
    purpose: 'PLACE' as const,
    placeName,
    placeSourceId: source.id,
    withoutOwners,
    replaces: replace,
    needsApproval: isElsewhere && source.environment.protected,
    sealedLogin: login ? sealLogin(secretKey, id, login) : null,
  }
}

async function findPlaceSource(tx: Transaction, run: RunWithSource, id: string | null) {
  if (id === null || id === run.sourceId) return run.source
  const found = z.uuid().safeParse(id).success
    ? await tx.source.findFirst({ where: { id, deletedAt: null }, include: { environment: true } })
    : null
  if (!found) throw new CodedError('SOURCE_UNKNOWN', { id })
  return found
}

/** Throws RESTORE_TARGET_BUSY when another active restore goes to one of the places, to one in it, or to one around it. */
export async function requireFree(tx: Transaction, places: readonly string[], except?: string): Promise<void> {
  const active = await tx.restore.findMany({ where: { purpose: 'FOLDER', state: { in: ['QUEUED', 'RUNNING'] } } })
  for (const other of active) {
    const folder = places.find((place) => placesOf(other).some((one) => isInside(one, place) || isInside(place, one)))
    if (folder !== undefined && other.id !== except)
      throw new CodedError('RESTORE_TARGET_BUSY', { folder, restoreId: other.id })
  }
}
