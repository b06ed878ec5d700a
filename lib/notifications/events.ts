import type { Severity } from '#prisma/client/enums.ts'

/** Everything that people can be told of: how grave it is, and what it is called. */
export const events = {
  BACKUP_SUCCEEDED: { severity: 'INFO', title: 'A backup succeeded' },
  BACKUP_RECOVERED: { severity: 'INFO', title: 'A backup succeeded after one that had not' },
  BACKUP_PARTIAL: { severity: 'WARNING', title: 'A backup is incomplete' },
  BACKUP_FAILED: { severity: 'ERROR', title: 'A backup failed' },
  BACKUP_CANCELLED: { severity: 'WARNING', title: 'A backup was cancelled' },
  BACKUP_INTERRUPTED: { severity: 'ERROR', title: 'A backup was interrupted' },
  SOURCE_LATE: { severity: 'ERROR', title: 'No good backup of a source for too long' },
  SOURCE_NEVER_RAN: { severity: 'ERROR', title: 'A source was never backed up' },
  WORKER_MISSING: { severity: 'ERROR', title: 'No worker serves an environment in which something waits' },
  PLAN_MISSED: { severity: 'WARNING', title: 'A plan missed its time' },
  PLAN_REFUSED: { severity: 'ERROR', title: 'A plan could not start' },
  HOOK_FAILED: { severity: 'ERROR', title: 'A hook after a backup failed' },
  REPOSITORY_UNREACHABLE: { severity: 'ERROR', title: 'A repository cannot be used' },
  REPOSITORY_REACHABLE: { severity: 'INFO', title: 'A repository can be used again' },
  REPOSITORY_NEARLY_FULL: { severity: 'WARNING', title: 'A repository is nearly full' },
  REPOSITORY_DAMAGED: { severity: 'ERROR', title: 'An integrity check found a repository damaged' },
  TASK_FAILED: { severity: 'ERROR', title: 'A prune, check, copy or other task of a repository failed' },
  VERIFICATION_FAILED: { severity: 'ERROR', title: 'A backup could not be verified, or is not what was saved' },
  BACKUP_SUSPICIOUS: { severity: 'ERROR', title: 'A backup looks wrong, and retention stands still for it' },
  RESTORE_ENDED: { severity: 'INFO', title: 'A restore ended' },
  RESTORE_FAILED: { severity: 'ERROR', title: 'A restore failed, or is not whole' },
  RESTORE_APPROVAL: { severity: 'WARNING', title: 'A restore waits for an approval' },
  SIGNIN_NEW_PLACE: { severity: 'WARNING', title: 'Somebody signed in from a new address' },
  TOKEN_EXPIRES: { severity: 'WARNING', title: 'An API token is about to expire' },
  CHANNEL_FAILING: { severity: 'ERROR', title: 'A notification did not get through' },
  DIGEST: { severity: 'INFO', title: 'The summary of all sources' },
  TEST: { severity: 'INFO', title: 'A test' },
} as const satisfies Record<string, { severity: Severity; title: string }>

export type EventName = keyof typeof events
export const eventNames = Object.keys(events) as [EventName, ...EventName[]]

/** Those that a channel can choose: a summary and a test go where they were asked for. */
export const chosenEvents = eventNames.filter((name) => name !== 'DIGEST' && name !== 'TEST')

const grades: readonly Severity[] = ['INFO', 'WARNING', 'ERROR']

/** Whether a severity is at least as grave as another. */
export const isAtLeast = (severity: Severity, least: Severity): boolean =>
  grades.indexOf(severity) >= grades.indexOf(least)

/** What an event of a stored notification is called; its own name where this version does not know it. */
export const eventTitle = (name: string): string =>
  Object.hasOwn(events, name) ? events[name as EventName].title : name
