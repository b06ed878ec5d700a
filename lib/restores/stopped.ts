import { CodedError } from '#lib/errors/coded-error.ts'
import type { Restore } from '#prisma/client/client.ts'

/*
 * Why a restore was stopped, for people. A restore into a folder may leave a part there; of a verification nothing is left.
 */

export function cancelled({ purpose, folder, cancelledBy }: Restore): CodedError {
  const by = cancelledBy ?? 'an administrator'
  return purpose === 'FOLDER'
    ? new CodedError('RESTORE_CANCELLED', { by, folder })
    : new CodedError('VERIFICATION_CANCELLED', { by })
}

export function interrupted({ purpose, folder, worker }: Restore): CodedError {
  const by = worker ?? 'unknown'
  return purpose === 'FOLDER'
    ? new CodedError('RESTORE_INTERRUPTED', { worker: by, folder })
    : new CodedError('VERIFICATION_INTERRUPTED', { worker: by })
}

export function stalled({ purpose, folder }: Restore, seconds: number): CodedError {
  return purpose === 'FOLDER'
    ? new CodedError('RESTORE_STALLED', { seconds, folder })
    : new CodedError('VERIFICATION_STALLED', { seconds })
}
