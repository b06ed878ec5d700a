import type { Command } from 'commander'
import type { Connection } from './connection.ts'
import type { Output } from './screen.ts'
import type { SettingsInput } from './settings.ts'

/** Of every command. */
export interface CommonFlags {
  json?: boolean
}

/** What groups of commands are made with. */
export interface CommandDeps {
  /** A command with the options that all have. */
  command: (name: string, description: string, parent: Command) => Command
  open: (flags: never) => Connection
  stdout: Output
  /** Whether what is written may be coloured. */
  colour: boolean
  input: SettingsInput
  leave: (code: number) => void
}

/** Says what was done and leaves with `code`: the objects as JSON, one a line, or the lines for people. */
export const sayTo =
  ({ stdout, leave }: CommandDeps) =>
  (flags: CommonFlags, objects: unknown[], lines: string[], code = 0): void => {
    for (const line of flags.json ? objects.map((one) => JSON.stringify(one)) : lines) stdout.write(`${line}\n`)
    leave(code)
  }
