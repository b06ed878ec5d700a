import type { Command } from 'commander'
import { type CommandDeps, type CommonFlags, sayTo } from './command.ts'
import { CommandFailed } from './failure.ts'
import { printable } from './format.ts'

interface LogEvent {
  seq: number
  at: string
  state: string | null
  level: string | null
  message: string | null
}

const PAGE = 1000

/** `restores log` and `verifications log`: the states and the lines of one. */
export function addLogCommand(group: Command, deps: CommandDeps, noun: 'restore' | 'verification'): void {
  const document = `query ($id: ID!, $after: Int!) {
    one: ${noun}(id: $id) { events(after: $after, first: ${PAGE}) { seq at state level message } } }`
  deps
    .command('log', `Print what happened to a ${noun}, line by line.`, group)
    .argument(`<${noun}>`, 'its id')
    .action(async (id: string, flags: CommonFlags) => {
      const connection = deps.open(flags as never)
      const events: LogEvent[] = []
      for (;;) {
        const variables = { id, after: events.at(-1)?.seq ?? 0 }
        const { one } = await connection.ask<{ one: { events: LogEvent[] } | null }>(document, variables)
        if (!one) throw new CommandFailed(`There is no ${noun} “${id}”.`, `See “${noun}s list”.`)
        events.push(...one.events)
        if (one.events.length < PAGE) break
      }
      sayTo(deps)(flags, events, events.map(text))
    })
}

const text = ({ at, state, level, message }: LogEvent): string =>
  [at, (level ?? 'STATE').padEnd(7), printable([state, message].filter((part) => part !== null).join(': '))].join('  ')
