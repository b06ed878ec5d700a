import type { Transaction } from '#lib/database/database.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { hookInput, hookTitle } from '#lib/hooks/hook.ts'
import type { Queue } from '#lib/queue/queue.ts'
import type { BackupHook } from '#prisma/client/client.ts'
import { appendEvents, type NewEvent } from './append-events.ts'
import { databaseNow, endRun, lockBackup } from './end-run.ts'
import { pauseBeforeHook } from './states.ts'

export type HookOutcome = { state: 'SUCCEEDED' } | { state: 'FAILED' | 'CANCELLED' | 'INTERRUPTED'; error: CodedError }

/**
 * Ends an attempt at a hook, if the caller still holds its claim, with the lines that it wrote; answers whether it did. It is queued again
 * while attempts are left. When one before the backup fails for good, the backup's runs fail with it; when one after it does,
 * people are told, and the backup's outcome stays.
 */
export async function endHook(
  tx: Transaction,
  queue: Queue,
  hook: BackupHook,
  outcome: HookOutcome,
  lines: readonly NewEvent[],
): Promise<boolean> {
  await lockBackup(tx, hook.backupId)
  const backup = await tx.backup.findUniqueOrThrow({ where: { id: hook.backupId } })
  const error = outcome.state === 'SUCCEEDED' ? undefined : outcome.error
  const isCancelled = hook.phase === 'BEFORE' && backup.cancelledBy !== null
  const pauseSeconds = isCancelled ? null : pauseBeforeHook(hook, outcome.state, error, backup)
  const { count } = await tx.backupHook.updateMany({
    where: { id: hook.id, state: 'RUNNING', claimId: hook.claimId },
    data: {
      errorCode: error?.code ?? null,
      errorMessage: error?.message ?? null,
      errorRemedy: error?.remedy ?? null,
      claimId: null,
      ...(pauseSeconds === null
        ? { state: finalState(outcome, isCancelled), finishedAt: new Date(await databaseNow(tx)) }
        : {
            state: 'QUEUED',
            attempt: hook.attempt + 1,
            notBefore: pauseSeconds === 0 ? null : new Date((await databaseNow(tx)) + pauseSeconds * 1000),
          }),
    },
  })
  if (count !== 1) return false
  await appendEvents(tx, hook.backupId, [...lines, endLine(hook, error, pauseSeconds)])
  if (error === undefined || pauseSeconds !== null) return true
  if (hook.phase === 'AFTER') await queue.send(tx, 'notify.hook-failed', { hookId: hook.id })
  else if (!isCancelled) await failRuns(tx, queue, hook, error)
  return true
}

/** An interrupted one without attempts left has failed: nothing takes it up again. */
function finalState({ state }: HookOutcome, isCancelled: boolean): 'SUCCEEDED' | 'FAILED' | 'CANCELLED' {
  if (state === 'SUCCEEDED') return state
  return isCancelled ? 'CANCELLED' : 'FAILED'
}

const titleOf = (hook: BackupHook) => hookTitle(hookInput.parse(hook.hook))

function endLine(hook: BackupHook, error: CodedError | undefined, pauseSeconds: number | null): NewEvent {
  const title = `Hook ${hook.phase.toLowerCase()} the backup: ${titleOf(hook)}`
  if (error === undefined) return { kind: 'LOG', runId: null, level: 'INFO', message: `${title} succeeded.` }
  const again =
    pauseSeconds === null ? '' : ` It is called again${pauseSeconds > 0 ? ` in ${pauseSeconds} seconds` : ''}.`
  return {
    kind: 'LOG',
    runId: null,
    level: pauseSeconds === null ? 'ERROR' : 'WARNING',
    message: `${title} did not succeed: ${error.message} ${error.remedy}${again}`,
  }
}

async function failRuns(tx: Transaction, queue: Queue, hook: BackupHook, cause: CodedError): Promise<void> {
  const { backupId } = hook
  await tx.backupHook.updateMany({
    where: { backupId, phase: 'BEFORE', state: 'QUEUED' },
    data: { state: 'CANCELLED' },
  })
  const details = { hook: titleOf(hook), reason: cause.message, remedy: cause.remedy }
  const error = new CodedError('HOOK_FAILED', details, { cause })
  for (const run of await tx.backupRun.findMany({ where: { backupId, state: 'QUEUED' } }))
    await endRun(tx, queue, run, { state: 'FAILED', error })
}
