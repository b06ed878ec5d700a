import type { Command } from 'commander'
import { type CommandDeps, type CommonFlags, sayTo } from './command.ts'
import type { Connection } from './connection.ts'
import { CommandFailed } from './failure.ts'
import { findRepository } from './find-repository.ts'
import { formLines } from './form-text.ts'
import {
  asksForSettings,
  textOf as contentOf,
  jsonListOf,
  type SettingsFlags,
  type SettingsInput,
  settingsFrom,
  withSettings,
} from './settings.ts'
import * as documents from './source-documents.ts'
import * as text from './source-text.ts'

interface LookFlags extends CommonFlags, SettingsFlags {
  environment?: string
  kind?: string
}
interface SaveFlags extends LookFlags {
  name?: string
  untested?: boolean
  disabled?: boolean
  /** False: --no-repository. */
  repository?: string | false
  tag?: string[]
  maxAge?: string
  assertions?: string
  maskingSql?: string
}

/** The server gives up after 30 seconds; its answer must not be missed. */
const LOOK_TIMEOUT_MS = 60_000

/** `sources …`: what is backed up. */
export function addSourceCommands(program: Command, deps: CommandDeps): void {
  const { input } = deps
  const sources = program.command('sources').description('See, try, add, change and delete what is backed up.')
  const open = (flags: CommonFlags) => deps.open(flags as never)
  const command = (name: string, description: string) => deps.command(name, description, sources)
  const say = sayTo(deps)

  command('list', 'List the sources.')
    .option('--environment <name>', 'only of this environment')
    .action(async (flags: LookFlags) => {
      const variables = { environment: flags.environment ?? null }
      const found = await open(flags).ask<{ sources: documents.SourceItem[] }>(documents.sourcesDocument, variables)
      say(flags, found.sources, text.sourceLines(found.sources))
    })

  command('kinds', 'List the kinds of sources, or the settings of one.')
    .argument('[kind]')
    .action(async (name: string | undefined, flags: CommonFlags) => {
      const kinds = await kindsOf(open(flags))
      if (name === undefined) return say(flags, kinds, text.kindLines(kinds))
      const kind = pick(kinds, name)
      say(flags, [kind], formLines(kind))
    })

  command('show', 'Show a source with its settings; secrets are never shown.')
    .argument('<id>')
    .action(async (id: string, flags: CommonFlags) => {
      const source = await find(open(flags), id)
      say(flags, [source], text.sourceText(source))
    })

  const look = <Answer>(
    name: string,
    description: string,
    document: string,
    show: (flags: CommonFlags, answer: Answer) => void,
  ) =>
    withSettings(command(name, description))
      .argument('[id]', 'a source that exists; settings that are given are tried in place of its own')
      .option('--kind <kind>', 'without an id: what it would be')
      .option('--environment <name>', 'without an id: where it would be')
      .action(async (id: string | undefined, flags: LookFlags) => {
        const connection = open(flags)
        const candidate = await candidateOf(connection, id, flags, input)
        show(flags, await connection.result<Answer>(document, { input: candidate }, LOOK_TIMEOUT_MS))
      })
  look<documents.Tested>('test', 'Look at a source as a backup would.', documents.testDocument, (flags, tested) =>
    say(flags, [tested], text.testLines(tested)),
  )
  look<{ found: { name: string; bytes: number | null }[] }>(
    'discover',
    'List the databases or buckets of a server.',
    documents.discoverDocument,
    (flags, { found }) => say(flags, found, text.foundLines(found)),
  )
  look<documents.Preview>('preview', 'Show what patterns take.', documents.previewDocument, (flags, preview) =>
    say(flags, [preview], text.previewLines(preview)),
  )

  type Saved = { source: documents.SourceItem; found: string | null; warnings: string[] }
  const saved = (flags: CommonFlags, { source, found, warnings }: Saved) =>
    say(
      flags,
      [source],
      [...(found === null ? [] : [found]), ...warnings.map((one) => `warning: ${one}`), ...text.sourceLines([source])],
    )

  withSettings(command('add', 'Add a source; the server looks at it first.'))
    .requiredOption('--environment <name>', 'where it belongs')
    .requiredOption('--name <name>', 'what people call it')
    .requiredOption('--kind <kind>', 'see “sources kinds”')
    .option('--untested', 'keep it without looking at it first')
    .option('--disabled', 'leave it out of backups for now')
    .option('--repository <name>', 'where it is saved; in the default one when left out')
    .option('--tag <tag...>', 'words by which plans choose it')
    .action(async (flags: SaveFlags) => {
      const connection = open(flags)
      const { environment, name, kind, untested = false, disabled = false } = flags
      const settings = await settingsFrom(flags, pick(await kindsOf(connection), kind ?? ''), {}, input)
      const made = {
        environment,
        name,
        kind,
        settings,
        untested,
        enabled: !disabled,
        tags: flags.tag ?? [],
        ...(await savedIn(connection, flags)),
      }
      saved(flags, await connection.result<Saved>(documents.createDocument, { input: made }, LOOK_TIMEOUT_MS))
    })

  withSettings(command('update', 'Change a source. Secrets that are not given stay.'))
    .argument('<id>')
    .option('--name <name>', 'a new name')
    .option('--repository <name>', 'where it is saved from now on')
    .option('--no-repository', 'save it in the default one again')
    .option('--tag <tag...>', 'words by which plans choose it, in place of the old ones')
    .option('--max-age <hours>', 'how old its newest good backup may become; “none”: as its plans say')
    .option(
      '--assertions <file>',
      'what a verification asserts, a JSON list in place of the old one; “-” reads standard input',
    )
    .option(
      '--masking-sql <file>',
      'SQL that is run in copies in other environments before anybody sees them; an empty one: none',
    )
    .option('--untested', 'keep it without looking at it first')
    .action(async (id: string, flags: SaveFlags) => {
      const connection = open(flags)
      const { settings } = (await candidateOf(connection, id, flags, input)) as { settings?: object }
      const { name, untested = false } = flags
      const change = {
        id,
        untested,
        ...(name !== undefined && { name }),
        ...(settings && { settings }),
        ...(flags.tag && { tags: flags.tag }),
        ...(flags.assertions && { assertions: await jsonListOf(flags.assertions, input) }),
        ...(flags.maskingSql && { maskingSql: await contentOf(flags.maskingSql, input) }),
        ...(flags.maxAge && { maxAgeHours: flags.maxAge === 'none' ? null : Number(flags.maxAge) }),
        ...(await savedIn(connection, flags)),
      }
      saved(flags, await connection.result<Saved>(documents.updateDocument, { input: change }, LOOK_TIMEOUT_MS))
    })

  const act = (name: string, description: string, document: string) =>
    command(name, description)
      .argument('<id>')
      .action(async (id: string, flags: CommonFlags) => {
        const { source } = await open(flags).result<{ source: documents.SourceItem }>(document, { id })
        say(flags, [source], text.sourceLines([source]))
      })
  act('enable', 'Take a source into backups again.', documents.enableDocument)
  act('disable', 'Leave a source out of every backup.', documents.disableDocument)
  command('delete', 'Delete a source. Its history and its snapshots stay.')
    .argument('<id>')
    .requiredOption('--yes', 'it cannot be taken back')
    .option('--confirm-environment <name>', 'the name of its environment, when that is protected')
    .action(async (id: string, flags: CommonFlags & { confirmEnvironment?: string }) => {
      const { confirmEnvironment } = flags
      const variables = { id, confirmEnvironment }
      const { source } = await open(flags).result<{ source: documents.SourceItem }>(documents.deleteDocument, variables)
      say(flags, [source], text.sourceLines([source]))
    })
}

