import { randomUUID } from 'node:crypto'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { CommandDeps, CommonFlags } from './command.ts'
import type { Connection, TriggerInput } from './connection.ts'
import { type Backup, hasEnded } from './documents.ts'
import type { ClientEnvironment } from './environment.ts'
import { CommandFailed } from './failure.ts'
import { follow, unknownBackup } from './follow.ts'
import { jsonScreen, liveScreen, type Output, plainScreen, type Screen } from './screen.ts'
import { exitCodeOf, summarise } from './summary.ts'

/** What watching needs to know of where it runs. */
export interface Watching {
  environment: ClientEnvironment
  stdout: Output
  /** Aborts when the person wants to stop watching. */
  interrupted: AbortSignal
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

/** `trigger`, `status`, `cancel` and `watch`. */
export function addBackupCommands(program: Command, deps: CommandDeps, surroundings: Watching): void {
  const { leave } = deps
  const open = (flags: CommonFlags) => deps.open(flags as never)

  deps
    .command('trigger', 'Trigger a backup now.', program)
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

  deps
    .command('status', 'Show a backup as it is now.', program)
    .argument('<id>')
    .action(async (id: string, flags: CommonFlags) => {
      const backup = await find(open(flags), id)
      report(backup, flags, surroundings)
      leave(hasEnded(backup.state) ? exitCodeOf(backup.state) : 0)
    })

  deps
    .command('cancel', 'Cancel a backup that has not ended.', program)
    .argument('<id>')
    .action(async (id: string, flags: CommonFlags) => {
      report(await open(flags).cancel(id), flags, surroundings)
      leave(0)
    })

  deps
    .command('watch', 'Watch a backup until it has ended.', program)
    .argument('<id>')
    .action(async (id: string, flags: CommonFlags) => {
      const connection = open(flags)
      leave(await watchToEnd(connection, await find(connection, id), flags, surroundings))
    })
}

async function watchToEnd(
  connection: Connection,
  backup: Backup,
  flags: CommonFlags,
  surroundings: Watching,
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

function chooseScreen(flags: CommonFlags, { stdout, environment }: Watching): Screen {
  if (flags.json) return jsonScreen(stdout)
  return stdout.isTTY ? liveScreen(stdout, environment.colour) : plainScreen(stdout)
}

function report(backup: Backup, flags: CommonFlags, { stdout, environment }: Watching): void {
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
