import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { record } from '#lib/audit/record.ts'
import { type Actor, requireScope } from '#lib/auth/actor.ts'
import { blackoutsInput } from '#lib/clock/blackouts.ts'
import type { Clock } from '#lib/clock/now.ts'
import type { Database, Transaction } from '#lib/database/database.ts'
import { withUniqueName } from '#lib/database/unique-name.ts'
import { requireConfirmation } from '#lib/environments/confirm.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { parseInput } from '#lib/errors/parse-input.ts'
import { hooksInput } from '#lib/hooks/hook.ts'
import type { AccessDeps } from '#lib/repositories/access.ts'
import { ruleInput } from '#lib/retention/rule.ts'
import { withOptions } from '#lib/settings/options.ts'
import type { Plan } from '#prisma/client/client.ts'
import { type PlanConfig, planDefaults } from './defaults.ts'
import { nextDue } from './due.ts'
import { planChanges, planInput, problemOfTimes } from './input.ts'
import { requireRepositories } from './repositories.ts'
import { type Selection, select, selectionInput } from './selection.ts'
import { changedTokens, sealedTokens, tokensInput } from './webhook-tokens.ts'

export interface PlanDeps {
  prisma: Database
  clock: Clock
}

type ChoosingDeps = PlanDeps & AccessDeps

const tokens = { webhookTokens: tokensInput.default([]) }

/** What is left out is as the installation's options say. Throws FORBIDDEN, INPUT_INVALID, NAME_TAKEN, SOURCE_UNKNOWN, ENVIRONMENT_UNKNOWN, REPOSITORY_UNKNOWN, REPOSITORIES_NOT_JOINABLE. */
export async function createPlan(
  deps: ChoosingDeps & { config: PlanConfig },
  actor: Actor | null,
  raw: unknown,
): Promise<Plan> {
  requireScope(actor, 'settings:write', 'add a plan')
  const { webhookTokens, ...given } = parseInput(z.looseObject(tokens), raw)
  const input = parseInput(planInput, { ...planDefaults(await withOptions(deps.prisma, deps.config)), ...given })
  return withUniqueName('plan', input.name, () =>
    deps.prisma.$transaction(async (tx) => {
      await requireChosen(tx, input.selection)
      await requireRepositories(deps, tx, input)
      const sealedTokens = changedTokens(deps.secretKey, {}, webhookTokens, [...input.hooksBefore, ...input.hooksAfter])
      const plan = await tx.plan.create({ data: { ...input, sealedTokens } })
      await record(tx, { actor, action: 'plan.create', target: { type: 'plan', id: plan.id } })
      return tx.plan.update({ where: { id: plan.id }, data: nextDue(plan, deps.clock.now()) })
    }),
  )
}

const updateInput = z.looseObject({
  id: z.string(),
  confirmEnvironment: z.array(z.string()).nullish(),
  ...tokens,
})

/**
 * Changes a plan; what is left out stays. Another schedule counts from now on. Another retention of a plan that takes,
 * or took, sources of protected environments needs their names as `confirmEnvironment`. Throws FORBIDDEN, INPUT_INVALID,
 * PLAN_UNKNOWN, NAME_TAKEN, SOURCE_UNKNOWN, ENVIRONMENT_UNKNOWN, REPOSITORY_UNKNOWN,
 * REPOSITORIES_NOT_JOINABLE, ENVIRONMENT_NOT_CONFIRMED.
 */
export async function updatePlan(deps: ChoosingDeps, actor: Actor | null, raw: unknown): Promise<Plan> {
  requireScope(actor, 'settings:write', 'change a plan')
  const { id, confirmEnvironment, webhookTokens, ...given } = parseInput(updateInput, raw)
  const changes = parseInput(planChanges, given)
  return withUniqueName('plan', changes.name ?? '', () =>
    deps.prisma.$transaction(async (tx) => {
      const old = await lockPlan(tx, id)
      const times = problemOfTimes({ ...old, blackouts: blackoutsInput.parse(old.blackouts), ...changes })
      if (times) throw new CodedError('INPUT_INVALID', { issues: [times] })
      if (changes.selection) await requireChosen(tx, changes.selection)
      if (changes.repositoryId !== undefined || changes.copyRepositoryId !== undefined)
        await requireRepositories(deps, tx, { ...old, ...changes })
      if (changes.retention && !isDeepStrictEqual(changes.retention, ruleInput.parse(old.retention)))
        await requireConfirmedEnvironments(tx, old, confirmEnvironment)
      const hooks = [
        ...(changes.hooksBefore ?? hooksInput.parse(old.hooksBefore)),
        ...(changes.hooksAfter ?? hooksInput.parse(old.hooksAfter)),
      ]
      const sealed = changedTokens(deps.secretKey, sealedTokens.parse(old.sealedTokens), webhookTokens, hooks)
      const plan = await tx.plan.update({ where: { id }, data: { ...changes, sealedTokens: sealed } })
      await record(tx, {
        actor,
        action: 'plan.update',
        target: { type: 'plan', id },
        details: { changed: [...Object.keys(changes), ...(webhookTokens.length > 0 ? ['webhookTokens'] : [])] },
      })
      const isTimedAnew =
        plan.schedule !== old.schedule || plan.timeZone !== old.timeZone || plan.jitterSeconds !== old.jitterSeconds
      return isTimedAnew ? tx.plan.update({ where: { id }, data: nextDue(plan, deps.clock.now()) }) : plan
    }),
  )
}

