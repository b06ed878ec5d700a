import type { Finding } from '#lib/log-analysis/analyze.ts'
import { findingsOf } from '#lib/log-analysis/findings.ts'
import type { JobPayload } from '#lib/queue/catalogue.ts'
import { type RepositoryNotice, repositoryNotice } from '#lib/queue/repository-notice.ts'
import type { BackupRun, Prisma } from '#prisma/client/client.ts'
import type { RunState } from '#prisma/client/enums.ts'
import type { EventName } from './events.ts'
import { type NotificationDeps, note } from './note.ts'
import { tellBackup } from './tell/backup.ts'
import { tellHold } from './tell/hold.ts'
import { tellHook } from './tell/hook.ts'
import { tellLate } from './tell/late.ts'
import { tellPlan } from './tell/plan.ts'
import { tellRepository } from './tell/repository.ts'

/*
 * What the jobs of other folders report, as notifications. What is gone meanwhile is told to nobody.
 */

const ofBackup: Partial<Record<RunState, EventName>> = {
  SUCCEEDED: 'BACKUP_SUCCEEDED',
  PARTIAL: 'BACKUP_PARTIAL',
  CANCELLED: 'BACKUP_CANCELLED',
  INTERRUPTED: 'BACKUP_INTERRUPTED',
}

export async function noteBackup(deps: NotificationDeps, { backupId }: JobPayload<'notify.backup-ended'>) {
  const backup = await deps.prisma.backup.findUniqueOrThrow({
    where: { id: backupId },
    include: { plan: true, runs: { include: { source: true }, orderBy: { queuedAt: 'asc' } } },
  })
  const recovered = backup.state === 'SUCCEEDED' ? await recoveredSources(deps, backupId) : []
  await note(deps, {
    key: `backup ${backupId}`,
    event: recovered.length > 0 ? 'BACKUP_RECOVERED' : (ofBackup[backup.state] ?? 'BACKUP_FAILED'),
    told: tellBackup(backup, deps.publicUrl, recovered, await findingsOfAll(deps, backup.runs)),
    environments: backup.environments,
    plan: backup.plan,
    backupId,
    isTold: backup.notificationEnabled,
  })
}

const RUNS_LOOKED_AT = 100

/** What the logs of the runs that are not whole show; of a backup that failed everywhere those of the first ones. */
async function findingsOfAll(
  { prisma }: NotificationDeps,
  runs: readonly BackupRun[],
): Promise<Map<string, Finding[]>> {
  const found = new Map<string, Finding[]>()
  for (const run of runs.filter(({ state }) => state !== 'SUCCEEDED' && state !== 'CANCELLED').slice(0, RUNS_LOOKED_AT))
    found.set(run.id, await findingsOf(prisma, run))
  return found
}

/** Names of the sources of a backup of which the attempt before it was not whole. */
async function recoveredSources({ prisma }: NotificationDeps, backupId: string): Promise<string[]> {
  const rows = await prisma.$queryRaw<{ name: string }[]>`
    select distinct s.name from backup_runs r join sources s on s.id = r.source_id
      cross join lateral (
        select p.state from backup_runs p
        where p.source_id = r.source_id and p.part = r.part and p.backup_id <> r.backup_id and p.finished_at < r.finished_at
          and p.state in ('SUCCEEDED', 'PARTIAL', 'FAILED', 'INTERRUPTED')
        order by p.finished_at desc limit 1) before
    where r.backup_id = ${backupId}::uuid and r.state = 'SUCCEEDED' and before.state <> 'SUCCEEDED' order by s.name`
  return rows.map(({ name }) => name)
}

export async function noteRepository(deps: NotificationDeps, job: JobPayload<'notify.repository'>): Promise<void> {
  const { repositoryId, event: key } = job
  const repository = await deps.prisma.repository.findUnique({ where: { id: repositoryId } })
  if (repository === null) return
  const notice = repositoryNotice.parse(job.notice)
  const told = tellRepository(repository, notice, deps.publicUrl)
  await note(deps, { key: `repository ${repositoryId} ${key}`, event: eventOf(notice), told, repositoryId })
}

function eventOf(notice: RepositoryNotice): EventName {
  switch (notice.kind) {
    case 'unreachable':
      return 'REPOSITORY_UNREACHABLE'
    case 'reachable':
      return 'REPOSITORY_REACHABLE'
    case 'damaged':
      return 'REPOSITORY_DAMAGED'
    case 'restore-ended':
      return notice.state === 'SUCCEEDED' || notice.state === 'CANCELLED' ? 'RESTORE_ENDED' : 'RESTORE_FAILED'
    case 'restore-approval':
      return 'RESTORE_APPROVAL'
    case 'verification-ended':
      return 'VERIFICATION_FAILED'
    case 'task-failed':
      return 'TASK_FAILED'
  }
}

export async function notePlanEvent(
  deps: NotificationDeps,
  { planEventId }: JobPayload<'notify.plan-event'>,
): Promise<void> {
  const event = await deps.prisma.planEvent.findUnique({ where: { id: planEventId }, include: { plan: true } })
  if (event === null) return
  const { plan } = event
  await note(deps, {
    key: `plan event ${planEventId}`,
    event: event.kind === 'MISSED' ? 'PLAN_MISSED' : 'PLAN_REFUSED',
    told: tellPlan(event, deps.publicUrl),
    plan,
    isTold: plan.notificationEnabled,
  })
}

export async function noteLate(
  deps: NotificationDeps,
  { sourceId, since }: JobPayload<'notify.source-late'>,
): Promise<void> {
  const { prisma, publicUrl } = deps
  const source = await prisma.source.findUnique({ where: { id: sourceId }, include: { environment: true } })
  if (source === null) return
  const state = { in: ['SUCCEEDED', 'PARTIAL'] as RunState[] }
  const wasSaved = (await prisma.backupRun.findFirst({ where: { sourceId, state } })) !== null
  await note(deps, {
    key: `late ${sourceId} ${since}`,
    event: wasSaved ? 'SOURCE_LATE' : 'SOURCE_NEVER_RAN',
    told: tellLate(source, new Date(since), wasSaved, publicUrl),
    environments: [source.environment.name],
  })
}

const aboutHold = {
  source: { include: { environment: true } },
  run: { select: { backupId: true, finishedAt: true } },
} satisfies Prisma.RetentionHoldInclude

export async function noteHold(deps: NotificationDeps, { holdId }: JobPayload<'notify.retention-held'>): Promise<void> {
  const hold = await deps.prisma.retentionHold.findUnique({ where: { id: holdId }, include: aboutHold })
  if (hold === null) return
  const told = tellHold(hold, deps.publicUrl)
  const environments = [hold.source.environment.name]
  await note(deps, { key: `hold ${holdId}`, event: 'BACKUP_SUSPICIOUS', told, environments })
}

export async function noteHook(deps: NotificationDeps, { hookId }: JobPayload<'notify.hook-failed'>): Promise<void> {
  const hook = await deps.prisma.backupHook.findUnique({
    where: { id: hookId },
    include: { environment: true, backup: { include: { plan: true } } },
  })
  if (hook === null) return
  await note(deps, {
    key: `hook ${hookId}`,
    event: 'HOOK_FAILED',
    told: tellHook(hook, deps.publicUrl),
    environments: [hook.environment.name],
    plan: hook.backup.plan,
    isTold: hook.backup.notificationEnabled,
  })
}
