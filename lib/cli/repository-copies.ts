import type { Command } from 'commander'
import { type CommandDeps, type CommonFlags, sayTo } from './command.ts'
import { CommandFailed } from './failure.ts'
import { findRepository } from './find-repository.ts'
import { copyMissingDocument, copyTargetDocument, type RepositoryItem } from './repository-documents.ts'
import { repositoryLines } from './repository-text.ts'

interface CopyFlags extends CommonFlags {
  nowhere?: boolean
}

/** `repositories copy-to` and `repositories copy-missing`: second copies of snapshots. */
export function addCopyCommands(command: (name: string, description: string) => Command, deps: CommandDeps): void {
  const open = (flags: CommonFlags) => deps.open(flags as never)
  const say = sayTo(deps)

  command('copy-to', 'Copy each snapshot of a repository to another one from now on.')
    .argument('<repository>', 'its id or its name')
    .argument('[target]', 'the id or the name of the other one')
    .option('--nowhere', 'no copies any more')
    .action(async (idOrName: string, target: string | undefined, flags: CopyFlags) => {
      if ((target === undefined) !== (flags.nowhere === true))
        throw new CommandFailed('It is not said where copies go.', 'Name another repository, or give --nowhere.')
      const connection = open(flags)
      const { id: repositoryId } = await findRepository(connection, idOrName)
      const targetId = target === undefined ? null : (await findRepository(connection, target)).id
      const variables = { input: { repositoryId, targetId } }
      const { repository, sharesPieces } = await connection.result<{
        repository: RepositoryItem
        sharesPieces: boolean | null
      }>(copyTargetDocument, variables)
      const warning =
        sharesPieces === false
          ? ['The two cut data at different places: copies share nothing with what else is saved there.']
          : []
      say(flags, [repository], [...repositoryLines([repository]), ...warning])
    })

  command('copy-missing', 'Copy the snapshots that have no second copy yet.')
    .argument('<repository>', 'its id or its name')
    .action(async (idOrName: string, flags: CommonFlags) => {
      const connection = open(flags)
      const { id } = await findRepository(connection, idOrName)
      const answer = await connection.result<{ queued: number; left: number }>(copyMissingDocument, { id })
      const left = answer.left === 0 ? '' : ` ${answer.left} more are missing: ask again when these are done.`
      say(flags, [answer], [`${answer.queued} copies were asked for.${left}`])
    })
}
