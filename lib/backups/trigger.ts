import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { hit } from '#lib/auth/rate-limit.ts'
import type { Database } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { Backup } from '#prisma/client/client.ts'
import { type BackupOrigin, Prisma } from '#prisma/client/client.ts'
import { parseTriggerInput, type TriggerInput } from './input.ts'
import { decide, type OfPlan, openLanes, requestHash, type StartDeps, startBackup } from './start.ts'

const TRIGGERS_A_MINUTE = 5

/**
 * Starts a backup. All doors come here. The answer means that it will run: backup, runs, first events, audit entry and
 * jobs are one transaction. A repeated idempotency key answers the first backup without counting against the limit.
 * Throws a CodedError of kind input, forbidden, not-found, conflict or limit; then nothing was started.
 */
export async function triggerBackup(
  deps: StartDeps,
  actor: Actor | null,
  origin: BackupOrigin,
  raw: unknown,
  more: OfPlan = {},
): Promise<Backup> {
  requireScope(actor, 'backup:trigger', 'trigger a backup')
  const input = parseTriggerInput(raw)
  const repeated = await earlier(deps.prisma, actor, input)
  if (repeated) return repeated

  await openLanes(deps)
  try {
    return await deps.prisma.$transaction(
      async (tx) => {
        const backup = await startBackup(deps, tx, { ...more, by: actor, origin, input })
        const wait = await hit(tx, `trigger:${actor.userId}`, TRIGGERS_A_MINUTE, 60)
        if (wait > 0) throw new CodedError('RATE_LIMITED', { limit: TRIGGERS_A_MINUTE, retryAfterSeconds: wait })
        return backup
      },
      { maxWait: 20_000, timeout: 20_000 },
    )
  } catch (error) {
    // Somebody may have been faster: with the same key, or with another backup of one of the sources.
    const first = await earlier(deps.prisma, actor, input)
    if (first) return first
    if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002')
      await decide(deps.prisma, input, more.repositoryId)
    throw error
  }
}

async function earlier(prisma: Database, actor: Actor, input: TriggerInput): Promise<Backup | null> {
  if (input.idempotencyKey === undefined) return null
  const found = await prisma.backup.findFirst({
    where: { requestedById: actor.userId, idempotencyKey: input.idempotencyKey },
  })
  if (found && found.requestHash !== requestHash(input))
    throw new CodedError('IDEMPOTENCY_KEY_REUSED', { key: input.idempotencyKey, backupId: found.id })
  return found
}
