import { CodedError } from '#lib/errors/coded-error.ts'
import { describeExit } from '#lib/process/child.ts'

/** restic's exit codes, see "Exit codes" in the chapter "Scripting" of its documentation. */
export const EXIT = {
  ok: 0,
  failed: 1,
  incomplete: 3,
  noRepository: 10,
  locked: 11,
  wrongPassword: 12,
  interrupted: 130,
} as const

export interface ResticFailure {
  command: string
  code: number | null
  signal: NodeJS.Signals | null
  /** restic's own last words: `exit_error`, else its first `error`, else the end of stderr. */
  reason: string
  /** Printable: without a password. */
  repository: string
}

/** The system's words for an errno, in any case: Go prints the text, some backends the name. */
const FULL = /\bENOSPC\b|no space left on device|\bEDQUOT\b|disk quota exceeded/i
const UNWRITABLE =
  /\bEACCES\b|permission denied|\bEPERM\b|operation not permitted|\bEROFS\b|read-only file system|\bENOTDIR\b|not a directory/i

/** restic's only word for a key file whose content is not the one that its name, a SHA-256, stands for: exit 1, no code. */
const KEY_DAMAGED = /<key\/([0-9a-f]+)>\): invalid data returned/

/** Commands whose exit 1 may come from the disk that they restore to, not from the repository's. */
const WRITES_ELSEWHERE = new Set(['restore'])

/**
 * The one place that says what a failed restic means. The exit code decides; only where restic has no code of its own
 * (exit 1) do the system's errno words decide between a full and an unwritable repository, and restic's own of a damaged key.
 */
export function classifyFailure(failure: ResticFailure): CodedError {
  const { command, code, reason, repository } = failure
  switch (code) {
    case EXIT.noRepository:
      return new CodedError('REPOSITORY_MISSING', { repository })
    case EXIT.locked:
      return new CodedError('REPOSITORY_LOCKED', { repository })
    case EXIT.wrongPassword:
      return new CodedError('REPOSITORY_WRONG_PASSWORD', { repository })
  }
  const damagedKey = code === EXIT.failed ? KEY_DAMAGED.exec(reason)?.[1] : undefined
  if (damagedKey !== undefined) return new CodedError('REPOSITORY_KEY_DAMAGED', { repository, key: damagedKey })
  if (code === EXIT.failed && !WRITES_ELSEWHERE.has(command)) {
    if (FULL.test(reason)) return new CodedError('REPOSITORY_FULL', { repository })
    if (UNWRITABLE.test(reason)) return new CodedError('REPOSITORY_UNWRITABLE', { repository, reason })
  }
  return new CodedError('RESTIC_FAILED', { command, exit: describeExit(failure), reason: reason || 'no reason given' })
}

/** After these restic has removed its lock, or never had one. After any other it may not have reached the repository any more. */
const WITHOUT_LOCK: readonly (number | null)[] = [
  EXIT.ok,
  EXIT.incomplete,
  EXIT.noRepository,
  EXIT.locked,
  EXIT.wrongPassword,
]

export const mayLeaveLock = ({ code }: Pick<ResticFailure, 'code'>): boolean => !WITHOUT_LOCK.includes(code)
