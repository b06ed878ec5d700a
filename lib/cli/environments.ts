import type { Command } from 'commander'
import { type Blackout, blackoutsOf, blackoutWords } from './blackouts.ts'
import { type CommandDeps, type CommonFlags, sayTo } from './command.ts'
import type { Connection } from './connection.ts'
import { CommandFailed } from './failure.ts'
import { findRepository } from './find-repository.ts'
import { columns, printable } from './format.ts'

interface EnvironmentItem {
  id: string
  name: string
  colour: string
  protected: boolean
  timeZone: string
  blackouts: Blackout[]
  hasWorker: boolean
  repository: { id: string; name: string } | null
  sources: { id: string }[]
}

interface EnvironmentFlags extends CommonFlags {
  name?: string
  colour?: string
  protected?: boolean
  timeZone?: string
  blackout?: string[]
  repository?: string
  position?: string
  confirmEnvironment?: string
}

const fields = 'id name colour protected timeZone blackouts hasWorker repository { id name } sources { id }'
const problem = '... on Problem { code message remedy }'
const listDocument = `{ environments { ${fields} } }`
const createDocument = `mutation ($input: CreateEnvironmentInput!) { createEnvironment(input: $input) {
  __typename ... on CreateEnvironmentSuccess { environment { ${fields} } } ${problem} } }`
const updateDocument = `mutation ($input: UpdateEnvironmentInput!) { updateEnvironment(input: $input) {
  __typename ... on UpdateEnvironmentSuccess { environment { ${fields} } } ${problem} } }`
const deleteDocument = `mutation ($id: ID!, $confirmEnvironment: String) {
  deleteEnvironment(id: $id, confirmEnvironment: $confirmEnvironment) {
    __typename ... on DeleteEnvironmentSuccess { id } ${problem} } }`

/** `environments …`: the named places that sources belong to. */
export function addEnvironmentCommands(program: Command, deps: CommandDeps): void {
  const group = program.command('environments').description('See, add, change and delete environments.')
  const open = (flags: CommonFlags) => deps.open(flags as never)
  const command = (name: string, description: string) => deps.command(name, description, group)
  const say = sayTo(deps)
  const done = (flags: CommonFlags, { environment }: { environment: EnvironmentItem }) =>
    say(flags, [environment], lines([environment]))

  command('list', 'List the environments in their order.').action(async (flags: CommonFlags) => {
    const environments = await listOf(open(flags))
    say(flags, environments, lines(environments))
  })

  withFields(command('add', 'Add an environment after the others.'))
    .requiredOption('--name <name>', 'letters, digits, “.”, “_” and “-”')
    .action(async (flags: EnvironmentFlags) => {
      const connection = open(flags)
      const { repositoryId: own, ...others } = await inputOf(connection, flags)
      const input = { ...others, ...(own !== '' && { repositoryId: own }) }
      done(flags, await connection.result(createDocument, { input }))
    })

  withFields(command('update', 'Change an environment. What is not given stays; plans follow a new name.'))
    .argument('<environment>', 'its id or its name')
    .option('--name <name>', 'a new name')
    .option('--no-protected', 'take its protection away; needs --confirm-environment')
    .option('--position <number>', 'its place among the environments, counted from 0')
    .option('--confirm-environment <name>', 'its name, to take its protection away')
    .action(async (idOrName: string, flags: EnvironmentFlags) => {
      const connection = open(flags)
      const { id } = await find(connection, idOrName)
      const input = { id, ...(await inputOf(connection, flags)) }
      done(flags, await connection.result(updateDocument, { input }))
    })

  command('delete', 'Delete an environment that no source ever belonged to.')
    .argument('<environment>', 'its id or its name')
    .requiredOption('--yes', 'it cannot be taken back')
    .option('--confirm-environment <name>', 'its name, when it is protected')
    .action(async (idOrName: string, flags: EnvironmentFlags) => {
      const connection = open(flags)
      const { id, name } = await find(connection, idOrName)
      await connection.result(deleteDocument, { id, confirmEnvironment: flags.confirmEnvironment })
      say(flags, [{ id, name }], [`Deleted: ${printable(name)}`])
    })
}

const withFields = (command: Command): Command =>
  command
    .option('--colour <colour>', 'slate, red, orange, amber, green, teal, blue, violet or pink')
    .option('--protected', 'what cannot be undone in it asks for its name')
    .option('--time-zone <name>', 'in which its schedules are meant, like Europe/Berlin')
    .option(
      '--blackout <time...>',
      'no plan starts with its sources then, like “mon-fri 08:00-18:00”; “none” for no such time',
    )
    .option('--repository <name>', 'where its sources are saved, by name or id; “none” for the default one')

/** Only what was given. */
async function inputOf(connection: Connection, flags: EnvironmentFlags): Promise<Record<string, unknown>> {
  const { name, colour, timeZone, repository, position, confirmEnvironment } = flags
  if (position !== undefined && !/^\d+$/.test(position))
    throw new CommandFailed(`“${position}” is no place.`, 'Give a whole number, 0 for the first.')
  const given = {
    name,
    colour,
    protected: flags.protected,
    timeZone,
    blackouts: blackoutsOf(flags.blackout),
    confirmEnvironment,
    position: position === undefined ? undefined : Number(position),
    repositoryId: repository === undefined ? undefined : await repositoryId(connection, repository),
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

const repositoryId = async (connection: Connection, name: string): Promise<string> =>
  name === 'none' ? '' : (await findRepository(connection, name)).id

const listOf = async (connection: Connection): Promise<EnvironmentItem[]> =>
  (await connection.ask<{ environments: EnvironmentItem[] }>(listDocument, {})).environments

async function find(connection: Connection, idOrName: string): Promise<EnvironmentItem> {
  const environments = await listOf(connection)
  const found = environments.find(({ id, name }) => id === idOrName || name === idOrName)
  if (found) return found
  const known = environments.map(({ name }) => name).join(', ')
  throw new CommandFailed(`There is no environment “${idOrName}”.`, `Use one of: ${known}.`, {
    code: 'ENVIRONMENT_UNKNOWN',
  })
}

function lines(environments: EnvironmentItem[]): string[] {
  if (environments.length === 0) return ['There is no environment yet.']
  const rows = environments.map((one) => [
    one.id,
    printable(one.name),
    one.protected ? 'protected' : '–',
    one.timeZone,
    one.blackouts.map(blackoutWords).join('; ') || '–',
    one.repository ? printable(one.repository.name) : 'default',
    String(one.sources.length),
    one.hasWorker ? 'serves it' : 'none',
  ])
  return columns([
    ['id', 'environment', 'protected', 'time zone', 'starts nothing', 'saved in', 'sources', 'worker'],
    ...rows,
  ])
}
