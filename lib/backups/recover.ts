import { hostname } from 'node:os'
import type { Database } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { Log } from '#lib/log/log.ts'
import { commandLineOf, terminate } from '#lib/process/find.ts'
import type { Queue } from '#lib/queue/queue.ts'
import { forgetSnapshots } from '#lib/restic/forget.ts'
import type { RepositoryAccess } from '#lib/restic/repository.ts'
import type { Restic } from '#lib/restic/restic.ts'
import { snapshotsByTag } from '#lib/restic/snapshots.ts'
import { removeOwnDeadLocks } from '#lib/restic/unlock.ts'
import type { BackupRun } from '#prisma/client/client.ts'
import { endHook } from './end-hook.ts'
import { endRun } from './end-run.ts'

/** A run that was not heard of for this long has lost its worker; five heartbeats. */
const DEAD_AFTER_SECONDS = 15

interface RecoverDeps {
  prisma: Database
  queue: Queue
  log: Log
}

/**
 * Ends runs whose worker died as INTERRUPTED, which queues a new attempt. With `all`, every running run: for a process that
 * knows that it is the only one, at its start. Hooks whose worker died are called again. Answers how many runs there were.
 */
export async function interruptAbandoned(deps: RecoverDeps, which: 'silent' | 'all' = 'silent'): Promise<number> {
  const silence = which === 'all' ? 0 : DEAD_AFTER_SECONDS
  const ids = await deps.prisma.$queryRaw<{ id: string }[]>`
    select id from backup_runs
    where state = 'RUNNING' and heartbeat_at <= clock_timestamp() - make_interval(secs => ${silence})`
  let interrupted = 0
  for (const { id } of ids) {
    const run = await deps.prisma.backupRun.findUnique({ where: { id } })
    if (run?.state !== 'RUNNING') continue
    const error = new CodedError('WORKER_LOST', { worker: run.worker ?? 'unknown' })
    const ended = await deps.prisma.$transaction((tx) => endRun(tx, deps.queue, run, { state: 'INTERRUPTED', error }))
    if (!ended) continue
    interrupted++
    deps.log.warn({ runId: id, backupId: run.backupId, worker: run.worker }, 'run interrupted: its worker died')
  }
  await callAbandonedHooks(deps, silence)
  return interrupted
}

async function callAbandonedHooks(deps: RecoverDeps, silence: number): Promise<void> {
  const ids = await deps.prisma.$queryRaw<{ id: string }[]>`
    select id from backup_hooks
    where state = 'RUNNING' and heartbeat_at <= clock_timestamp() - make_interval(secs => ${silence})`
  for (const { id } of ids) {
    const hook = await deps.prisma.backupHook.findUnique({ where: { id } })
    if (hook?.state !== 'RUNNING') continue
    const error = new CodedError('WORKER_LOST', { worker: hook.worker ?? 'unknown' })
    await deps.prisma.$transaction((tx) => endHook(tx, deps.queue, hook, { state: 'INTERRUPTED', error }, []))
    deps.log.warn({ hookId: id, backupId: hook.backupId, worker: hook.worker }, 'hook interrupted: its worker died')
  }
}

/**
 * Clears what interrupted runs of a source left behind, before anything new is written: a restic that outlived its worker
 * is ended, its lock removed if it is proved ours and dead, and a snapshot it may have saved is forgotten, since nobody
 * can say that it is whole.
 */
export async function clearInterrupted(
  prisma: Database,
  restic: Restic,
  access: RepositoryAccess,
  run: BackupRun,
): Promise<void> {
  const left = await prisma.backupRun.findMany({
    where: { sourceId: run.sourceId, repositoryId: run.repositoryId, state: 'INTERRUPTED', resticPid: { not: null } },
  })
  if (left.length === 0) return
  const ours = left.filter((old) => old.resticHost === hostname())
  for (const old of ours) {
    const pid = old.resticPid as number
    // Every restic of ours carries its run's id in a tag, so a recycled pid cannot be mistaken for it.
    if ((await commandLineOf(pid)).includes(`run:${old.id}`)) await terminate(pid)
  }
  await removeOwnDeadLocks(
    restic,
    access,
    left.map((old) => ({ host: old.resticHost as string, pid: old.resticPid as number })),
  )
  for (const old of left) {
    const snapshots = await snapshotsByTag(restic, access, `run:${old.id}`)
    if (snapshots.length > 0)
      await forgetSnapshots(
        restic,
        access,
        snapshots.map((snapshot) => snapshot.id),
      )
  }
  await prisma.backupRun.updateMany({ where: { id: { in: left.map((old) => old.id) } }, data: { resticPid: null } })
}
