import { randomUUID } from 'node:crypto'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { addConfigurationCommands } from './configuration.ts'
import { type Connection, connect, type TriggerInput } from './connection.ts'
import type { Backup } from './documents.ts'
import { hasEnded } from './documents.ts'
import { type ClientEnvironment, processInput, readClientEnvironment } from './environment.ts'
import { addEnvironmentCommands } from './environments.ts'
import { CommandFailed } from './failure.ts'
import { follow, unknownBackup } from './follow.ts'
import { addOptionCommands } from './options.ts'
import { addPlanCommands } from './plans.ts'
import { addRepositoryCommands } from './repositories.ts'
import { addRestoreCommands } from './restore.ts'
import { addRestoreDocumentCommand } from './restore-document.ts'
import { addRetentionCommands } from './retention.ts'
import { jsonScreen, liveScreen, type Output, plainScreen, type Screen } from './screen.ts'
import type { SettingsInput } from './settings.ts'
import { addSnapshotCommands } from './snapshots.ts'
import { addSourceCommands } from './sources.ts'
import { exitCodeOf, summarise } from './summary.ts'

/** Where the client writes and what it knows of its surroundings. */
export interface Surroundings {
  environment: ClientEnvironment
  stdout: Output
  stderr: Output
  /** Aborts when the person wants to stop watching. */
  interrupted: AbortSignal
  /** Where secrets come from; the process's own when left out. */
  input?: SettingsInput
}

interface CommonFlags {
  url: string
  token?: string
  json?: boolean
}

interface TriggerFlags extends CommonFlags {
  type: string
  environment?: string[]
  source?: string[]
  description?: string
  database?: string
  path?: string
  compression?: number
  notify?: boolean
  logVerbosity?: string
  keepDays?: number
  idempotencyKey?: string
  wait?: boolean
}

const TYPES: Record<string, string> = { database: 'DATABASE', user_data: 'USER_DATA', storage: 'STORAGE', full: 'FULL' }

const VERBOSITIES = ['DEBUG', 'INFO', 'WARNING', 'ERROR']

/** Runs one command line and gives its exit code: 0 succeeded, 2 saved in part, 1 anything else. Never throws. */
export async function main(args: string[], surroundings: Surroundings = realSurroundings()): Promise<number> {
  const { stdout, stderr } = surroundings
  let exitCode = 1
  const program = buildProgram(surroundings, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1
    const failure = error instanceof CommandFailed ? error : unexpected(error)
    if (program.opts().json || args.includes('--json')) {
      const { code = null, message, remedy } = failure
      stdout.write(`${JSON.stringify({ error: { code, message, remedy } })}\n`)
    } else {
      stderr.write(`${failure.message}${failure.code ? ` (${failure.code})` : ''}\nWhat to do: ${failure.remedy}\n`)
    }
    return 1
  }
}

function buildProgram(surroundings: Surroundings, leave: (code: number) => void): Command {
  const { environment, stdout, stderr } = surroundings
  const program = new Command('backup-trigger')
    .description('Trigger backups and watch them, and see to what is backed up, from shells and CI.')
    .exitOverride()
    .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: (text) => stderr.write(text) })
    .addHelpText('after', '\nExit code: 0 succeeded, 2 saved but some files could not be read, 1 anything else.')

  const command = (name: string, text: string, parent = program) =>
    parent
      .command(name)
      .description(text)
      .addOption(new Option('--url <address>', 'the server (BACKUP_TRIGGER_URL)').default(environment.url))
      .option(
        '--token <token>',
        'API token (better: BACKUP_TRIGGER_TOKEN, which other users of the machine cannot see)',
      )
      .option('--json', 'one JSON object per line')

  const open = (flags: CommonFlags) => connect({ url: flags.url, token: flags.token ?? environment.token })

  command('trigger', 'Trigger a backup now.')
    .addOption(
      new Option('--type <type>', 'what to back up')
        .choices(Object.keys(TYPES))
        .argParser(parseType)
        .makeOptionMandatory(),
    )
    .option('--environment <name...>', 'the environments; all when left out')
    .option('--source <id...>', 'only these sources')
    .option('--description <text>', 'why, for the history')
    .option('--database <name>', 'only this database (type database)')
    .option('--path <folder>', 'only this folder under a storage source (type storage)')
    .option('--compression <level>', '1 (least) to 9', parseLevel)
    .option('--keep-days <days>', 'keep its snapshots for so long, whatever the options say', parseDays)
    .option('--notify', 'tell people how it ended, whatever the options say')
    .option('--no-notify', 'tell nobody')
    .addOption(
      new Option('--log-verbosity <level>', 'keep lines of its runs’ logs from this level on').choices(VERBOSITIES),
    )
    .option('--idempotency-key <key>', 'repeating a request with the same key starts it once')
    .option('--wait', 'watch until the backup has ended; the exit code tells how')
    .action(async (flags: TriggerFlags) => {
      const connection = open(flags)
      const backup = await connection.trigger(inputOf(flags))
      if (flags.wait) return leave(await watchToEnd(connection, backup, flags, surroundings))
      report(backup, flags, surroundings)
      leave(0)
    })

  command('status', 'Show a backup as it is now.')
    .argument('<id>')
    .action(async (id: string, flags: CommonFlags) => {
      const backup = await find(open(flags), id)
      report(backup, flags, surroundings)
      leave(hasEnded(backup.state) ? exitCodeOf(backup.state) : 0)
    })

  command('cancel', 'Cancel a backup that has not ended.')
    .argument('<id>')
    .action(async (id: string, flags: CommonFlags) => {
      report(await open(flags).cancel(id), flags, surroundings)
      leave(0)
    })

  command('watch', 'Watch a backup until it has ended.')
    .argument('<id>')
    .action(async (id: string, flags: CommonFlags) => {
      const connection = open(flags)
      leave(await watchToEnd(connection, await find(connection, id), flags, surroundings))
    })

  const colour = Boolean(stdout.isTTY) && environment.colour
  const deps = { command, open, stdout, colour, input: surroundings.input ?? processInput, leave }
  addEnvironmentCommands(program, deps)
  addSourceCommands(program, deps)
  addRepositoryCommands(program, deps)
  addPlanCommands(program, deps)
  addRestoreCommands(program, deps)
  addRetentionCommands(program, deps)
  addRestoreDocumentCommand(program, deps)
  addSnapshotCommands(program, deps)
  addOptionCommands(program, deps)
  addConfigurationCommands(program, deps)
  return program
}

