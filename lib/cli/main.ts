import { Command, CommanderError, Option } from 'commander'
import { addConfigurationCommands } from './configuration.ts'
import { connect } from './connection.ts'
import { processInput, readClientEnvironment } from './environment.ts'
import { addEnvironmentCommands } from './environments.ts'
import { CommandFailed } from './failure.ts'
import { addOptionCommands } from './options.ts'
import { addPlanCommands } from './plans.ts'
import { addRepositoryCommands } from './repositories.ts'
import { addRestoreCommands } from './restore.ts'
import { addRestoreBackupCommand } from './restore-backup.ts'
import { addRestoreDocumentCommand } from './restore-document.ts'
import { addRetentionCommands } from './retention.ts'
import type { Output } from './screen.ts'
import type { SettingsInput } from './settings.ts'
import { addSnapshotCommands } from './snapshots.ts'
import { addSourceCommands } from './sources.ts'
import { addBackupCommands, type Watching } from './trigger.ts'
import { addVerificationCommands } from './verifications.ts'

/** Where the client writes and what it knows of its surroundings. */
export interface Surroundings extends Watching {
  stderr: Output
  /** Where secrets come from; the process's own when left out. */
  input?: SettingsInput
}

interface ServerFlags {
  url: string
  token?: string
}

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

  const open = (flags: ServerFlags) => connect({ url: flags.url, token: flags.token ?? environment.token })

  const colour = Boolean(stdout.isTTY) && environment.colour
  const deps = { command, open, stdout, colour, input: surroundings.input ?? processInput, leave }
  addBackupCommands(program, deps, surroundings)
  addEnvironmentCommands(program, deps)
  addSourceCommands(program, deps)
  addRepositoryCommands(program, deps)
  addPlanCommands(program, deps)
  addRestoreCommands(program, deps)
  addVerificationCommands(program, deps)
  addRetentionCommands(program, deps)
  addRestoreBackupCommand(program, deps)
  addRestoreDocumentCommand(program, deps)
  addSnapshotCommands(program, deps)
  addOptionCommands(program, deps)
  addConfigurationCommands(program, deps)
  return program
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
