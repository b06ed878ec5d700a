import type { TaskKind } from '#prisma/client/enums.ts'
import { taskKinds } from './task-kinds.ts'
import type { WaitingHook } from './waiting-hooks.ts'
import { isServed, type Workers } from './workers.ts'

/*
 * Who may use a repository, and who waits for whom. Runs and tasks wait as rows in the state QUEUED; whoever would claim one
 * reads all of them under one lock and asks `decideTurns`. So a backup waits for a prune and a prune for backups before
 * restic is started, and the reason that people are shown is the one that was decided by.
 */

export type TurnKind = TaskKind | 'BACKUP' | 'RESTORE'

export interface Turn {
  id: string
  kind: TurnKind
  repositoryIds: string[]
  queuedAt: Date
  /** The name of the run's, or of that of the restored run; null for tasks. */
  environment: string | null
  /** Not to be started earlier. */
  notBefore: Date | null
  /** What goes before it and is not over yet: of a run, others of its backup (“the databases of this backup”); of a restore, its approval. */
  after: string | null
  /** The server that its source is read from: “db.example.org:5432”. */
  server: string | null
  /** What is to be called before it, if that is not over yet: “the webhook to example.org”. */
  hook: WaitingHook | null
  /** Whose run it is, and how many of it go on at once. Null for tasks. */
  backup: { id: string; runsAtOnce: number | null } | null
  /** Whether it only starts within the window of its repository. */
  inWindow: boolean
}

interface Place {
  name: string
  runsAtOnce: number
  /** Null while it is open. */
  closedWindow: string | null
}

export interface Turns {
  waiting: Turn[]
  running: Turn[]
  workers: Workers
  /** How many runs read from one server at once. */
  serverRuns: number
  places: ReadonlyMap<string, Place>
  now: Date
}

export interface Decision {
  ready: Turn[]
  /** What each of the others waits for, by its id: “prune of production-s3”. */
  reasons: ReadonlyMap<string, string>
}

/** For this long after a task was queued, backups still go before it; those queued later wait for it. */
const PATIENCE_MS = 30 * 60_000

const isTask = (kind: TurnKind): kind is TaskKind => kind !== 'BACKUP' && kind !== 'RESTORE'
const usageOf = ({ kind }: Turn) => (isTask(kind) ? taskKinds[kind].use : 'beside')
const titleOf = (kind: TurnKind) => (isTask(kind) ? taskKinds[kind].title : kind.toLowerCase())

/** Backups and restores go before tasks, but not for ever. Milliseconds since the epoch. */
function rank(turn: Turn): number {
  if (!isTask(turn.kind)) return turn.queuedAt.getTime()
  return Math.max(turn.queuedAt.getTime(), turn.notBefore?.getTime() ?? 0) + PATIENCE_MS
}

/** Goes through those that wait, by rank, as if each that may start had started. */
export function decideTurns({ waiting, running, workers, serverRuns, places, now }: Turns): Decision {
  const busy = [...running]
  const ready: Turn[] = []
  const reasons = new Map<string, string>()
  const blocked: Turn[] = []
  const nameOf = (id: string) => places.get(id)?.name ?? id
  const say = (turn: Turn, id: string) => `${titleOf(turn.kind)} of ${nameOf(id)}`

  const closedWindow = (turn: Turn) => {
    const windows = turn.inWindow ? turn.repositoryIds.map((id) => places.get(id)?.closedWindow ?? null) : []
    return windows.find((window) => window !== null) ?? null
  }

  const reasonFor = (turn: Turn): string | null => {
    if (turn.environment !== null && !isServed(workers, turn.environment))
      return `a worker: none serves ${turn.environment}`
    if (turn.notBefore !== null && turn.notBefore > now) return `its next attempt at ${turn.notBefore.toISOString()}`
    if (turn.hook !== null) return hookText(turn.hook, workers, now)
    const own = turn.backup === null ? [] : busy.filter((other) => other.backup?.id === turn.backup?.id)
    if (own.length >= (turn.backup?.runsAtOnce ?? Number.POSITIVE_INFINITY))
      return `${own.length === 1 ? 'a run' : `${own.length} runs`} of its backup, as many as its plan lets go on at once`
    if (turn.after !== null) return turn.after
    const readers = busy.filter((other) => turn.server !== null && other.server === turn.server)
    if (readers.length >= serverRuns)
      return `${backupsText(readers.length)} from ${turn.server}, as many as it gives at once`
    const closed = closedWindow(turn)
    if (closed !== null) return closed
    if (usageOf(turn) === 'unlocked') return null
    for (const id of turn.repositoryIds) {
      const users = busy.filter((other) => usageOf(other) !== 'unlocked' && other.repositoryIds.includes(id))
      const alone = users.find((other) => usageOf(other) === 'alone')
      if (alone) return say(alone, id)
      if (usageOf(turn) === 'alone' && users.length > 0) return usersText(users, nameOf(id))
      const before = blocked.find((other) => other.repositoryIds.includes(id))
      if (before) return `${say(before, id)}, whose turn it is`
      const { runsAtOnce = Number.POSITIVE_INFINITY } = places.get(id) ?? {}
      const runs = users.filter((other) => other.kind === 'BACKUP')
      if (turn.kind === 'BACKUP' && runs.length >= runsAtOnce)
        return `${usersText(runs, nameOf(id))}, as many as it takes at once`
    }
    return null
  }

  for (const turn of [...waiting].sort((a, b) => rank(a) - rank(b))) {
    const isDue = turn.notBefore === null || turn.notBefore <= now
    const reason = reasonFor(turn)
    if (reason === null) {
      ready.push(turn)
      busy.push(turn)
      continue
    }
    reasons.set(turn.id, reason)
    if (usageOf(turn) === 'alone' && isDue && closedWindow(turn) === null) blocked.push(turn)
  }
  return { ready, reasons }
}

/** “the hook before it, the webhook to example.org” */
function hookText(
  { title, environment, notBefore, isBehind }: WaitingHook,
  workers: Turns['workers'],
  now: Date,
): string {
  const hook = `the hook before it, ${title}`
  if (isBehind) return `${hook}, which waits for the hooks of an earlier backup`
  if (!isServed(workers, environment)) return `${hook}, which waits for a worker: none serves ${environment}`
  return notBefore !== null && notBefore > now ? `${hook}, which is tried again at ${notBefore.toISOString()}` : hook
}

/** “2 backups into production-s3”, “a copy of production-s3” */
function usersText(users: readonly Turn[], name: string): string {
  const runs = users.filter((user) => user.kind === 'BACKUP').length
  const others = users.filter((user) => isTask(user.kind)).map((user) => `a ${titleOf(user.kind)}`)
  const into = [...(runs === 0 ? [] : [backupsText(runs)]), ...others]
  const restores = users.filter((user) => user.kind === 'RESTORE').length
  return [
    ...(into.length === 0 ? [] : [`${into.join(' and ')} into ${name}`]),
    ...(restores === 0 ? [] : [`${restores === 1 ? 'a restore' : `${restores} restores`} from ${name}`]),
  ].join(' and ')
}

const backupsText = (count: number) => (count === 1 ? 'a backup' : `${count} backups`)
