import { randomUUID } from 'node:crypto'
import type { Command } from 'commander'
import { type CommandDeps, sayTo } from './command.ts'
import type { Connection } from './connection.ts'
import { CommandFailed } from './failure.ts'
import { findRepository } from './find-repository.ts'
import { type Damage, damageDocument, type RepairStep, startTaskDocument, type Task } from './repository-documents.ts'
import { exitCodeOf, type StartFlags, waitFor } from './repository-tasks.ts'
import { damageLines, taskLines, taskText } from './repository-text.ts'

interface RepairFlags extends StartFlags {
  next?: boolean
}

/** `repositories repair`: what is damaged, and the way out of it, one step at a time. */
export function addRepairCommand(command: (name: string, description: string) => Command, deps: CommandDeps): void {
  const say = sayTo(deps)

  command('repair', 'Show what is damaged and the way out of it; with --next, take the next step.')
    .argument('<repository>', 'its id or its name')
    .option('--next', 'take the next step; some remove what is broken for good, as the list says')
    .option('--wait', 'with --next, until its task has ended')
    .action(async (idOrName: string, flags: RepairFlags) => {
      const connection = deps.open(flags as never)
      const { id, name } = await findRepository(connection, idOrName)
      const damage = await damageOf(connection, id)
      if (!flags.next) return say(flags, damage ? [damage] : [], damageLines(damage), damage ? 1 : 0)
      const step = damage?.steps.find(({ isNext }) => isNext)
      if (!step) throw new CommandFailed(`“${name}” is not known to be damaged.`, 'See “repositories check”.')
      if (step.kind === 'BACKUP') return backUp(connection, step, name, flags)
      const variables = { input: { repositoryId: id, kind: step.kind, options: step.options } }
      const { task } = await connection.result<{ task: Task }>(startTaskDocument, variables)
      if (!flags.wait) return say(flags, [task], taskLines([task]))
      const ended = await waitFor(connection, id, task)
      say(flags, [ended], taskText(ended), exitCodeOf(ended))
    })

  async function backUp(connection: Connection, { sources }: RepairStep, name: string, flags: RepairFlags) {
    const backup = await connection.trigger({
      type: 'FULL',
      sourceIds: sources.map(({ id }) => id),
      description: `After the repair of ${name}`,
      idempotencyKey: randomUUID(),
    })
    say(flags, [backup], [`Backup ${backup.id} saves anew what was lost: backup-trigger watch ${backup.id}`])
  }
}

async function damageOf(connection: Connection, id: string): Promise<Damage | null> {
  return (await connection.ask<{ repository: { damage: Damage | null } }>(damageDocument, { id })).repository.damage
}