async function watchToEnd(
  connection: Connection,
  backup: Backup,
  flags: CommonFlags,
  surroundings: Surroundings,
): Promise<number> {
  const { stdout, interrupted } = surroundings
  const screen = chooseScreen(flags, surroundings)
  screen.begin(backup)
  let final: Backup
  try {
    // A backup that has already ended brings its log with it only where somebody asked for every event.
    const done = hasEnded(backup.state) && !flags.json
    final = done
      ? backup
      : await follow(connection, backup.id, { signal: interrupted, onEvent: (event) => screen.event(event) })
  } catch (error) {
    if (!interrupted.aborted) throw error
    throw new CommandFailed(
      `Stopped watching; the backup ${backup.id} goes on.`,
      `Take it up again with “backup-trigger watch ${backup.id}”, or stop it with “backup-trigger cancel ${backup.id}”.`,
    )
  } finally {
    screen.end()
  }
  if (!flags.json) stdout.write('\n')
  report(final, flags, surroundings)
  return exitCodeOf(final.state)
}

function chooseScreen(flags: CommonFlags, { stdout, environment }: Surroundings): Screen {
  if (flags.json) return jsonScreen(stdout)
  return stdout.isTTY ? liveScreen(stdout, environment.colour) : plainScreen(stdout)
}

function report(backup: Backup, flags: CommonFlags, { stdout, environment }: Surroundings): void {
  const colour = Boolean(stdout.isTTY) && environment.colour
  stdout.write(flags.json ? `${JSON.stringify(backup)}\n` : `${summarise(backup, colour).join('\n')}\n`)
}

async function find(connection: Connection, id: string): Promise<Backup> {
  const backup = await connection.backup(id)
  if (!backup) throw unknownBackup(id)
  return backup
}

/** The key is always sent, so that a trigger whose answer got lost can be found by the one who knows the key. */
function inputOf(flags: TriggerFlags): TriggerInput {
  return {
    type: flags.type,
    idempotencyKey: flags.idempotencyKey ?? randomUUID(),
    ...(flags.environment && { environments: flags.environment }),
    ...(flags.source && { sourceIds: flags.source }),
    ...(flags.description !== undefined && { description: flags.description }),
    ...(flags.database !== undefined && { databaseName: flags.database }),
    ...(flags.path !== undefined && { storagePath: flags.path }),
    ...(flags.compression !== undefined && { compressionLevel: flags.compression }),
    ...(flags.notify !== undefined && { notificationEnabled: flags.notify }),
    ...(flags.logVerbosity !== undefined && { logVerbosity: flags.logVerbosity }),
    ...(flags.keepDays !== undefined && { retentionDays: flags.keepDays }),
  }
}

function parseType(text: string): string {
  const type = TYPES[text.toLowerCase().replace('-', '_')]
  if (type) return type
  throw new InvalidArgumentError(`Use one of: ${Object.keys(TYPES).join(', ')}.`)
}

function parseLevel(text: string): number {
  if (/^[1-9]$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Use a whole number from 1 to 9.')
}

function parseDays(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Use a whole number of days.')
}

function unexpected(error: unknown): CommandFailed {
  return new CommandFailed(
    `The client failed in a way it did not foresee: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    'Report it with this text. A backup that was triggered goes on; look in the history.',
  )
}

function realSurroundings(): Surroundings {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  return {
    environment: readClientEnvironment(),
    stdout: process.stdout,
    stderr: process.stderr,
    interrupted: stop.signal,
  }
}
