import { setTimeout as pause } from 'node:timers/promises'
import { type Command, Option } from 'commander'
import { type CommandDeps, type CommonFlags, sayTo } from './command.ts'
import type { Connection } from './connection.ts'
import { hasEnded } from './documents.ts'
import { CommandFailed, ServerUnreachable } from './failure.ts'
import { findRepository } from './find-repository.ts'
import {
  cancelTaskDocument,
  passwordDocument,
  startTaskDocument,
  type Task,
  tasksDocument,
} from './repository-documents.ts'
import { findingsOf, taskLines, taskText } from './repository-text.ts'
import { type PasswordFlags, passwordFrom, withPassword } from './settings.ts'

export interface StartFlags extends CommonFlags {
  wait?: boolean
  readData?: string
}

const LOOK_EVERY_MS = 1_000
/** How long the server may be away before waiting is given up. */
const PATIENCE_MS = 120_000

/** What is done with a repository besides saving into it: starting it, seeing it, cancelling it. */
export function addTaskCommands(command: (name: string, description: string) => Command, deps: CommandDeps): void {
  const open = (flags: CommonFlags) => deps.open(flags as never)
  const say = sayTo(deps)

  const starting = (name: string, description: string) =>
    command(name, description)
      .argument('<repository>', 'its id or its name')
      .option('--wait', 'until it has ended; the exit code tells how')
  const start = async (idOrName: string, flags: StartFlags, what: { kind: string; options?: object }) => {
    const connection = open(flags)
    const { id } = await findRepository(connection, idOrName)
    const variables = { input: { repositoryId: id, ...what } }
    const { task } = await connection.result<{ task: Task }>(startTaskDocument, variables)
    await report(connection, id, task, flags)
  }
  const report = async (connection: Connection, id: string, task: Task, flags: StartFlags) => {
    if (!flags.wait) return say(flags, [task], taskLines([task]))
    const ended = await waitFor(connection, id, task)
    say(flags, [ended], taskText(ended), exitCodeOf(ended))
  }

  starting('prune', 'Remove the data that no snapshot needs any more.').action((idOrName: string, flags: StartFlags) =>
    start(idOrName, flags, { kind: 'PRUNE' }),
  )
  starting('check', 'Look whether the repository is whole.')
    .addOption(
      new Option('--read-data <much>', 'how much of the data is read, too')
        .choices(['share', 'all', 'none'])
        .default('share'),
    )
    .action((idOrName: string, flags: StartFlags) =>
      start(idOrName, flags, { kind: 'CHECK', options: { readData: flags.readData } }),
    )

  starting('count', 'Count its size again; see “repositories stats”.').action((idOrName: string, flags: StartFlags) =>
    start(idOrName, flags, { kind: 'STATISTICS' }),
  )

  withPassword(starting('password', 'Change its password: to a random one, or to the one that is given.')).action(
    async (idOrName: string, flags: StartFlags & PasswordFlags) => {
      const password = await passwordFrom(flags, deps.input)
      const connection = open(flags)
      const { id } = await findRepository(connection, idOrName)
      const variables = { id, ...(password !== undefined && { password }) }
      const { task } = await connection.result<{ task: Task }>(passwordDocument, variables)
      await report(connection, id, task, flags)
    },
  )

  command('tasks', 'List what was done with a repository, is being done and waits.')
    .argument('<repository>', 'its id or its name')
    .action(async (idOrName: string, flags: CommonFlags) => {
      const connection = open(flags)
      const tasks = await tasksOf(connection, (await findRepository(connection, idOrName)).id)
      say(flags, tasks, taskLines(tasks))
    })

  command('cancel-task', 'Cancel a task that has not ended.')
    .argument('<task>', 'its id')
    .action(async (id: string, flags: CommonFlags) => {
      const { task } = await open(flags).result<{ task: Task }>(cancelTaskDocument, { id })
      say(flags, [task], taskLines([task]))
    })
}

/** A check that was made and found damage is no success. */
export const exitCodeOf = (task: Task): number =>
  task.state === 'SUCCEEDED' && findingsOf(task)?.sound !== false ? 0 : 1

async function tasksOf(connection: Connection, id: string): Promise<Task[]> {
  const variables = { id, first: 100 }
  return (
    (await connection.ask<{ repository: { tasks: Task[] } | null }>(tasksDocument, variables)).repository?.tasks ?? []
  )
}

/** The task as it is when it has ended. */
export async function waitFor(connection: Connection, repositoryId: string, task: Task): Promise<Task> {
  let lastAnswer = performance.now()
  for (;;) {
    try {
      const now = (await tasksOf(connection, repositoryId)).find(({ id }) => id === task.id)
      if (!now) throw new CommandFailed('The task is gone: its repository was removed.', 'See “repositories list”.')
      lastAnswer = performance.now()
      if (hasEnded(now.state)) return now
    } catch (error) {
      if (!(error instanceof ServerUnreachable) || performance.now() - lastAnswer > PATIENCE_MS) throw error
    }
    await pause(LOOK_EVERY_MS)
  }
}
