import type { CodedError } from '#lib/errors/coded-error.ts'
import type { RunState } from '#prisma/client/enums.ts'

/*
 * The life of a run. Only the holder of its claim moves it out of RUNNING, except the reaper, which needs a dead heartbeat.
 *
 *   QUEUED ──claim──▶ RUNNING ──▶ SUCCEEDED    saved whole: driver and restic both said so, the snapshot was seen
 *     │                  ├─────▶ PARTIAL        saved, but files are missing from it (restic exit 3)
 *     │                  ├─────▶ FAILED         nothing was saved; tried again when its plan says so and the reason may pass
 *     └──cancel──────────┼─────▶ CANCELLED      somebody asked; nothing was saved
 *                        └─────▶ INTERRUPTED    its worker died or was shut down; a new attempt is queued while
 *                                               attempts are left
 *
 * What was saved can be lost later, when its repository is damaged: SUCCEEDED ──▶ PARTIAL ──▶ FAILED, by lose-data.ts.
 */
export const activeStates = ['QUEUED', 'RUNNING'] as const satisfies RunState[]

/** Attempts that workers which die may take with them. */
const INTERRUPTED_ATTEMPTS = 3
const LONGEST_PAUSE_SECONDS = 6 * 3600

/**
 * After how many seconds a run that ended so is tried again; null: never. A lost worker costs no retry of the plan's; a
 * failure does, and only one that may pass by itself is tried again. The pause doubles each time.
 */
export function pauseBeforeRetry(
  attempt: number,
  state: RunState,
  error: CodedError | undefined,
  { retries, retryPauseSeconds }: { retries: number; retryPauseSeconds: number },
): number | null {
  if (state === 'INTERRUPTED') return attempt < INTERRUPTED_ATTEMPTS + retries ? 0 : null
  if (state !== 'FAILED' || error?.retry !== 'later' || attempt > retries) return null
  return Math.min(retryPauseSeconds * 2 ** (attempt - 1), LONGEST_PAUSE_SECONDS)
}

const AFTER_ATTEMPTS = { retries: 3, retryPauseSeconds: 10 }

/**
 * The same for a hook. One before the backup is tried again as the plan says of its runs; one after it three times in any
 * case, since what it ends (a maintenance mode) may keep people from working.
 */
export function pauseBeforeHook(
  hook: { phase: 'BEFORE' | 'AFTER'; attempt: number },
  state: RunState,
  error: CodedError | undefined,
  plan: { retries: number; retryPauseSeconds: number },
): number | null {
  return pauseBeforeRetry(hook.attempt, state, error, hook.phase === 'BEFORE' ? plan : AFTER_ATTEMPTS)
}

export function isEnded(state: RunState): boolean {
  return state !== 'QUEUED' && state !== 'RUNNING'
}

/** Good enough to restore from. */
export function isGood(state: RunState): boolean {
  return state === 'SUCCEEDED' || state === 'PARTIAL'
}

interface Part {
  sourceId: string
  part: string
  attempt: number
  state: RunState
}

/**
 * The state of a backup from those of its runs. Each part of a source counts with its newest attempt only.
 * SUCCEEDED needs all of them; anything less is said: PARTIAL when at least one was saved, CANCELLED when somebody ended it and
 * nothing failed.
 */
export function backupState(runs: Part[]): RunState {
  const states = runs.filter((run) => !runs.some((later) => supersedes(later, run))).map((run) => run.state)
  const any = (state: RunState) => states.includes(state)
  if (any('RUNNING') || (any('QUEUED') && runs.some((run) => run.state !== 'QUEUED'))) return 'RUNNING'
  if (any('QUEUED')) return 'QUEUED'
  if (states.length > 0 && states.every((state) => state === 'SUCCEEDED')) return 'SUCCEEDED'
  const isSaved = states.some(isGood)
  if (any('FAILED') || states.length === 0) return isSaved ? 'PARTIAL' : 'FAILED'
  if (any('CANCELLED')) return 'CANCELLED'
  return isSaved ? 'PARTIAL' : 'INTERRUPTED'
}

/** A later attempt at the same part, or one that was split into parts after an attempt at the whole had been interrupted. */
export function supersedes(later: Part, run: Part): boolean {
  return later.sourceId === run.sourceId && later.attempt > run.attempt && (later.part === run.part || run.part === '')
}
