import { CodedError } from '#lib/errors/coded-error.ts'

/**
 * What cannot be undone in a protected environment is done only by somebody who repeats its name. Throws
 * ENVIRONMENT_NOT_CONFIRMED.
 */
export function requireConfirmation(
  environment: { name: string; protected: boolean },
  confirmed: string | null | undefined,
  action: string,
): void {
  if (environment.protected && confirmed !== environment.name)
    throw new CodedError('ENVIRONMENT_NOT_CONFIRMED', { environment: environment.name, action })
}
