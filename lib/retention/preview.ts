import { z } from 'zod'
import type { Database } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { parseInput } from '#lib/errors/parse-input.ts'
import type { BackupRun } from '#prisma/client/client.ts'
import { judge, type RetentionDeps, readRules, runsToJudge } from './history.ts'
import { ruleInput } from './rule.ts'

export interface Judged {
  run: BackupRun
  /** Why it stays; none for one that would go. */
  reasons: string[]
}

/**
 * What a rule would do to the runs of a plan whose snapshots are there: its own rule, or one that is tried out. Newest first.
 * Throws PLAN_UNKNOWN, INPUT_INVALID.
 */
export async function previewRetention(
  deps: RetentionDeps & { prisma: Database },
  now: Date,
  planId: string,
  rule?: unknown,
): Promise<Judged[]> {
  const plan = z.uuid().safeParse(planId).success ? await deps.prisma.plan.findUnique({ where: { id: planId } }) : null
  if (!plan) throw new CodedError('PLAN_UNKNOWN', { id: planId })
  const rules = await readRules(deps.prisma, deps)
  if (rule !== undefined) rules.set(planId, { ...parseInput(ruleInput, rule, 'retention'), timeZone: plan.timeZone })
  const sources = await deps.prisma.source.findMany({
    where: { runs: { some: { backup: { planId } } } },
    select: { id: true },
    orderBy: { name: 'asc' },
  })
  const judged: Judged[] = []
  for (const { id } of sources)
    for (const group of await runsToJudge(deps.prisma, id)) {
      const kept = judge(group, rules, now)
      for (const run of group) if (run.backup.planId === planId) judged.push({ run, reasons: kept.get(run.id) ?? [] })
    }
  return judged
}
