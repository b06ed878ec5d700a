import type { Command } from 'commander'
import { type CommandDeps, type CommonFlags, sayTo } from './command.ts'
import type { Connection } from './connection.ts'
import { CommandFailed } from './failure.ts'
import { columns, printable } from './format.ts'
import * as documents from './plan-documents.ts'
import { inputOf, type PlanFlags, withFields } from './plan-fields.ts'
import { planLines, planText } from './plan-text.ts'

/** `plans …`: what is backed up by itself, and when. */
export function addPlanCommands(program: Command, deps: CommandDeps): void {
  const group = program.command('plans').description('See, make, change, run and pause plans.')
  const open = (flags: CommonFlags) => deps.open(flags as never)
  const command = (name: string, description: string) => deps.command(name, description, group)
  const say = sayTo(deps)
  const done = (flags: CommonFlags, { plan }: { plan: documents.PlanItem }) => say(flags, [plan], planLines([plan]))

  command('list', 'List the plans.').action(async (flags: CommonFlags) => {
    const { plans } = await open(flags).ask<{ plans: documents.PlanItem[] }>(documents.plansDocument, {})
    say(flags, plans, planLines(plans))
  })

  command('show', 'Show a plan, its next times, and what became of those that came.')
    .argument('<plan>', 'its id or its name')
    .action(async (idOrName: string, flags: CommonFlags) => {
      const connection = open(flags)
      const { id } = await findPlan(connection, idOrName)
      const { plan } = await connection.ask<{ plan: documents.PlanDetail }>(documents.planDocument, { id })
      say(flags, [plan], planText(plan))
    })

  withFields(command('add', 'Make a plan. What is not given is as the options of the server say.'))
    .requiredOption('--name <name>', 'what it is called')
    .action(async (flags: PlanFlags) => {
      const connection = open(flags)
      const input = await inputOf(flags, deps.input, connection)
      done(flags, await connection.result(documents.createPlanDocument, { input }))
    })

  withFields(command('update', 'Change a plan. What is not given stays.'))
    .argument('<plan>', 'its id or its name')
    .option('--name <name>', 'a new name')
    .action(async (idOrName: string, flags: PlanFlags) => {
      const connection = open(flags)
      const { id } = await findPlan(connection, idOrName)
      done(
        flags,
        await connection.result(documents.updatePlanDocument, {
          input: { id, ...(await inputOf(flags, deps.input, connection)) },
        }),
      )
    })

  command('run', 'Start a backup of a plan now. See “watch” to follow it.')
    .argument('<plan>', 'its id or its name')
    .action(async (idOrName: string, flags: CommonFlags) => {
      const connection = open(flags)
      const { id } = await findPlan(connection, idOrName)
      const { backup } = await connection.result<{ backup: { id: string; state: string } }>(documents.runPlanDocument, {
        id,
      })
      say(flags, [backup], columns([[backup.id, backup.state]]))
    })

  command('pause', 'Let the times of a plan pass by.')
    .argument('<plan>', 'its id or its name')
    .requiredOption('--reason <text>', 'why, for the others')
    .option('--until <time>', 'when it goes on by itself, like 2026-12-24T18:00:00Z')
    .action(async (idOrName: string, flags: CommonFlags & { reason: string; until?: string }) => {
      const connection = open(flags)
      const { id } = await findPlan(connection, idOrName)
      const input = { id, reason: flags.reason, ...(flags.until && { until: flags.until }) }
      done(flags, await connection.result(documents.pausePlanDocument, { input }))
    })

  command('resume', 'Let a paused plan go on.')
    .argument('<plan>', 'its id or its name')
    .action(async (idOrName: string, flags: CommonFlags) => {
      const connection = open(flags)
      const { id } = await findPlan(connection, idOrName)
      done(flags, await connection.result(documents.resumePlanDocument, { id }))
    })

  command('delete', 'Delete a plan. Its backups stay in the history.')
    .argument('<plan>', 'its id or its name')
    .requiredOption('--yes', 'it cannot be taken back')
    .option('--confirm-environment <name...>', 'the protected ones that it takes, or took, sources of')
    .action(async (idOrName: string, flags: CommonFlags & { confirmEnvironment?: string[] }) => {
      const connection = open(flags)
      const { id, name } = await findPlan(connection, idOrName)
      const { confirmEnvironment } = flags
      await connection.result(documents.deletePlanDocument, { id, confirmEnvironment })
      say(flags, [{ id, name }], [`Deleted: ${printable(name)}`])
    })
}

/** By its id or its name. Throws CommandFailed. */
export async function findPlan(connection: Connection, idOrName: string): Promise<documents.PlanItem> {
  const { plans } = await connection.ask<{ plans: documents.PlanItem[] }>(documents.plansDocument, {})
  const found = plans.find((plan) => plan.id === idOrName || plan.name === idOrName)
  if (found) return found
  throw new CommandFailed(`There is no plan “${idOrName}”.`, 'Take its id or name from “plans list”.', {
    code: 'PLAN_UNKNOWN',
  })
}
