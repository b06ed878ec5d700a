import { z } from 'zod'
import type { Transaction } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { parseInput } from '#lib/errors/parse-input.ts'
import type { SecretKey } from '#lib/secrets/seal.ts'
import { databaseOfPart } from '#lib/sources/driver.ts'
import { driverOf } from '#lib/sources/registry.ts'
import { serverOf } from '#lib/sources/server-of.ts'
import type { BackupRun, Environment, Source } from '#prisma/client/client.ts'
import { RestoreConflict } from '#prisma/client/enums.ts'
import { openSettings, sealLogin } from './place-login.ts'

export const loginInput = z.strictObject({ user: z.string().min(1), password: z.string().nullish() })

/** A new database on a server, a new file, or a server. */
export const placeInput = z.strictObject({
  /** Of the database, or the absolute path of the file; a server has none. */
  name: z.string().default(''),
  /** The source whose server it is; the run's own when left out. */
  sourceId: z.string().nullish(),
  /** Another account than that source's, which may only be allowed to read. */
  login: loginInput.nullish(),
  withoutOwners: z.boolean().default(false),
  /** What is there is replaced, in one step, and stays under another name; of a server, in a file of the worker. */
  replace: z.boolean().default(false),
  /** Its name once more; of a server, its address. */
  confirmReplace: z.string().nullish(),
})

/** The tables that a source of the same kind reads from. */
export const tablesInput = z.strictObject({
  /** The source; the run's own when left out. */
  sourceId: z.string().nullish(),
  login: loginInput.nullish(),
  conflict: z.enum(RestoreConflict).default('REFUSE'),
  person: z.string().min(1, 'must not be empty').max(1000, 'is too long').nullish(),
  /** The name of the source whose tables they are, to replace rows. */
  confirmReplace: z.string().nullish(),
})

export type RunWithSource = BackupRun & { source: Source & { environment: Environment } }

/**
 * What the row of a restore into a place holds. Throws RESTORE_NOT_INTO_PLACE, SOURCE_UNKNOWN, INPUT_INVALID, RESTORE_NOT_CONFIRMED and
 * RESTORE_TARGET_BUSY.
 */
export async function checkPlace(
  tx: Transaction,
  { secretKey }: { secretKey: SecretKey },
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
  const given = parseInput(newPlace.name, name, 'place.name')
  const isServer = newPlace.what === 'server'
  const placeName = isServer ? (serverOf(kind, source.settings) ?? source.name) : given
  if (replace && newPlace.aside === undefined && newPlace.replace === undefined)
    throw refuse('what is there cannot be replaced in one step')
  if (replace && confirmReplace !== placeName)
    throw new CodedError('RESTORE_NOT_CONFIRMED', { name: placeName, what: isServer ? 'server' : 'database' })
  if (login && newPlace.what === 'file') throw refuse('a file needs no account')
  await requireNoOther(tx, source, placeName)
  parseInput(settings, openSettings(source, secretKey, login ?? null), 'place')
  return {
    purpose: isServer ? ('SERVER' as const) : ('PLACE' as const),
    placeName,
    placeSourceId: source.id,
    withoutOwners,
    replaces: replace,
    needsApproval: isElsewhere && source.environment.protected,
    sealedLogin: login ? sealLogin(secretKey, id, login) : null,
  }
}

/** What the row of a restore of rows holds. Throws like `checkPlace`. */
export async function checkTables(
  tx: Transaction,
  { secretKey }: { secretKey: SecretKey },
  id: string,
  run: RunWithSource,
  { sourceId, login, conflict, person = null, confirmReplace }: z.infer<typeof tablesInput>,
) {
  const { kind } = run.source
  const { loadRows, settings } = driverOf(kind)
  const refuse = (why: string) => new CodedError('RESTORE_NOT_INTO_PLACE', { kind, why })
  if (loadRows === undefined) throw refuse('its copies are no rows')
  const source = await findPlaceSource(tx, run, sourceId ?? null)
  if (source.kind !== kind) throw refuse(`the source “${source.name}” is of the kind ${source.kind}`)
  if (conflict === 'REPLACE' && confirmReplace !== source.name)
    throw new CodedError('RESTORE_NOT_CONFIRMED', { name: source.name, what: 'rows' })
  await requireNoOther(tx, source, source.name)
  parseInput(settings, openSettings(source, secretKey, login ?? null), 'tables')
  const isElsewhere = source.environmentId !== run.source.environmentId
  return {
    ...{ purpose: 'TABLES' as const, placeName: source.name, placeSourceId: source.id, conflict, person },
    needsApproval: isElsewhere && source.environment.protected,
    sealedLogin: login ? sealLogin(secretKey, id, login) : null,
  }
}

async function requireNoOther(tx: Transaction, { id }: Source, placeName: string): Promise<void> {
  const busy = await tx.restore.findFirst({
    where: { placeSourceId: id, placeName, state: { in: ['QUEUED', 'RUNNING'] } },
  })
  if (busy) throw new CodedError('RESTORE_TARGET_BUSY', { folder: placeName, restoreId: busy.id })
}

async function findPlaceSource(tx: Transaction, run: RunWithSource, id: string | null) {
  if (id === null || id === run.sourceId) return run.source
  const found = z.uuid().safeParse(id).success
    ? await tx.source.findFirst({ where: { id, deletedAt: null }, include: { environment: true } })
    : null
  if (!found) throw new CodedError('SOURCE_UNKNOWN', { id })
  return found
}
