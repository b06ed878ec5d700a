import type { Command } from 'commander'
import { type CommandDeps, type CommonFlags, sayTo } from './command.ts'
import { columns, formatBytes, printable } from './format.ts'
import { findPlan } from './plans.ts'

interface Judged {
  reasons: string[]
  run: { id: string; finishedAt: string | null; state: string; partName: string | null; source: { name: string } }
}
interface Preview {
  staying: number
  going: number
  goingBytes: number
  runs: Judged[]
}
interface Hold {
  id: string
  reason: string
  createdAt: string
  run: { id: string; backup: { id: string } }
}

const problem = '... on Problem { code message remedy }'
const previewDocument = `query ($planId: ID!) { retentionPreview(planId: $planId) { __typename ${problem}
  ... on RetentionPreview { staying going goingBytes runs(first: 200) { reasons
    run { id finishedAt state partName source { name } } } } } }`
const holdsDocument = '{ sources { name retentionHolds { id reason createdAt run { id backup { id } } } } }'
const pinDocument = `mutation ($input: PinRunInput!) { pinRun(input: $input) { __typename ${problem}
  ... on PinRunSuccess { run { id pin { reason until by } } } } }`
const unpinDocument = `mutation ($runId: ID!) { unpinRun(runId: $runId) { __typename ${problem}
  ... on UnpinRunSuccess { run { id } } } }`
const releaseDocument = `mutation ($holdId: ID!) { releaseRetention(holdId: $holdId) { __typename ${problem}
  ... on ReleaseRetentionSuccess { hold { id reason } } } }`

/** `retention …`: what is kept, and what may go. */
export function addRetentionCommands(program: Command, deps: CommandDeps): void {
  const group = program.command('retention').description('See what is kept and what is to go; pin, and let go on.')
  const open = (flags: CommonFlags) => deps.open(flags as never)
  const command = (name: string, description: string) => deps.command(name, description, group)
  const say = sayTo(deps)

  command('preview', 'Show which snapshots of a plan stay and by which rule, and which are to go.')
    .argument('<plan>', 'its id or its name')
    .action(async (idOrName: string, flags: CommonFlags) => {
      const connection = open(flags)
      const { id } = await findPlan(connection, idOrName)
      const found = await connection.result<Preview>(previewDocument, { planId: id })
      say(flags, found.runs, previewLines(found))
    })

  command('pin', 'Keep a run’s snapshot whatever the rules say; one that had expired is taken back.')
    .argument('<run>', 'its id')
    .requiredOption('--reason <text>', 'why, for the others')
    .option('--until <time>', 'like 2027-01-01T00:00:00Z; until it is unpinned when left out')
    .action(async (runId: string, flags: CommonFlags & { reason: string; until?: string }) => {
      const input = { runId, reason: flags.reason, ...(flags.until && { until: flags.until }) }
      const { run } = await open(flags).result<{ run: { id: string } }>(pinDocument, { input })
      say(flags, [run], [`Pinned: ${run.id}`])
    })

  command('unpin', 'Let the rules count for a run again.')
    .argument('<run>', 'its id')
    .action(async (runId: string, flags: CommonFlags) => {
      const { run } = await open(flags).result<{ run: { id: string } }>(unpinDocument, { runId })
      say(flags, [run], [`Unpinned: ${run.id}`])
    })

  command('holds', 'List the sources of which nothing is removed, because their newest backup looks wrong.').action(
    async (flags: CommonFlags) => {
      const { sources } = await open(flags).ask<{ sources: { name: string; retentionHolds: Hold[] }[] }>(
        holdsDocument,
        {},
      )
      const holds = sources.flatMap(({ name, retentionHolds }) => retentionHolds.map((hold) => ({ ...hold, name })))
      const rows = holds.map((hold) => [hold.id, printable(hold.name), printable(hold.reason), hold.run.backup.id])
      const lines =
        rows.length === 0 ? ['No backup looks wrong.'] : columns([['id', 'source', 'why', 'backup'], ...rows])
      say(flags, holds, lines)
    },
  )

  command('release', 'Say that a backup that looks wrong is right: retention goes on.')
    .argument('<hold>', 'its id, of “retention holds”')
    .action(async (holdId: string, flags: CommonFlags) => {
      const { hold } = await open(flags).result<{ hold: { id: string } }>(releaseDocument, { holdId })
      say(flags, [hold], [`Goes on: ${hold.id}`])
    })
}

function previewLines({ staying, going, goingBytes, runs }: Preview): string[] {
  const rows = runs.map(({ run, reasons }) => [
    run.id,
    run.finishedAt ?? '',
    printable(run.partName === null ? run.source.name : `${run.source.name} (${run.partName})`),
    reasons.length === 0 ? 'IS TO GO' : reasons.join(', '),
  ])
  return [
    ...columns(rows),
    `${staying} stay, ${going} are to go: about ${formatBytes(goingBytes)} with the next prune.`,
  ]
}
