import { type AllowedCommand, allowedCommand, type Invocation } from '#lib/commands/allowed.ts'
import { argumentsOf, denial, requireKnownValues, requireProgram } from '#lib/commands/words.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { Child, ChildOptions, Exit } from '#lib/process/child.ts'
import { startChild } from '#lib/process/child.ts'
import type { DriverContext } from '../driver.ts'
import type { CommandSettings } from './settings.ts'

/** What a source asks for, once it is known to be allowed. */
export interface Permitted {
  command: AllowedCommand & { backup: Invocation }
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
  const { backup, ...others } = await allowedCommand(settings.command, ctx.commandsFile)
  const deny = denial(ctx.commandsFile)
  if (backup === undefined) throw deny(`the command “${others.name}” for backups`)
  const command = { ...others, backup }
  const invocations = [backup, command.restore, command.test].filter((one) => one !== undefined)
  requireKnownValues(invocations, settings.values, command, deny)

  const secrets = secretsOf(settings, command, deny)
  const permitted: Permitted = {
    command,
    env: { ...command.environment, ...secrets },
    argumentsOf: (invocation) => argumentsOf(invocation, settings.values, command, deny),
    clean: (text) => Object.values(secrets).reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), text),
  }
  for (const invocation of invocations) {
    permitted.argumentsOf(invocation)
    await requireProgram(invocation.program, ctx.commandsFile)
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
