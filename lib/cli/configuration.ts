import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { references } from '#lib/configuration/references.ts'
import { type CommandDeps, type CommonFlags, sayTo } from './command.ts'
import * as documents from './configuration-documents.ts'
import { diffLines } from './configuration-text.ts'
import type { Connection } from './connection.ts'
import { CommandFailed } from './failure.ts'
import { readText, textOf, withoutLineEnd } from './settings.ts'

interface FileFlags extends CommonFlags {
  prune?: boolean
}
interface ApplyFlags extends FileFlags {
  yes?: boolean
  confirmEnvironment?: string[]
  untested?: boolean
}

/** restic makes repositories, and sources are looked at. */
const APPLY_TIMEOUT_MS = 600_000
const DIFF_TIMEOUT_MS = 120_000

/** `config …`: all that can be configured, as one file. */
export function addConfigurationCommands(program: Command, deps: CommandDeps): void {
  const group = program
    .command('config')
    .description('Export the configuration as a file, compare a file with it, and apply it.')
    .addHelpText('after', FILE_HELP)
  const open = (flags: CommonFlags) => deps.open(flags as never)
  const command = (name: string, description: string) => deps.command(name, description, group)
  const say = sayTo(deps)

  command('export', 'Write the configuration as YAML, without secrets.')
    .option('--file <file>', 'write it there; standard output when left out')
    .action(async (flags: CommonFlags & { file?: string }) => {
      const { configuration } = await open(flags).ask<{ configuration: { yaml: string } }>(
        documents.configurationDocument,
        {},
      )
      if (flags.file === undefined) return say(flags, [configuration], [configuration.yaml.trimEnd()])
      await write(flags.file, configuration.yaml)
      say(flags, [{ file: flags.file }], [`Written: ${flags.file}`])
    })

  withFile(command('diff', 'Show what a file would change. Exit code: 0 nothing, 2 something, 1 an error.')).action(
    async (file: string, flags: FileFlags) => {
      const found = await compare(open(flags), await readFile(file), flags)
      say(flags, [found], diffLines(found, deps.colour), found.changes.length === 0 ? 0 : 2)
    },
  )

  withFile(command('apply', 'Show what a file would change, ask, and change it. Applied again, it changes nothing.'))
    .option('--yes', 'do not ask')
    .option('--confirm-environment <name...>', 'protected ones, for what needs their names')
    .option('--untested', 'do not look at sources before they are made or changed')
    .action(async (file: string, flags: ApplyFlags) => {
      const connection = open(flags)
      const asked = await readFile(file)
      const found = await compare(connection, asked, flags)
      if (found.changes.length === 0) return say(flags, [found], diffLines(found, deps.colour))
      if (!flags.json) for (const line of diffLines(found, deps.colour)) deps.stdout.write(`${line}\n`)
      if (!flags.yes) await confirm(file, flags)
      const { confirmEnvironment, untested, prune } = flags
      const input = { ...asked, prune, confirmEnvironment, untested, expected: found.fingerprint }
      await connection.result(documents.applyConfigurationDocument, { input }, APPLY_TIMEOUT_MS)
      say(flags, [found], ['Applied.'])
    })

  /** The file with the secrets that it refers to, as far as they are here: the server may have the others. */
  async function readFile(file: string): Promise<{ yaml: string; secrets: object[] }> {
    const yaml = await textOf(file, deps.input)
    const secrets: object[] = []
    for (const one of references(yaml)) {
      const value = 'fromEnv' in one ? deps.input.variable(one.fromEnv) : await secretIn(one.fromFile)
      if (value) secrets.push({ ...one, value })
    }
    return { yaml, secrets }
  }

  async function confirm(file: string, flags: ApplyFlags): Promise<void> {
    const { ask } = deps.input
    if (flags.json || file === '-' || ask === undefined)
      throw new CommandFailed('Nobody can be asked whether to apply it.', 'Look at the changes, then add --yes.')
    const answer = await ask('Apply these changes? Type “yes”: ')
    if (answer.trim().toLowerCase() !== 'yes')
      throw new CommandFailed('Nothing was changed.', 'Answer “yes”, or add --yes, to apply it.')
  }
}

async function compare(connection: Connection, asked: object, { prune }: FileFlags): Promise<documents.Diff> {
  return connection.result(documents.configurationDiffDocument, { input: { ...asked, prune } }, DIFF_TIMEOUT_MS)
}

const withFile = (command: Command): Command =>
  command
    .argument('<file>', 'YAML; “-” reads standard input')
    .option('--prune', 'delete what is not in a section that the file has')

/** Undefined when there is no such file. Throws CommandFailed when it cannot be read. */
async function secretIn(file: string): Promise<string | undefined> {
  return existsSync(file) ? withoutLineEnd(await readText(file)) : undefined
}

async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text)
  } catch (cause) {
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException
    throw new CommandFailed(`“${file}” cannot be written: ${code}.`, 'Check the path and its permissions.', { cause })
  }
}

const FILE_HELP = `
In the file, {secret: kept} stands for a secret that the server has. One that it has not comes from here:
  password: {fromEnv: SHOP_PASSWORD}      an environment variable of this command
  password: {fromFile: /run/secrets/shop} a file that this command can read
Where that is not set, or is not there, the server keeps the secret that it has.`