/**
 * Its backups stay in the history, but are kept no longer by its rules: that needs the names of protected environments, as
 * another retention does. Throws FORBIDDEN, PLAN_UNKNOWN, ENVIRONMENT_NOT_CONFIRMED.
 */
export async function deletePlan(
  deps: PlanDeps,
  actor: Actor | null,
  id: string,
  confirmEnvironment?: readonly string[] | null,
): Promise<void> {
  requireScope(actor, 'settings:write', 'delete a plan')
  await deps.prisma.$transaction(async (tx) => {
    const plan = await lockPlan(tx, id)
    await requireConfirmedEnvironments(tx, plan, confirmEnvironment)
    await tx.plan.delete({ where: { id } })
    await record(tx, { actor, action: 'plan.delete', target: { type: 'plan', id }, details: { name: plan.name } })
  })
}

const pauseInput = z.strictObject({
  id: z.string(),
  reason: z.string().trim().min(1, 'says why, for the others').max(500, 'may have at most 500 characters'),
  until: z.date().nullish(),
})

/** Its times pass by, each noted, until somebody resumes it or `until` has come. Throws FORBIDDEN, INPUT_INVALID, PLAN_UNKNOWN. */
export async function pausePlan(deps: PlanDeps, actor: Actor | null, raw: unknown): Promise<Plan> {
  requireScope(actor, 'settings:write', 'pause a plan')
  const { id, reason, until = null } = parseInput(pauseInput, raw)
  const now = deps.clock.now()
  if (until !== null && until <= now)
    throw new CodedError('INPUT_INVALID', { issues: [{ path: 'until', problem: 'must be in the future' }] })
  return deps.prisma.$transaction(async (tx) => {
    await lockPlan(tx, id)
    const details = { reason, until: until?.toISOString() ?? null }
    await record(tx, { actor, action: 'plan.pause', target: { type: 'plan', id }, details })
    const data = { pausedAt: now, pausedUntil: until, pauseReason: reason, pausedBy: actor.email }
    return tx.plan.update({ where: { id }, data })
  })
}

/** Throws FORBIDDEN, PLAN_UNKNOWN. */
export async function resumePlan(deps: PlanDeps, actor: Actor | null, id: string): Promise<Plan> {
  requireScope(actor, 'settings:write', 'resume a plan')
  return deps.prisma.$transaction(async (tx) => {
    await lockPlan(tx, id)
    await record(tx, { actor, action: 'plan.resume', target: { type: 'plan', id } })
    return tx.plan.update({ where: { id }, data: notPaused })
  })
}

export const notPaused = { pausedAt: null, pausedUntil: null, pauseReason: '', pausedBy: null }

/** Waits for whoever else changes or fires the plan. Throws PLAN_UNKNOWN. */
export async function lockPlan(tx: Transaction, id: string): Promise<Plan> {
  const rows = z.uuid().safeParse(id).success
    ? await tx.$queryRaw<unknown[]>`select 1 from plans where id = ${id}::uuid for update`
    : []
  if (rows.length === 0) throw new CodedError('PLAN_UNKNOWN', { id })
  return tx.plan.findUniqueOrThrow({ where: { id } })
}

/** What is named must be there when it is named; what goes later is left out. */
async function requireChosen(tx: Transaction, selection: Selection): Promise<void> {
  if ('sourceIds' in selection) {
    const found = await tx.source.findMany({
      where: { id: { in: selection.sourceIds }, deletedAt: null },
      select: { id: true },
    })
    const missing = selection.sourceIds.find((id) => !found.some((source) => source.id === id))
    if (missing !== undefined) throw new CodedError('SOURCE_UNKNOWN', { id: missing })
    return
  }
  const known = (await tx.environment.findMany({ select: { name: true }, orderBy: { position: 'asc' } })).map(
    (environment) => environment.name,
  )
  const name = selection.environments.find((one) => !known.includes(one))
  if (name !== undefined) throw new CodedError('ENVIRONMENT_UNKNOWN', { name, known })
}

async function requireConfirmedEnvironments(
  tx: Transaction,
  plan: Plan,
  confirmed: readonly string[] | null | undefined,
): Promise<void> {
  const sources = await tx.source.findMany({ where: { deletedAt: null }, include: { environment: true } })
  // What it took earlier is kept by its rules, too, deleted or not.
  const saved = await tx.source.findMany({
    where: { runs: { some: { backup: { planId: plan.id } } } },
    include: { environment: true },
  })
  for (const { environment } of [...select(selectionInput.parse(plan.selection), sources), ...saved])
    requireConfirmation(
      environment,
      confirmed?.find((name) => name === environment.name),
      'change what is kept of its backups',
    )
}
