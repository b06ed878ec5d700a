import type { Config } from '#lib/config/config.ts'
import type { Database, Transaction } from '#lib/database/database.ts'
import { serverOf } from '#lib/sources/server-of.ts'
import { isWindowOpen, optionsOf, windowText } from './options.ts'
import { openStages, stageRuns } from './stages.ts'
import { taskKinds } from './task-kinds.ts'
import type { Turns } from './turns.ts'
import { waitingHooks } from './waiting-hooks.ts'
import { liveWorkers } from './workers.ts'

const APPROVAL = 'the approval of another administrator'
const EARLIER_RESTORES = 'the restores that go before it'

/** What waits and what runs now, of everything. `now` is the database's. */
export async function readTurns(
  db: Database | Transaction,
  { SOURCE_SERVER_RUNS: serverRuns }: Pick<Config, 'SOURCE_SERVER_RUNS'>,
): Promise<Turns> {
  const active = { state: { in: ['QUEUED' as const, 'RUNNING' as const] } }
  const [runs, tasks, restores, repositories, workers, clock, hooks] = await Promise.all([
    db.backupRun.findMany({
      where: active,
      select: {
        id: true,
        backup: { select: { id: true, runsAtOnce: true } },
        state: true,
        repositoryId: true,
        stage: true,
        queuedAt: true,
        notBefore: true,
        source: { select: { kind: true, settings: true, environment: { select: { name: true } } } },
      },
    }),
    db.repositoryTask.findMany({ where: active, include: { run: { select: { repositoryId: true } } } }),
    db.restore.findMany({
      where: active,
      select: {
        id: true,
        state: true,
        queuedAt: true,
        notBefore: true,
        needsApproval: true,
        approvedBy: true,
        batchId: true,
        position: true,
        run: { select: { repositoryId: true, source: { select: { environment: { select: { name: true } } } } } },
        placeSource: { select: { environment: { select: { name: true } } } },
      },
    }),
    db.repository.findMany({ select: { id: true, name: true, options: true } }),
    liveWorkers(db),
    db.$queryRaw<{ now: Date }[]>`select clock_timestamp() as now`,
    waitingHooks(db),
  ])
  const now = (clock[0] as { now: Date }).now
  const staged = runs.map(({ state, source, backup, ...run }) => ({
    ...run,
    backupId: backup.id,
    isRunning: state === 'RUNNING',
    environment: source.environment.name,
  }))
  const open = openStages(staged, workers, now)
  const after = (backupId: string, stage: number) => {
    const first = open.get(backupId) ?? stage
    return first < stage ? stageRuns(first) : null
  }
  const goesBefore = (batchId: string | null, position: number) =>
    batchId !== null && restores.some((one) => one.batchId === batchId && one.position < position)
  const all = [
    ...runs.map(({ state, source, repositoryId, stage, ...run }) => ({
      state,
      turn: {
        ...run,
        after: after(run.backup.id, stage),
        server: serverOf(source.kind, source.settings),
        kind: 'BACKUP' as const,
        repositoryIds: [repositoryId],
        environment: source.environment.name,
        hook: hooks.get(run.backup.id) ?? null,
        inWindow: false,
      },
    })),
    ...tasks.map(({ id, kind, state, queuedAt, notBefore, repositoryId, requestedBy, run }) => ({
      state,
      turn: {
        id,
        kind,
        queuedAt,
        notBefore,
        repositoryIds: [repositoryId, ...(run ? [run.repositoryId] : [])],
        environment: null,
        hook: null,
        backup: null,
        after: null,
        server: null,
        inWindow: requestedBy === null && taskKinds[kind].use === 'alone',
      },
    })),
    ...restores.map(({ state, run, placeSource, needsApproval, approvedBy, batchId, position, ...restore }) => ({
      state,
      turn: {
        ...restore,
        kind: 'RESTORE' as const,
        repositoryIds: [run.repositoryId],
        environment: (placeSource ?? run.source).environment.name,
        hook: null,
        backup: null,
        after:
          needsApproval && approvedBy === null ? APPROVAL : goesBefore(batchId, position) ? EARLIER_RESTORES : null,
        server: null,
        inWindow: false,
      },
    })),
  ]
  const places = new Map(
    repositories.map((repository) => {
      const options = optionsOf(repository)
      const closedWindow = isWindowOpen(options, now) ? null : windowText(options)
      return [repository.id, { name: repository.name, runsAtOnce: options.runsAtOnce, closedWindow }]
    }),
  )
  const turnsIn = (state: string) => all.filter((one) => one.state === state).map((one) => one.turn)
  return { waiting: turnsIn('QUEUED'), running: turnsIn('RUNNING'), workers, serverRuns, places, now }
}

/** Until the transaction ends, nobody else decides whose turn it is. */
export async function lockTurns(tx: Transaction): Promise<void> {
  await tx.$executeRaw`select pg_advisory_xact_lock(hashtext('backup-trigger turns'))`
}
