import { isAbsolute, join, parse } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { v7 as uuidv7 } from 'uuid'
import { z } from 'zod'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { inRestoreOrder, runFolder } from '#lib/backups/restore-order.ts'
import type { Database, Transaction } from '#lib/database/database.ts'
import { openSource } from '#lib/environments/sources.ts'
import { CodedError, isCoded } from '#lib/errors/coded-error.ts'
import { parseInput } from '#lib/errors/parse-input.ts'
import { lockTurns } from '#lib/repositories/read-turns.ts'
import type { SecretKey } from '#lib/secrets/seal.ts'
import type { BackupRun, Prisma, Restore } from '#prisma/client/client.ts'
import { loginInput } from './check-place.ts'
import { placeText } from './place-text.ts'
import { folderInput, queueRestore, type TriggerDeps, triggerInput } from './trigger.ts'

const planInput = z.strictObject({
  backupId: z.string(),
  /** What goes into no database and not to where it was, goes below it, each run into a folder of its own. */
  folder: folderInput,
  /** Databases are brought into new ones, called like the old ones with this behind; left out: their dumps into the folder. */
  suffix: z
    .string()
    .regex(/^[A-Za-z0-9_]{1,20}$/, 'must be 1 to 20 letters, digits and underscores')
    .nullish(),
  /** Files go to where they were, and only those that are missing. */
  original: z.boolean().default(false),
})

const batchInput = planInput.extend({
  /** For the new databases, instead of each source's own account. */
  login: loginInput.nullish(),
  /** The names of the protected environments among those of the runs. */
  confirmEnvironments: z.array(z.string()).default([]),
  idempotencyKey: z.string().min(1).max(255).nullish(),
})

export interface Step {
  run: BackupRun
  /** Where it goes, for people. */
  into: string
}

export interface BatchPlan {
  /** In their order. */
  steps: Step[]
  /** Of which nothing is there to be restored. */
  missing: BackupRun[]
}

/** What `triggerBatch` would do. Throws FORBIDDEN, INPUT_INVALID, BACKUP_UNKNOWN, SECRET_UNREADABLE. */
export async function planBatch(
  deps: { prisma: Database; secretKey: SecretKey },
  actor: Actor | null,
  raw: unknown,
): Promise<BatchPlan> {
  requireScope(actor, 'backup:restore', 'restore a backup')
  const input = parseInput(planInput, raw)
  const { saved, missing } = await runsOf(deps.prisma, input.backupId)
  const steps = saved.map((run, i) => {
    const { place, original, folder } = targetOf(deps, run, i + 1, input)
    const to = {
      purpose: 'FOLDER' as const,
      placeName: place?.name ?? null,
      folder: folder ?? '',
      targets: [...(original ?? [])],
    }
    return { run, into: placeText(to) }
  })
  return { steps, missing }
}

/**
 * Asks that everything a backup saved is brought back, one after the other in the order of its restore document; one that fails does
 * not keep the others from being restored. All are queued, or none. A repeated idempotency key answers the first batch. Throws like `planBatch` and
 * `triggerRestore`, and SNAPSHOT_GONE when nothing is there to be restored.
 */
export async function triggerBatch(deps: TriggerDeps, actor: Actor | null, raw: unknown): Promise<Restore[]> {
  requireScope(actor, 'backup:restore', 'restore a backup')
  const input = parseInput(batchInput, raw)
  const { idempotencyKey = null, login } = input
  return deps.prisma.$transaction(
    async (tx) => {
      await lockTurns(tx)
      const { saved } = await runsOf(tx, input.backupId)
      const earlier = await earlierBatch(tx, actor, idempotencyKey)
      if (earlier !== null) {
        if (
          isDeepStrictEqual(
            earlier.map(({ runId }) => runId),
            saved.map(({ id }) => id),
          )
        )
          return earlier
        const backupId = (earlier[0] as Restore).id
        throw new CodedError('IDEMPOTENCY_KEY_REUSED', { key: idempotencyKey ?? '', backupId, what: 'restore' })
      }
      if (saved.length === 0) throw new CodedError('SNAPSHOT_GONE', { id: input.backupId })
      const batchId = uuidv7()
      const restores: Restore[] = []
      for (const [i, run] of saved.entries()) {
        const position = i + 1
        const { place, original, folder } = targetOf(deps, run, position, input)
        const { name } = run.source.environment
        const wish = parseInput(triggerInput, {
          runId: run.id,
          confirmEnvironment: input.confirmEnvironments.find((one) => one === name),
          ...(position === 1 && { idempotencyKey }),
          ...(place !== undefined && { place: { name: place.name, ...(place.takesLogin && login && { login }) } }),
          ...(original !== undefined && { original: true, overwrite: 'NEVER' }),
          ...(folder !== undefined && { folder }),
        })
        restores.push(await queueRestore(tx, deps, actor, wish, { batchId, position }))
      }
      return restores
    },
    { timeout: 60_000 },
  )
}

const withSource = { source: { include: { environment: true } } } satisfies Prisma.BackupRunInclude
type Run = Prisma.BackupRunGetPayload<{ include: typeof withSource }>

async function runsOf(db: Database | Transaction, id: string) {
  const backup = z.uuid().safeParse(id).success
    ? await db.backup.findUnique({ where: { id }, include: { runs: { include: withSource } } })
    : null
  if (!backup) throw new CodedError('BACKUP_UNKNOWN', { id })
  return inRestoreOrder(backup.runs)
}

async function earlierBatch(tx: Transaction, actor: Actor, idempotencyKey: string | null): Promise<Restore[] | null> {
  if (idempotencyKey === null) return null
  const first = await tx.restore.findFirst({ where: { requestedById: actor.userId, idempotencyKey } })
  if (first === null) return null
  return tx.restore.findMany({
    where: first.batchId === null ? { id: first.id } : { batchId: first.batchId },
    orderBy: { position: 'asc' },
  })
}

interface Target {
  place?: { name: string; takesLogin: boolean }
  original?: readonly string[]
  folder?: string
}

/** A source whose settings are not known, or can no longer be read, goes into the folder. */
function targetOf(
  { secretKey }: { secretKey: SecretKey },
  run: Run,
  position: number,
  { folder, suffix, original }: z.infer<typeof planInput>,
): Target {
  const intoFolder = { folder: join(folder, runFolder(run, position)) }
  if (run.source.settingsMissing) return intoFolder
  try {
    const { driver, settings } = openSource(run.source, secretKey)
    if (original && driver.originalPaths !== undefined) return { original: driver.originalPaths(settings) }
    const name = driver.newPlace?.original(settings, run.part) ?? null
    if (suffix == null || driver.newPlace === undefined || name === null) return intoFolder
    return { place: { name: withSuffix(name, suffix), takesLogin: driver.newPlace.what === 'database' } }
  } catch (error) {
    if (isCoded(error, 'INPUT_INVALID') || isCoded(error, 'SOURCE_KIND_UNKNOWN')) return intoFolder
    throw error
  }
}

/** “shop_restored”, “/srv/shop_restored.sqlite” */
function withSuffix(name: string, suffix: string): string {
  if (!isAbsolute(name)) return `${name}${suffix}`
  const { dir, name: stem, ext } = parse(name)
  return join(dir, `${stem}${suffix}${ext}`)
}
