import type { Transaction } from '#lib/database/database.ts'
import { hooksInput } from '#lib/hooks/hook.ts'
import { sealedTokens } from '#lib/plans/webhook-tokens.ts'
import type { Backup } from '#prisma/client/client.ts'

/** Writes down what the plan of a backup calls before and after it, as the plan says now. Workers of its first environment call them. */
export async function queueHooks(
  tx: Transaction,
  { id: backupId, planId }: Backup,
  environmentIds: string[],
): Promise<void> {
  const plan = planId === null ? null : await tx.plan.findUnique({ where: { id: planId } })
  const first = await tx.environment.findFirst({
    where: { id: { in: environmentIds } },
    orderBy: [{ position: 'asc' }, { name: 'asc' }],
  })
  if (plan === null || first === null) return
  const tokens = sealedTokens.parse(plan.sealedTokens)
  const rows = (phase: 'BEFORE' | 'AFTER', raw: unknown) =>
    hooksInput.parse(raw).map((hook, position) => ({
      backupId,
      environmentId: first.id,
      phase,
      position,
      hook,
      sealedToken: hook.kind === 'webhook' ? (tokens[hook.url] ?? null) : null,
    }))
  await tx.backupHook.createMany({ data: [...rows('BEFORE', plan.hooksBefore), ...rows('AFTER', plan.hooksAfter)] })
}
