import type { Writable } from 'node:stream'
import { CodedError } from '#lib/errors/coded-error.ts'
import { describeExit } from '#lib/process/child.ts'
import type { DriverContext, SourceDriver } from '../driver.ts'
import { byHand } from './by-hand.ts'
import { type Permitted, permit, reasonOf, start } from './invocation.ts'
import { restoreWith } from './restore.ts'
import { type CommandSettings, commandSettings } from './settings.ts'

/**
 * Any program whose standard output is the backup, of those that the machine's operator allows. Nothing is known of what
 * it writes: its exit code alone says whether the data is whole.
 */
export const commandDriver: SourceDriver<CommandSettings> = {
  kind: 'command',
  type: 'DATABASE',
  title: 'Command',
  settings: commandSettings,
  secretFields: ['secrets'],
  byHand,

  async probe(settings, ctx) {
    const permitted = await permit(settings, ctx)
    const { name, backup, restore, test } = permitted.command
    if (test !== undefined) {
      const exit = await (await start(permitted, test, ctx)).exited
      ctx.signal.throwIfAborted()
      if (exit.code !== 0)
        throw new CodedError('SOURCE_UNREACHABLE', {
          source: `The command “${name}”`,
          reason: `${test.program} ended with ${describeExit(exit)}: ${reasonOf(exit, permitted)}`,
        })
    }
    const warnings = ['What the program writes cannot be checked: it is believed when it ends with exit code 0.']
    if (test === undefined)
      warnings.push('The command has no test: whether the source can be reached, a backup will show.')
    if (restore === undefined)
      warnings.push('The command has no program for restoring: the file is put into a folder instead.')
    return { summary: `The command ${name}: ${backup.program}`, bytes: null, tool: null, warnings }
  },

  async open(settings, ctx) {
    const permitted = await permit(settings, ctx)
    return {
      shape: 'stream',
      filename: permitted.command.filename ?? permitted.command.name,
      write: (sink, signal) => dump(permitted, sink, signal, ctx),
      close: async () => {}, // the program and all that it started end with write()
    }
  },

  restore: restoreWith,

  /** That there is something to save; how much, only the program knows. */
  async inspect(settings, ctx) {
    await permit(settings, ctx)
    return { tables: null, files: 1, bytes: null }
  },
}

async function dump(permitted: Permitted, sink: Writable, readerDied: AbortSignal, ctx: DriverContext): Promise<void> {
  const signal = AbortSignal.any([ctx.signal, readerDied])
  const { backup } = permitted.command
  const child = await start(permitted, backup, ctx, { stdout: sink, signal })
  const exit = await child.exited
  signal.throwIfAborted()
  if (exit.code === 0) return
  const reason = reasonOf(exit, permitted)
  throw new CodedError('SOURCE_DUMP_FAILED', { tool: backup.program, exit: describeExit(exit), reason })
}
