import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { CodedError } from '#lib/errors/coded-error.ts'
import { type AllowedCommand, type Argument, type Invocation, wholePattern } from './allowed.ts'
import type { CommandValues } from './values.ts'

type Deny = (what: string) => CodedError

/** How something is refused that `file` does not allow. */
export const denial =
  (file: string | null): Deny =>
  (what) =>
    new CodedError('COMMAND_NOT_ALLOWED', { what, file })

/** The words after the program's name. Throws COMMAND_NOT_ALLOWED. */
export function argumentsOf(
  invocation: Invocation,
  given: CommandValues,
  command: AllowedCommand,
  deny: Deny,
): string[] {
  const values = new Map(given.map(({ name, value }) => [name, value]))
  return invocation.arguments.map((one) => wordOf(one, values, command, deny))
}

/** Throws COMMAND_NOT_ALLOWED for a value that none of the invocations takes. */
export function requireKnownValues(
  invocations: readonly Invocation[],
  given: CommandValues,
  command: AllowedCommand,
  deny: Deny,
): void {
  const known = new Set(
    invocations.flatMap((one) => one.arguments.flatMap((a) => (typeof a === 'string' ? [] : a.value))),
  )
  for (const { name } of given)
    if (!known.has(name)) throw deny(`the value “${name}” for the command “${command.name}”`)
}

function wordOf(one: Argument, values: ReadonlyMap<string, string>, command: AllowedCommand, deny: Deny): string {
  if (typeof one === 'string') return one
  const value = values.get(one.value)
  if (value === undefined) throw deny(`the command “${command.name}” without a value for “${one.value}”`)
  if (!wholePattern(one.pattern).test(value))
    throw deny(`the value “${value}” for “${one.value}”: it must match ${one.pattern}`)
  if (one.prefix === '' && value.startsWith('-'))
    throw deny(`the value “${value}” for “${one.value}”: a program would take it for an option`)
  return one.prefix + value
}

/** Rejects with SOURCE_TOOL_MISSING when the program is not there. */
export async function requireProgram(program: string, file: string | null): Promise<void> {
  const isThere = await access(program, constants.X_OK).then(
    () => true,
    () => false,
  )
  if (isThere) return
  const install = `Install it on the worker, or let the operator of the machine correct its path in ${file}. Then try again.`
  throw new CodedError('SOURCE_TOOL_MISSING', { tool: program, install })
}
