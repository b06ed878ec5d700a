import { parseTriggerInput } from '#lib/backups/input.ts'
import { openLanes, type StartDeps, startBackup } from '#lib/backups/start.ts'
import { blackoutAt, blackoutsInput, blackoutText } from '#lib/clock/blackouts.ts'
import type { Clock } from '#lib/clock/now.ts'
import { timesUntil } from '#lib/cron/schedule.ts'
import type { Transaction } from '#lib/database/database.ts'
import { CodedError, isCoded } from '#lib/errors/coded-error.ts'
import type { Log } from '#lib/log/log.ts'
import { notPaused } from '#lib/plans/change.ts'
import { nextDue } from '#lib/plans/due.ts'
import { isWindowOpen } from '#lib/repositories/options.ts'
import { isServed, liveWorkers } from '#lib/repositories/workers.ts'
import type { Plan } from '#prisma/client/client.ts'
import type { PlanEventKind } from '#prisma/client/enums.ts'
import { type Chosen, requestOf, sourcesToSave } from './run-plan.ts'

export interface ScheduleDeps extends StartDeps {
  clock: Clock
  log: Log
}

/** The scheduler looks every minute; a time that is older was missed because nothing ran. */
const MISSED_AFTER_MS = 5 * 60_000
const LOOK_AGAIN_MS = 60_000

type DuePlan = Plan & { schedule: string; dueAt: Date; lookAt: Date }

/**
 * Every plan whose time has come, each in a transaction of its own, so that one that cannot start holds up no other. Answers
 * whether each was decided about.
 */
export async function fireDue(deps: ScheduleDeps): Promise<boolean> {
  await openLanes(deps)
  const now = deps.clock.now()
  const due = await deps.prisma.plan.findMany({
    where: { lookAt: { lte: now } },
    select: { id: true },
    orderBy: { lookAt: 'asc' },
  })
  let isDone = true
  for (const { id } of due) {
    try {
      await fire(deps, id, now)
    } catch (error) {
      isDone = false
      deps.log.error({ err: error, planId: id }, 'a plan could not be started; it is tried again')
    }
  }
  return isDone
}

/**
 * Starts a plan, or notes why not, and sets its next time: one transaction, and only if its time has come and nobody else has
 * done it, so that it starts once, whoever asks at once and whoever is killed in between.
 */
export async function fire(deps: ScheduleDeps, id: string, now: Date): Promise<void> {
  try {
    await deps.prisma.$transaction((tx) => decide(deps, tx, id, now), { maxWait: 20_000, timeout: 20_000 })
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    await deps.prisma.$transaction(async (tx) => {
      const plan = await lockDue(tx, id, now)
      if (plan) await refuse(deps, tx, plan, error, now)
    })
  }
}

async function decide(deps: ScheduleDeps, tx: Transaction, id: string, now: Date): Promise<void> {
  const plan = await lockDue(tx, id, now)
  if (plan === null) return
  if (plan.pausedAt !== null) {
    if (plan.pausedUntil === null || plan.pausedUntil > now) {
      await note(deps, tx, plan, 'PAUSED', plan.pauseReason)
      return advance(tx, plan, now)
    }
    await tx.plan.update({ where: { id }, data: notPaused })
  }
  const { last, count } = timesUntil(plan.schedule, plan.timeZone, plan.dueAt, now)
  // One that waits is looked at every minute, too.
  const isMissed = now.getTime() - plan.lookAt.getTime() > MISSED_AFTER_MS
  if (isMissed && !(await isNoted(tx, plan, 'MISSED'))) {
    const times = count === 1 ? 'It was' : `${count} times were`
    await note(
      deps,
      tx,
      plan,
      'MISSED',
      `${times} missed: nothing ran.${plan.catchUp ? ' It is made up for once.' : ''}`,
    )
  }
  if (isMissed && !plan.catchUp) return advance(tx, plan, now)
  if (!isWindowOpen(plan, now)) return defer(deps, tx, plan, now, `its hours are ${plan.windowFrom}–${plan.windowTo}`)
  const blackout = blackoutAt(blackoutsInput.parse(plan.blackouts), plan.timeZone, now)
  if (blackout) return defer(deps, tx, plan, now, `it does not start ${blackoutText(blackout)}`)
  const by = { userId: null, email: `plan ${plan.name}`, address: null }
  const all = await sourcesToSave(tx, plan, by)
  const closed = closedEnvironment(all, now)
  if (closed) return defer(deps, tx, plan, now, closed)
  const { sources, busy, waiting } = await freeOf(tx, all)
  const isIdle = sources.every(({ kind }) => kind === 'installation')
  // What it calls beforehand would wait for the end of the earlier backup all the same.
  const hasHooks = [plan.hooksBefore, plan.hooksAfter].some((hooks) => (hooks as unknown[]).length > 0)
  if (busy.length > 0 || (waiting.length > 0 && (isIdle || hasHooks)))
    return defer(deps, tx, plan, now, `a backup of ${[...busy, ...waiting].join(', ')} is not over yet`)
  const { input, more } = requestOf(plan, sources)
  const backup = await startBackup(deps, tx, { ...more, by, origin: 'SCHEDULE', input: parseTriggerInput(input) })
  const without = waiting.length === 0 ? '' : `Without ${waiting.join(', ')}: an earlier backup waits for a worker.`
  await note(deps, tx, { ...plan, dueAt: last }, 'STARTED', without, backup.id)
  await advance(tx, plan, now)
}

