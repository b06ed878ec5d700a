import type { Command } from 'commander'
import { type CommandDeps, type CommonFlags, sayTo } from './command.ts'
import type { Connection } from './connection.ts'
import { CommandFailed } from './failure.ts'
import { findRepository } from './find-repository.ts'
import { formLines } from './form-text.ts'
import { addCopyCommands } from './repository-copies.ts'
import * as documents from './repository-documents.ts'
import { addKitCommand } from './repository-kit.ts'
import { addLockCommands } from './repository-locks.ts'
import { addRepairCommand } from './repository-repair.ts'
import { addTaskCommands } from './repository-tasks.ts'
import * as text from './repository-text.ts'
import {
  asksForSettings,
  type PasswordFlags,
  passwordFrom,
  type SettingsFlags,
  settingsFrom,
  withPassword,
  withSettings,
} from './settings.ts'

interface PlaceFlags extends CommonFlags, SettingsFlags, PasswordFlags {
  kind: string
}
interface AddFlags extends PlaceFlags {
  name: string
  existing?: boolean
  copyOf?: string
}
interface UpdateFlags extends CommonFlags, SettingsFlags {
  name?: string
  option?: string[]
}

/** A test is over within ten seconds, but restic may need longer to make a repository, or to read all its snapshots. */
const MAKE_TIMEOUT_MS = 300_000

