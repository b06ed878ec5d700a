import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { Child, ChildOptions, Exit } from '#lib/process/child.ts'
import { startChild } from '#lib/process/child.ts'
import type { DriverContext } from '../driver.ts'
import { type AllowedCommand, type Argument, allowedCommand, type Invocation, wholePattern } from './allowed.ts'
import type { CommandSettings } from './settings.ts'

/** What a source asks for, once it is known to be allowed. */
export interface Permitted {
  command: AllowedCommand
  /** The whole environment of the programs. */
  env: Record<string, string>
  /** The words after the program's name. Throws COMMAND_NOT_ALLOWED. */
  argumentsOf(invocation: Invocation): string[]
  /** The text with secrets in it made unreadable. */
  clean(text: string): string
}

/** Rejects with COMMAND_NOT_ALLOWED, COMMANDS_FILE_INVALID, and with SOURCE_TOOL_MISSING when a program is not there. */
export async function permit(settings: CommandSettings, ctx: DriverContext): Promise<Permitted> {
  ctx.signal.throwIfAborted()
  const command = await allowedCommand(settings.command, ctx.commandsFile)
  const deny = (what: string) => new CodedError('COMMAND_NOT_ALLOWED', { what, file: ctx.commandsFile })
  const values = new Map(settings.values.map(({ name, value }) => [name, value]))
  const invocations = [command.backup, command.restore, command.test].filter((one) => one !== undefined)
  const known = new Set(
    invocations.flatMap((one) => one.arguments.flatMap((a) => (typeof a === 'string' ? [] : a.value))),
  )
  for (const name of values.keys())
    if (!known.has(name)) throw deny(`the value “${name}” for the command “${command.name}”`)

  const secrets = secretsOf(settings, command, deny)
  const permitted: Permitted = {
    command,
    env: { ...command.environment, ...secrets },
    argumentsOf: (invocation) => invocation.arguments.map((one) => wordOf(one, values, command, deny)),
    clean: (text) => Object.values(secrets).reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), text),
  }
  for (const invocation of invocations) {
    permitted.argumentsOf(invocation)
    await requireProgram(invocation.program, ctx)
  }
  return permitted
}

/**
 * Starts a program of an allowed command in a process group of its own, in the scratch folder. What it says on its standard
 * error goes into the log. The signal ends all of the group.
 */
export async function start(
  permitted: Permitted,
  invocation: Invocation,
  ctx: DriverContext,
  more: Pick<ChildOptions, 'stdin' | 'stdout'> & { signal?: AbortSignal } = {},
): Promise<Child> {
  const { program } = invocation
  try {
    return await startChild({
      command: program,
      args: permitted.argumentsOf(invocation),
      env: permitted.env,
      cwd: ctx.scratch,
      detached: true,
      wholeGroup: true,
      signal: ctx.signal,
      onStderrLine: (line) => ctx.log('info', permitted.clean(line)),
      ...more,
    })
  } catch (cause) {
    const { code: errno } = cause as NodeJS.ErrnoException
    if (errno === undefined) throw cause
    throw new CodedError(
      'SOURCE_DUMP_FAILED',
      { tool: program, exit: errno, reason: 'it cannot be started' },
      { cause },
    )
  }
}

/** The program's own last word, for people; nothing is decided by it. */
export function reasonOf(exit: Exit, permitted: Permitted): string {
  return permitted.clean(exit.stderr).split('\n').at(-1)?.trim().replace(/\.$/, '') || 'it gave no reason'
}

function wordOf(
  one: Argument,
  values: Map<string, string>,
  command: AllowedCommand,
  deny: (what: string) => CodedError,
): string {
  if (typeof one === 'string') return one
  const value = values.get(one.value)
  if (value === undefined) throw deny(`the command “${command.name}” without a value for “${one.value}”`)
  if (!wholePattern(one.pattern).test(value))
    throw deny(`the value “${value}” for “${one.value}”: it must match ${one.pattern}`)
  if (one.prefix === '' && value.startsWith('-'))
    throw deny(`the value “${value}” for “${one.value}”: a program would take it for an option`)
  return one.prefix + value
}

function secretsOf(
  settings: CommandSettings,
  command: AllowedCommand,
  deny: (what: string) => CodedError,
): Record<string, string> {
  const secrets: Record<string, string> = {}
  for (const line of settings.secrets?.reveal().split(/\r?\n/) ?? []) {
    if (line.trim() === '') continue
    const equals = line.indexOf('=')
    const name = line.slice(0, Math.max(equals, 0))
    if (name === '') throw deny('a secret that is not written as NAME=value')
    if (!command.secrets.includes(name)) throw deny(`the secret “${name}” for the command “${command.name}”`)
    secrets[name] = line.slice(equals + 1)
  }
  const missing = command.secrets.filter((name) => !secrets[name])
  if (missing.length > 0) throw deny(`the command “${command.name}” without the secrets ${missing.join(', ')}`)
  return secrets
}

async function requireProgram(program: string, ctx: DriverContext): Promise<void> {
  const isThere = await access(program, constants.X_OK).then(
    () => true,
    () => false,
  )
  if (isThere) return
  const install = `Install it on the worker, or let the operator of the machine correct its path in ${ctx.commandsFile}. Then try again.`
  throw new CodedError('SOURCE_TOOL_MISSING', { tool: program, install })
}