/**
 * What may start now: the sources without those that are busy or waiting, and the names of both. Waiting are those whose earlier
 * run nobody has begun since no worker serves their environment, which may last; they hold up no others.
 */
async function freeOf<S extends Chosen>(
  tx: Transaction,
  all: readonly S[],
): Promise<{ sources: S[]; busy: string[]; waiting: string[] }> {
  const runs = await tx.backupRun.findMany({
    where: { sourceId: { in: all.map((source) => source.id) }, state: { in: ['QUEUED', 'RUNNING'] } },
    select: { sourceId: true, state: true },
  })
  const workers = runs.length === 0 ? [] : await liveWorkers(tx)
  const isActive = (source: S) => runs.some((run) => run.sourceId === source.id)
  const isWaiting = (source: S) =>
    !isServed(workers, source.environment.name) &&
    runs.every((run) => run.sourceId !== source.id || run.state === 'QUEUED')
  const active = all.filter(isActive)
  const namesOf = (sources: readonly S[]) => sources.map(({ name }) => name)
  return {
    sources: all.filter((source) => !isActive(source)),
    busy: namesOf(active.filter((source) => !isWaiting(source))),
    waiting: namesOf(active.filter(isWaiting)),
  }
}

/** Why no plan starts now with these sources: “nothing starts in production Mon 08:00–18:00”. Null: one may. */
function closedEnvironment(sources: readonly Chosen[], now: Date): string | null {
  for (const { environment } of sources) {
    const blackout = blackoutAt(blackoutsInput.parse(environment.blackouts), environment.timeZone, now)
    if (blackout) return `nothing starts in ${environment.name} ${blackoutText(blackout)}`
  }
  return null
}

/** Null when its time has not come, or somebody else is at it. */
async function lockDue(tx: Transaction, id: string, now: Date): Promise<DuePlan | null> {
  const rows = await tx.$queryRaw<unknown[]>`
    select 1 from plans where id = ${id}::uuid and look_at <= ${now} for update skip locked`
  if (rows.length === 0) return null
  const plan = await tx.plan.findUniqueOrThrow({ where: { id } })
  return plan.schedule === null || plan.dueAt === null || plan.lookAt === null ? null : (plan as DuePlan)
}

async function advance(tx: Transaction, plan: DuePlan, now: Date): Promise<void> {
  await tx.plan.update({ where: { id: plan.id }, data: nextDue(plan, now) })
}

/** One start waits, however many times come meanwhile. */
async function defer(deps: ScheduleDeps, tx: Transaction, plan: DuePlan, now: Date, why: string): Promise<void> {
  if (!(await isNoted(tx, plan, 'DEFERRED'))) await note(deps, tx, plan, 'DEFERRED', `It waits: ${why}.`)
  await tx.plan.update({ where: { id: plan.id }, data: { lookAt: new Date(now.getTime() + LOOK_AGAIN_MS) } })
}

/** What keeps it from starting now may keep it for ever: that is noted, and the next time is another try. */
async function refuse(deps: ScheduleDeps, tx: Transaction, plan: DuePlan, error: CodedError, now: Date): Promise<void> {
  // Somebody triggered one of its sources in the same moment.
  if (isCoded(error, 'BACKUP_ALREADY_RUNNING')) return defer(deps, tx, plan, now, error.message)
  await note(deps, tx, plan, 'REFUSED', `${error.message} ${error.remedy}`)
  await advance(tx, plan, now)
}

/** People are told of what they would not see by a backup that ended. */
const toldOf: readonly PlanEventKind[] = ['MISSED', 'REFUSED']

async function note(
  { queue }: Pick<ScheduleDeps, 'queue'>,
  tx: Transaction,
  plan: DuePlan,
  kind: PlanEventKind,
  message: string,
  backupId?: string,
): Promise<void> {
  const { id } = await tx.planEvent.create({ data: { planId: plan.id, dueAt: plan.dueAt, kind, message, backupId } })
  if (toldOf.includes(kind)) await queue.send(tx, 'notify.plan-event', { planEventId: id })
}

async function isNoted(tx: Transaction, plan: DuePlan, kind: PlanEventKind): Promise<boolean> {
  return (await tx.planEvent.count({ where: { planId: plan.id, dueAt: plan.dueAt, kind } })) > 0
}
