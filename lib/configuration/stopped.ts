import { CodedError } from '#lib/errors/coded-error.ts'
import type { Change } from './diff.ts'

/** With the name of what it is about. What asks for a confirmation keeps its code, so that it can be given. */
export function stopped(thrown: unknown, { kind, name }: Pick<Change, 'kind' | 'name'>, done: string[]): unknown {
  if (!(thrown instanceof CodedError) || thrown.code === 'ENVIRONMENT_NOT_CONFIRMED') return thrown
  const details = { at: `${kind} “${name}”`, problem: thrown.message, remedy: thrown.remedy, done }
  return new CodedError('CONFIGURATION_STOPPED', details, { cause: thrown })
}
