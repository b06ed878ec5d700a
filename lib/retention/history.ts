import type { Config } from '#lib/config/config.ts'
import type { Transaction } from '#lib/database/database.ts'
import { withOptions } from '#lib/settings/options.ts'
import type { BackupOrigin, BackupRun, Prisma } from '#prisma/client/client.ts'
import { type GoodRun, keepList, type ZonedRule } from './keep.ts'
import { ruleInput } from './rule.ts'

/** Of runs without a plan, or whose plan was deleted. */
const NO_PLAN = 'no plan'

/** Somebody else's rules kept it, or a control plane's that was lost: ours do not judge it. */
const ADOPTED = 'adopted'

export type KeptRun = BackupRun & {
  backup: { planId: string | null; origin: BackupOrigin; retentionDays: number | null }
  /** Its verifications that found it right; one is enough. */
  restores: { id: string }[]
}

/** The verifications of a run that found it right. */
export const verified = {
  where: { purpose: 'VERIFICATION', state: 'SUCCEEDED' },
  select: { id: true },
  take: 1,
} satisfies Prisma.BackupRun$restoresArgs

export interface RetentionDeps {
  config: Pick<Config, 'RETENTION_POLICY'>
}

/**
 * The good runs of a source whose snapshots are there and are to stay, newest first. Groups are judged by themselves: a
 * backup of one folder stands in for none of the whole source.
 */
export async function runsToJudge(tx: Transaction, sourceId: string): Promise<KeptRun[][]> {
  const runs = await tx.backupRun.findMany({
    where: {
      sourceId,
      state: { in: ['SUCCEEDED', 'PARTIAL'] },
      snapshotId: { not: null },
      finishedAt: { not: null },
      expiredAt: null,
      removedAt: null,
    },
    include: { backup: { select: { planId: true, origin: true, retentionDays: true } }, restores: verified },
    orderBy: [{ finishedAt: 'desc' }, { id: 'desc' }],
  })
  return [...Map.groupBy(runs, (run) => JSON.stringify([run.repositoryId, run.part, run.storagePath])).values()]
}

/** The rules of all plans, and of no plan: so many days as RETENTION_POLICY says. */
export async function readRules(tx: Transaction, { config }: RetentionDeps): Promise<Map<string, ZonedRule>> {
  const { RETENTION_POLICY } = await withOptions(tx, config)
  const plans = await tx.plan.findMany({ select: { id: true, retention: true, timeZone: true } })
  const rules = new Map<string, ZonedRule>(
    plans.map(({ id, retention, timeZone }) => [id, { ...ruleInput.parse(retention), timeZone }]),
  )
  return rules.set(NO_PLAN, { ...ruleInput.parse({ days: RETENTION_POLICY }), timeZone: 'UTC' })
}

/** Why each run of a group stays; none for one that may go. */
export function judge(
  group: readonly KeptRun[],
  rules: ReadonlyMap<string, ZonedRule>,
  now: Date,
): ReadonlyMap<string, string[]> {
  const runs = group.map(
    (run): GoodRun => ({
      id: run.id,
      finishedAt: run.finishedAt as Date,
      state: run.state as GoodRun['state'],
      ruleId: ruleOf(run.backup),
      isPinned: isPinned(run, now),
      isVerified: run.restores.length > 0,
    }),
  )
  const own = group.flatMap(({ backup }): [string, ZonedRule][] => {
    const { retentionDays: days } = backup
    return days === null ? [] : [[ruleOf(backup), { ...ruleInput.parse({ days }), timeZone: 'UTC' }]]
  })
  return keepList(runs, new Map([...rules, ...own]), now)
}

/** What its trigger said of days stands in for the rule of its plan. */
function ruleOf({ origin, planId, retentionDays }: KeptRun['backup']): string {
  if (origin === 'ADOPTED') return ADOPTED
  return retentionDays === null ? (planId ?? NO_PLAN) : `its own ${retentionDays} days`
}

export function isPinned({ pinnedAt, pinnedUntil }: Pick<BackupRun, 'pinnedAt' | 'pinnedUntil'>, now: Date): boolean {
  return pinnedAt !== null && (pinnedUntil === null || pinnedUntil > now)
}
