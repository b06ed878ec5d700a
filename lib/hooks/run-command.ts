import { allowedCommand } from '#lib/commands/allowed.ts'
import { argumentsOf, denial, requireKnownValues, requireProgram } from '#lib/commands/words.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { type Child, describeExit, startChild } from '#lib/process/child.ts'
import type { HookCommand, HookNotice } from './hook.ts'

export interface CommandCall {
  notice: HookNotice
  commandsFile: string | null
  signal: AbortSignal
  /** Each line that the program writes. */
  onLine: (line: string) => void
}

/**
 * Runs a program of the file of allowed commands, in `/`, in a process group of its own, which ends with it. Rejects with
 * COMMAND_NOT_ALLOWED, COMMANDS_FILE_INVALID, SOURCE_TOOL_MISSING, HOOK_COMMAND_FAILED, or the signal's reason.
 */
export async function runCommand(
  { command: name, values }: HookCommand,
  { notice, commandsFile, signal, onLine }: CommandCall,
): Promise<void> {
  const command = await allowedCommand(name, commandsFile)
  const deny = denial(commandsFile)
  const { hook, environment, secrets } = command
  if (hook === undefined) throw deny(`the command “${name}” for hooks`)
  if (secrets.length > 0) throw deny(`the command “${name}” for hooks, which give it no secrets`)
  requireKnownValues([hook], values, command, deny)
  const args = argumentsOf(hook, values, command, deny)
  await requireProgram(hook.program, commandsFile)
  const failed = (exit: string, reason: string, cause?: unknown) =>
    new CodedError('HOOK_COMMAND_FAILED', { command: name, exit, reason }, { cause })
  let child: Child
  try {
    child = await startChild({
      command: hook.program,
      args,
      env: { ...environment, ...variablesOf(notice) },
      cwd: '/',
      detached: true,
      wholeGroup: true,
      signal,
      onStdoutLine: onLine,
      onStderrLine: onLine,
    })
  } catch (cause) {
    signal.throwIfAborted()
    throw failed((cause as NodeJS.ErrnoException).code ?? 'no process', 'it cannot be started', cause)
  }
  const exit = await child.exited
  signal.throwIfAborted()
  if (exit.code !== 0)
    throw failed(describeExit(exit), exit.stderr.split('\n').at(-1)?.trim().replace(/\.$/, '') || 'it gave no reason')
}

function variablesOf({ backup_id, plan, phase, outcome }: HookNotice): Record<string, string> {
  return { BACKUP_ID: backup_id, PLAN: plan, PHASE: phase, ...(outcome !== null && { OUTCOME: outcome }) }
}