/** The choice of a repository, as far as one was made. */
async function savedIn(connection: Connection, { repository }: SaveFlags): Promise<{ repositoryId?: string | null }> {
  if (repository === undefined) return {}
  return { repositoryId: repository === false ? null : (await findRepository(connection, repository)).id }
}

async function candidateOf(connection: Connection, id: string | undefined, flags: LookFlags, input: SettingsInput) {
  if (id !== undefined) {
    if (!asksForSettings(flags)) return { id }
    const source = await find(connection, id)
    const kind = pick(await kindsOf(connection), source.kind)
    return { id, settings: await settingsFrom(flags, kind, source.settings, input) }
  }
  const { kind, environment } = flags
  if (kind === undefined || environment === undefined)
    throw new CommandFailed(
      'It is not said which source is meant.',
      'Give the id of one that exists (“sources list”), or --kind, --environment and settings.',
    )
  const settings = await settingsFrom(flags, pick(await kindsOf(connection), kind), {}, input)
  return { kind, environment, settings }
}

async function kindsOf(connection: Connection): Promise<documents.Kind[]> {
  return (await connection.ask<{ sourceKinds: documents.Kind[] }>(documents.kindsDocument, {})).sourceKinds
}

function pick(kinds: documents.Kind[], name: string): documents.Kind {
  const found = kinds.find((one) => one.kind === name)
  if (found) return found
  throw new CommandFailed(`There is no kind “${name}”.`, `Use one of: ${kinds.map((one) => one.kind).join(', ')}.`, {
    code: 'SOURCE_KIND_UNKNOWN',
  })
}

async function find(connection: Connection, id: string): Promise<documents.SourceDetail> {
  const { source } = await connection.ask<{ source: documents.SourceDetail | null }>(documents.sourceDocument, { id })
  if (source) return source
  throw new CommandFailed(`There is no source “${id}”.`, 'Take the id from “sources list”.', { code: 'SOURCE_UNKNOWN' })
}
