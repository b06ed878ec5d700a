import { checkMessage } from './messages.ts'
import type { RepositoryAccess, Restic } from './repository.ts'
import { LONG_TIMEOUT_MS, type OnLog, type OnStarted, runRestic } from './run.ts'

export interface CheckRequest {
  /** "5%", "1/10", "500M", or "all" for every byte. Without it only the structure is checked: no flipped bit is found. */
  readData?: string
  signal: AbortSignal
  timeoutMs?: number
  onStarted?: OnStarted
  onLog?: OnLog
}

export interface CheckResult {
  sound: boolean
  /** What is wrong, in restic's words. */
  problems: string[]
  brokenPacks: string[]
  suggestRepairIndex: boolean
  suggestPrune: boolean
}

/**
 * Checks the repository. A damaged one resolves with `sound: false`; a check that could not be made rejects. Needs the
 * repository for itself: REPOSITORY_LOCKED while a backup runs.
 */
export async function checkRepository(
  restic: Restic,
  access: RepositoryAccess,
  request: CheckRequest,
): Promise<CheckResult> {
  const { readData } = request
  const result: CheckResult = {
    sound: false,
    problems: [],
    brokenPacks: [],
    suggestRepairIndex: false,
    suggestPrune: false,
  }
  let hasSummary = false
  const ended = await runRestic(
    restic,
    access,
    {
      command: 'check',
      args: readData === undefined ? [] : readData === 'all' ? ['--read-data'] : [`--read-data-subset=${readData}`],
      schema: checkMessage,
      timeoutMs: request.timeoutMs ?? LONG_TIMEOUT_MS,
      signal: request.signal,
      onStarted: request.onStarted,
      onLog: request.onLog,
      onMessage: (message) => {
        if (message.message_type === 'error') result.problems.push(message.message || message.error.message)
        if (message.message_type !== 'summary') return
        hasSummary = true
        result.brokenPacks = message.broken_packs ?? []
        result.suggestRepairIndex = message.suggest_repair_index
        result.suggestPrune = message.suggest_prune
      },
    },
    [1],
  )
  result.sound = ended.exit.code === 0
  if (!result.sound && ended.failure) {
    if (!hasSummary) throw ended.failure
    if (result.problems.length === 0) result.problems.push(ended.failure.message)
  }
  return result
}
