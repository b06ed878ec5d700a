import { CodedError } from '#lib/errors/coded-error.ts'
import type { Restore } from '#prisma/client/client.ts'
import { placeText } from './place-text.ts'

/*
 * Why a restore was stopped, for people. One of files or into a place may leave a part there; of a verification nothing is left.
 */

export function cancelled(restore: Restore): CodedError {
  const by = restore.cancelledBy ?? 'an administrator'
  return restore.purpose !== 'VERIFICATION'
    ? new CodedError('RESTORE_CANCELLED', { by, ...whatIsLeft(restore) })
    : new CodedError('VERIFICATION_CANCELLED', { by })
}

export function interrupted(restore: Restore): CodedError {
  const by = restore.worker ?? 'unknown'
  return restore.purpose !== 'VERIFICATION'
    ? new CodedError('RESTORE_INTERRUPTED', { worker: by, ...whatIsLeft(restore) })
    : new CodedError('VERIFICATION_INTERRUPTED', { worker: by })
}

export function stalled(restore: Restore, seconds: number): CodedError {
  return restore.purpose !== 'VERIFICATION'
    ? new CodedError('RESTORE_STALLED', { seconds, ...whatIsLeft(restore) })
    : new CodedError('VERIFICATION_STALLED', { seconds })
}

function whatIsLeft(restore: Restore) {
  const { dryRun, overwrite } = restore
  const left = dryRun || restore.purpose === 'TABLES' ? 'nothing' : overwrite === null ? 'part' : 'mixture'
  return { folder: placeText(restore), left } as const
}
