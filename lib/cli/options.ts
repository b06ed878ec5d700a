import type { Command } from 'commander'
import { type CommandDeps, type CommonFlags, sayTo } from './command.ts'
import { columns } from './format.ts'

interface OptionItem {
  name: string
  variable: string
  value: string
  origin: 'DEFAULT' | 'ENVIRONMENT' | 'SETTINGS'
  otherwise: string
  meaning: string
}

const fields = 'name variable value origin otherwise meaning'
const optionsDocument = `{ options { ${fields} } }`
const setDocument = `mutation ($input: SetOptionInput!) { setOption(input: $input) { __typename
  ... on SetOptionSuccess { option { ${fields} } } ... on Problem { code message remedy } } }`

/** `settings …`: the documented options. */
export function addOptionCommands(program: Command, deps: CommandDeps): void {
  const group = program.command('settings').description('See and change the options of the installation.')
  const open = (flags: CommonFlags) => deps.open(flags as never)
  const command = (name: string, description: string) => deps.command(name, description, group)
  const say = sayTo(deps)
  const set = async (flags: CommonFlags & { confirmEnvironment?: string[] }, name: string, value: string | null) => {
    const input = { name, value, confirmEnvironment: flags.confirmEnvironment }
    const { option } = await open(flags).result<{ option: OptionItem }>(setDocument, { input })
    say(flags, [option], [`${option.name} is ${option.value} (${originOf(option)}).`])
  }
  const confirmed = [
    '--confirm-environment <name...>',
    'protected environments, to keep backups for fewer days',
  ] as const

  command('list', 'Show the options, what holds and who said so.').action(async (flags: CommonFlags) => {
    const { options } = await open(flags).ask<{ options: OptionItem[] }>(optionsDocument, {})
    const rows = options.map((option) => [option.name, option.value, originOf(option), option.meaning])
    say(flags, options, columns([['option', 'value', 'from', 'meaning'], ...rows]))
  })

  command('set', 'Set an option, over the environment variable. It holds at once.')
    .argument('<option>', 'its name, such as retention_policy')
    .argument('<value>', 'as the environment variable would have it')
    .option(...confirmed)
    .action((name: string, value: string, flags: CommonFlags) => set(flags, name, value))

  command('reset', 'Take back what was set: the environment variable counts again, or the default.')
    .argument('<option>', 'its name')
    .option(...confirmed)
    .action((name: string, flags: CommonFlags) => set(flags, name, null))
}

function originOf({ origin, variable }: OptionItem): string {
  if (origin === 'DEFAULT') return 'default'
  return origin === 'ENVIRONMENT' ? variable : 'set here'
}
