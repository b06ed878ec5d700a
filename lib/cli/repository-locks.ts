import type { Command } from 'commander'
import { type CommandDeps, type CommonFlags, sayTo } from './command.ts'
import type { Connection } from './connection.ts'
import type { Problem } from './documents.ts'
import { CommandFailed } from './failure.ts'
import { findRepository } from './find-repository.ts'
import { type Lock, locksDocument, removeLocksDocument } from './repository-documents.ts'
import { lockLines } from './repository-text.ts'

interface UnlockFlags extends CommonFlags {
  lock: string[]
  keep?: string[]
}

/** `repositories locks` and `repositories unlock`. */
export function addLockCommands(command: (name: string, description: string) => Command, deps: CommandDeps): void {
  const open = (flags: CommonFlags) => deps.open(flags as never)
  const say = sayTo(deps)

  command('locks', 'Show who has a repository locked now.')
    .argument('<repository>', 'its id or its name')
    .action(async (idOrName: string, flags: CommonFlags) => {
      const connection = open(flags)
      const locks = await locksOf(connection, (await findRepository(connection, idOrName)).id)
      say(flags, locks, lockLines(locks))
    })

  command('unlock', 'Remove locks of programs that you know to be dead. Whoever still works under one may lose data.')
    .argument('<repository>', 'its id or its name')
    .requiredOption('--lock <lock...>', 'which, as “repositories locks” shows them')
    .option('--keep <lock...>', 'other locks that you have seen and that stay; with one that is new nothing is removed')
    .requiredOption('--yes', 'those programs are dead')
    .action(async (idOrName: string, flags: UnlockFlags) => {
      const connection = open(flags)
      const { id: repositoryId } = await findRepository(connection, idOrName)
      const present = await locksOf(connection, repositoryId)
      const remove = flags.lock.map((start) => wholeId(present, start))
      const seen = [...remove, ...(flags.keep ?? []).map((start) => wholeId(present, start))]
      const variables = { input: { repositoryId, remove, seen } }
      const { removed } = await connection.result<{ removed: Lock[] }>(removeLocksDocument, variables)
      say(flags, removed, removed.length === 0 ? ['They were gone already.'] : ['Removed:', ...lockLines(removed)])
    })
}

async function locksOf(connection: Connection, id: string): Promise<Lock[]> {
  const { repository } = await connection.ask<{ repository: { locks: { locks: Lock[] } | Problem } }>(locksDocument, {
    id,
  })
  const { locks } = repository
  if ('locks' in locks) return locks.locks
  throw new CommandFailed(locks.message, locks.remedy, { code: locks.code })
}

function wholeId(locks: Lock[], start: string): string {
  const [found, other] = locks.filter(({ id }) => id.startsWith(start))
  if (found && !other) return found.id
  throw new CommandFailed(
    `“${start}” is ${found ? 'more than one lock' : 'no lock that is there now'}.`,
    'Take them from “repositories locks”.',
  )
}
