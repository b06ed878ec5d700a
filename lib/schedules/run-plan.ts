import { z } from 'zod'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import type { OfPlan, StartDeps } from '#lib/backups/start.ts'
import { triggerBackup } from '#lib/backups/trigger.ts'
import type { Transaction } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { select, selectionInput } from '#lib/plans/selection.ts'
import type { Backup, BackupOrigin, Environment, Plan, Source } from '#prisma/client/client.ts'

type Chosen = Source & { environment: Pick<Environment, 'name' | 'timeZone' | 'blackouts'> }

/** The sources that a plan takes now. */
export async function sourcesOf(tx: Transaction, plan: Pick<Plan, 'selection'>): Promise<Chosen[]> {
  const sources = await tx.source.findMany({
    where: { deletedAt: null },
    include: { environment: { select: { name: true, timeZone: true, blackouts: true } } },
    orderBy: [{ environment: { position: 'asc' } }, { type: 'asc' }, { name: 'asc' }],
  })
  return select(selectionInput.parse(plan.selection), sources)
}

/** What a trigger is asked for a plan. Throws PLAN_EMPTY. */
export function requestOf(plan: Plan, sources: readonly Source[]): { input: object; more: OfPlan } {
  if (sources.length === 0) throw new CodedError('PLAN_EMPTY', { name: plan.name })
  const types = [...new Set(sources.map((source) => source.type))]
  const { retries, retryPauseSeconds, timeLimitSeconds, compressionLevel } = plan
  const { repositoryId, copyRepositoryId: copyToId, uploadKibPerSecond, runsAtOnce } = plan
  return {
    input: {
      type: types.length === 1 ? types[0] : 'FULL',
      sourceIds: sources.map((source) => source.id),
      description: plan.name,
      ...(compressionLevel !== null && { compressionLevel }),
    },
    more: {
      planId: plan.id,
      retries,
      retryPauseSeconds,
      timeLimitSeconds,
      repositoryId,
      copyToId,
      uploadKibPerSecond,
      runsAtOnce,
    },
  }
}

/**
 * Starts a backup of a plan now, paused or not. Throws FORBIDDEN, PLAN_UNKNOWN, PLAN_EMPTY and what a trigger throws.
 */
export async function runPlan(deps: StartDeps, actor: Actor | null, origin: BackupOrigin, id: string): Promise<Backup> {
  requireScope(actor, 'backup:trigger', 'run a plan')
  const plan = z.uuid().safeParse(id).success ? await deps.prisma.plan.findUnique({ where: { id } }) : null
  if (!plan) throw new CodedError('PLAN_UNKNOWN', { id })
  const { input, more } = requestOf(plan, await sourcesOf(deps.prisma, plan))
  return triggerBackup(deps, actor, origin, input, more)
}
