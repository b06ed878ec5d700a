import { z } from 'zod'
import type { AuditEntry } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import type { OfPlan, StartDeps } from '#lib/backups/start.ts'
import { activeStates } from '#lib/backups/states.ts'
import { triggerBackup } from '#lib/backups/trigger.ts'
import type { Transaction } from '#lib/database/database.ts'
import { ensureInstallationSource } from '#lib/environments/installation-source.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { couldTake, select, selectionInput, takesAll } from '#lib/plans/selection.ts'
import type { Backup, BackupOrigin, Environment, Plan, Source } from '#prisma/client/client.ts'

export type Chosen = Source & { environment: Pick<Environment, 'name' | 'timeZone' | 'blackouts'> }

/** The sources that a plan takes now. */
export async function sourcesOf(tx: Transaction, plan: Pick<Plan, 'selection'>): Promise<Chosen[]> {
  const selection = selectionInput.parse(plan.selection)
  const sources = await tx.source.findMany({
    where: { deletedAt: null, ...couldTake(selection) },
    include: { environment: { select: { name: true, timeZone: true, blackouts: true } } },
    orderBy: [{ environment: { position: 'asc' } }, { type: 'asc' }, { name: 'asc' }],
  })
  return select(selection, sources)
}

/**
 * The sources that a plan saves if it starts now. For a plan that takes all, the installation is made a source; it is left out
 * while another backup saves it, so that full backups of two environments do not wait for each other.
 */
export async function sourcesToSave(tx: Transaction, plan: Plan, by: AuditEntry['actor']): Promise<Chosen[]> {
  const selection = selectionInput.parse(plan.selection)
  if (!takesAll(selection) || 'sourceIds' in selection) return sourcesOf(tx, plan)
  await ensureInstallationSource(tx, by, selection.environments)
  const isBusy = { state: { in: [...activeStates] }, source: { kind: 'installation' } }
  const busy = await tx.backupRun.findMany({ where: isBusy, select: { sourceId: true } })
  return (await sourcesOf(tx, plan)).filter((source) => !busy.some(({ sourceId }) => sourceId === source.id))
}

/** What a trigger is asked for a plan. Throws PLAN_EMPTY. */
export function requestOf(plan: Plan, sources: readonly Source[]): { input: object; more: OfPlan } {
  const isFull = takesAll(selectionInput.parse(plan.selection))
  if (sources.every((source) => isFull && source.kind === 'installation'))
    throw new CodedError('PLAN_EMPTY', { name: plan.name })
  const types = [...new Set(sources.map((source) => source.type))]
  const { retries, retryPauseSeconds, timeLimitSeconds, compressionLevel, notificationEnabled, logVerbosity } = plan
  const { repositoryId, copyRepositoryId: copyToId, uploadKibPerSecond, runsAtOnce } = plan
  return {
    input: {
      type: isFull || types.length > 1 ? 'FULL' : types[0],
      sourceIds: sources.map((source) => source.id),
      description: plan.name,
      ...(compressionLevel !== null && { compressionLevel }),
      ...(notificationEnabled !== null && { notificationEnabled }),
      ...(logVerbosity !== null && { logVerbosity }),
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
  const sources = await deps.prisma.$transaction((tx) => sourcesToSave(tx, plan, actor))
  const { input, more } = requestOf(plan, sources)
  return triggerBackup(deps, actor, origin, input, more)
}
