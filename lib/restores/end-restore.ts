import type { Transaction } from '#lib/database/database.ts'
import type { CodedError } from '#lib/errors/coded-error.ts'
import type { Queue } from '#lib/queue/queue.ts'
import type { Listed } from '#lib/restic/count-listed.ts'
import type { SecretKey } from '#lib/secrets/seal.ts'
import { partName } from '#lib/sources/driver.ts'
import type { Restore } from '#prisma/client/client.ts'
import { appendRestoreEvents } from './append-events.ts'
import { writeEvidence } from './evidence.ts'
import { placeText } from './place-text.ts'
import type { Changes } from './restore-over.ts'
import type { Proof } from './verify.ts'

/*
 * The life of a restore. It is tried again by itself only when nothing was written: what is there otherwise is not what was there before.
 *
 *   QUEUED ──claim──▶ RUNNING ──▶ QUEUED       nothing was written, and the reason may pass: up to three attempts
 *     │                  ├─────▶ SUCCEEDED    restic said so, and the folder holds as many files and bytes as the snapshot
 *     │                  ├─────▶ PARTIAL        restic named what it could not restore, and all the rest is there
 *     │                  ├─────▶ FAILED         anything less; the folder may hold a part, and the error says so
 *     └──cancel──────────┼─────▶ CANCELLED      somebody asked
 *                        └─────▶ INTERRUPTED    its worker died or was shut down
 */
export type RestoreOutcome =
  | { state: 'SUCCEEDED'; counted: Listed; proof?: Proof; changes?: Changes | null }
  | { state: 'PARTIAL'; error: CodedError; counted: Listed; proof?: undefined; changes: Changes | null }
  /** With `counted` and `proof`: it was restored, and a check of it failed. */
  | {
      state: 'FAILED' | 'CANCELLED' | 'INTERRUPTED'
      error: CodedError
      counted?: Listed
      proof?: Proof
      changes?: undefined
    }

/**
 * Ends a restore and has people told, if it is still in the state and under the claim that the caller saw; answers whether it
 * was. A verification that came to a result leaves evidence, and people are told of all but good news. Nobody is told of a dry run.
 */
export async function endRestore(
  tx: Transaction,
  { queue, secretKey }: { queue: Queue; secretKey: SecretKey },
  restore: Restore,
  outcome: RestoreOutcome,
): Promise<boolean> {
  const [{ now }] = await tx.$queryRaw<[{ now: Date }]>`select clock_timestamp() as now`
  const { id, state, claimId, requestedBy, purpose } = restore
  const { counted, proof, changes } = outcome
  const error = outcome.state === 'SUCCEEDED' ? null : outcome.error
  const { count } = await tx.restore.updateMany({
    where: { id, state, claimId },
    data: {
      state: outcome.state,
      finishedAt: now,
      errorCode: error?.code ?? null,
      errorMessage: error?.message ?? null,
      errorRemedy: error?.remedy ?? null,
      sealedLogin: null,
      ...(counted && { filesDone: counted.files, bytesDone: counted.bytes }),
      ...(changes && { changes: changes as object }),
      ...(proof && { findings: proof.findings as object[], restoreSeconds: proof.restoreSeconds }),
    },
  })
  if (count !== 1) return false
  await appendRestoreEvents(tx, id, [{ kind: 'STATE', state: outcome.state, message: error?.message ?? null }])
  const isVerification = purpose === 'VERIFICATION'
  if (isVerification && (outcome.state === 'SUCCEEDED' || outcome.state === 'FAILED'))
    await writeEvidence(tx, secretKey, id)
  if ((isVerification && error === null) || restore.dryRun) return true
  const run = await tx.backupRun.findUniqueOrThrow({ where: { id: restore.runId }, include: { source: true } })
  const part = partName(run.part)
  const about = {
    restoreId: id,
    source: part === null ? run.source.name : `${run.source.name} (${part})`,
    at: now.toISOString(),
    requestedBy,
  }
  const problem = error && { code: error.code, message: error.message, remedy: error.remedy }
  await queue.send(tx, 'notify.repository', {
    repositoryId: run.repositoryId,
    event: `restore ${id}`,
    notice:
      isVerification && problem !== null
        ? { ...about, kind: 'verification-ended', isMismatch: proof !== undefined, problem }
        : { ...about, kind: 'restore-ended', into: placeText(restore), state: outcome.state, problem },
  })
  return true
}