/** `repositories …`: where snapshots go. */
export function addRepositoryCommands(program: Command, deps: CommandDeps): void {
  const { input } = deps
  const group = program.command('repositories').description('See, try, add and look after the places of backups.')
  const open = (flags: CommonFlags) => deps.open(flags as never)
  const command = (name: string, description: string) => deps.command(name, description, group)
  const say = sayTo(deps)

  command('list', 'List the repositories.').action(async (flags: CommonFlags) => {
    const { repositories } = await open(flags).ask<{ repositories: documents.RepositoryItem[] }>(
      documents.repositoriesDocument,
      {},
    )
    say(flags, repositories, text.repositoryLines(repositories))
  })

  command('kinds', 'List the kinds of repositories, or the settings of one.')
    .argument('[kind]')
    .action(async (name: string | undefined, flags: CommonFlags) => {
      const kinds = await kindsOf(open(flags))
      if (name === undefined) return say(flags, kinds, text.kindLines(kinds))
      const kind = pick(kinds, name)
      say(flags, [kind], formLines(kind))
    })

  command('show', 'Show a repository with its settings; secrets are never shown.')
    .argument('<repository>', 'its id or its name')
    .action(async (idOrName: string, flags: CommonFlags) => {
      const repository = await detail(open(flags), idOrName)
      say(flags, [repository], text.repositoryText(repository))
    })

  command('stats', 'Show how big a repository was when it was counted last.')
    .argument('<repository>', 'its id or its name')
    .action(async (idOrName: string, flags: CommonFlags) => {
      const connection = open(flags)
      const { id } = await findRepository(connection, idOrName)
      const { repository } = await connection.ask<{ repository: { latestFigures: documents.Figures | null } }>(
        documents.figuresDocument,
        { id },
      )
      const { latestFigures } = repository
      say(flags, latestFigures === null ? [] : [latestFigures], text.figuresLines(latestFigures))
    })

  const place = async (connection: Connection, flags: PlaceFlags) => {
    const settings = await settingsFrom(flags, pick(await kindsOf(connection), flags.kind), {}, input)
    const password = await passwordFrom(flags, input)
    return { kind: flags.kind, settings, ...(password !== undefined && { password }) }
  }

  withPassword(withSettings(command('test', 'Look at a place, within ten seconds; nothing is written.')))
    .requiredOption('--kind <kind>', 'see “repositories kinds”')
    .action(async (flags: PlaceFlags) => {
      const connection = open(flags)
      const variables = { input: await place(connection, flags) }
      const found = await connection.result<{ state: string; location: string }>(documents.testDocument, variables)
      say(flags, [found], text.placeLines(found))
    })

  withPassword(withSettings(command('add', 'Make a repository, or connect one that exists.')))
    .requiredOption('--name <name>', 'what people call it')
    .requiredOption('--kind <kind>', 'see “repositories kinds”')
    .option('--existing', 'connect one that exists, with its password')
    .option('--copy-of <repository>', 'a new one for second copies of that one, which then need little space')
    .action(async (flags: AddFlags) => {
      const connection = open(flags)
      const { name, existing = false } = flags
      const copyOf = flags.copyOf === undefined ? {} : { copyOf: (await findRepository(connection, flags.copyOf)).id }
      const made = { ...(await place(connection, flags)), ...copyOf, name, existing }
      const { repository } = await connection.result<{ repository: documents.RepositoryItem }>(
        documents.createDocument,
        { input: made },
        MAKE_TIMEOUT_MS,
      )
      say(flags, [repository], [...text.repositoryLines([repository]), text.kitHint(repository)])
    })

  command('adopt', 'Take the snapshots of a connected repository into the history; nothing in it is changed.')
    .argument('<repository>', 'its id or its name')
    .action(async (idOrName: string, flags: CommonFlags) => {
      const connection = open(flags)
      const { id } = await findRepository(connection, idOrName)
      const adopted = await connection.result<documents.Adopted>(documents.adoptDocument, { id }, MAKE_TIMEOUT_MS)
      say(flags, [adopted], text.adoptedLines(adopted))
    })

  command('options', 'List what can be chosen for a repository besides its place.').action(
    async (flags: CommonFlags) => {
      const form = await optionsForm(open(flags))
      say(flags, [form], formLines({ form, secretFields: [] }))
    },
  )

  withSettings(command('update', 'Change its name, place or options. Secrets that are not given stay.'))
    .argument('<repository>', 'its id or its name')
    .option('--name <name>', 'a new name')
    .option('--option <option=value...>', 'see “repositories options”; without a value: its default')
    .action(async (idOrName: string, flags: UpdateFlags) => {
      const connection = open(flags)
      const repository = await detail(connection, idOrName)
      const variables = { input: await changeOf(connection, repository, flags) }
      const answer = await connection.result<{ repository: documents.RepositoryItem }>(
        documents.updateDocument,
        variables,
      )
      say(flags, [answer.repository], text.repositoryLines([answer.repository]))
    })

  async function changeOf(connection: Connection, repository: documents.RepositoryDetail, flags: UpdateFlags) {
    const { id, kind, settings, options } = repository
    const { name, option } = flags
    const unset = option?.filter((pair) => pair.endsWith('=')).map((pair) => pair.slice(0, -1)) ?? []
    const set = option?.filter((pair) => !pair.endsWith('=')) ?? []
    const form = { form: await optionsForm(connection), secretFields: [] }
    return {
      id,
      ...(name !== undefined && { name }),
      ...(option && { options: await settingsFrom({ set, unset }, form, options, input) }),
      ...(asksForSettings(flags) && {
        settings: await settingsFrom(flags, pick(await kindsOf(connection), kind), settings, input),
      }),
    }
  }

  command('default', 'Save sources there that have no repository of their own.')
    .argument('<repository>', 'its id or its name')
    .action(async (idOrName: string, flags: CommonFlags) => {
      const connection = open(flags)
      const { id } = await findRepository(connection, idOrName)
      const { repository } = await connection.result<{ repository: documents.RepositoryItem }>(
        documents.defaultDocument,
        { id },
      )
      say(flags, [repository], text.repositoryLines([repository]))
    })

  command('remove', 'Forget a repository that nothing refers to. What is in it stays there.')
    .argument('<repository>', 'its id or its name')
    .requiredOption('--yes', 'its password is forgotten; keep the recovery kit')
    .action(async (idOrName: string, flags: CommonFlags) => {
      const connection = open(flags)
      const { id, name } = await findRepository(connection, idOrName)
      const removed = await connection.result<{ id: string }>(documents.removeDocument, { id })
      say(flags, [removed], [`“${name}” is removed. What is in it stays where it is.`])
    })

  addKitCommand(command, deps)
  addTaskCommands(command, deps)
  addLockCommands(command, deps)
  addCopyCommands(command, deps)
  addRepairCommand(command, deps)
}

async function kindsOf(connection: Connection): Promise<documents.RepositoryKind[]> {
  return (await connection.ask<{ repositoryKinds: documents.RepositoryKind[] }>(documents.kindsDocument, {}))
    .repositoryKinds
}

async function optionsForm(connection: Connection): Promise<Record<string, unknown>> {
  return (await connection.ask<{ repositoryOptionsForm: Record<string, unknown> }>(documents.optionsFormDocument, {}))
    .repositoryOptionsForm
}

function pick(kinds: documents.RepositoryKind[], name: string): documents.RepositoryKind {
  const found = kinds.find((one) => one.kind === name)
  if (found) return found
  throw new CommandFailed(`There is no kind “${name}”.`, `Use one of: ${kinds.map((one) => one.kind).join(', ')}.`, {
    code: 'REPOSITORY_KIND_UNKNOWN',
  })
}

async function detail(connection: Connection, idOrName: string): Promise<documents.RepositoryDetail> {
  const { id } = await findRepository(connection, idOrName)
  return (await connection.ask<{ repository: documents.RepositoryDetail }>(documents.repositoryDocument, { id }))
    .repository
}
