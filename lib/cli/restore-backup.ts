import { randomUUID } from 'node:crypto'
import type { Command } from 'commander'
import { type CommandDeps, type CommonFlags, sayTo } from './command.ts'
import type { Connection } from './connection.ts'
import { hasEnded, type RunState } from './documents.ts'
import { columns, printable } from './format.ts'
import { type PasswordFlags, passwordFrom } from './settings.ts'
import { waitUntilEnded } from './wait-until-ended.ts'

interface Run {
  id: string
  partName: string | null
  state: RunState
  source: { name: string; environment: { name: string } }
}

interface Plan {
  steps: { run: Run; into: string }[]
  missing: Run[]
}

interface Restore {
  id: string
  state: RunState
  into: string
  waitsFor: string | null
  error: { code: string; message: string; remedy: string } | null
  run: Run
}

interface Batch {
  id: string
  state: RunState
  restores: Restore[]
}

interface RestoreBackupFlags extends CommonFlags, PasswordFlags {
  toFolder: string
  newDatabases?: string
  toOriginal?: boolean
  user?: string
  confirm?: string[]
  idempotencyKey?: string
  plan?: boolean
  wait?: boolean
}

const run = 'id partName state source { name environment { name } }'
const fields = `id state into waitsFor error { code message remedy } run { ${run} }`
const planDocument = `query ($input: BackupRestorePlanInput!) { backupRestorePlan(input: $input) { __typename
  ... on BackupRestorePlan { steps { into run { ${run} } } missing { ${run} } } ... on Problem { code message remedy } } }`
const triggerDocument = `mutation ($input: TriggerBackupRestoreInput!) { triggerBackupRestore(input: $input) { __typename
  ... on TriggerBackupRestoreSuccess { batchId restores { ${fields} } } ... on Problem { code message remedy } } }`
const batchDocument = `query ($id: ID!) { restores(batchId: $id, first: 100) { ${fields} } }`

/** `restore-backup`: everything that a backup saved, in order. */
export function addRestoreBackupCommand(program: Command, deps: CommandDeps): void {
  const say = sayTo(deps)
  deps
    .command('restore-backup', 'Bring back everything that a backup saved, one after the other, in order.', program)
    .argument('<backup>', 'its id')
    .requiredOption(
      '--to-folder <path>',
      'inside the workers’ STORAGE_ROOTS; each run goes into a folder of its own in it',
    )
    .option('--new-databases <suffix>', 'databases go into new ones, called like the old ones with this behind')
    .option('--to-original', 'files go to where they were, and only those that are missing')
    .option('--user <name>', 'the new databases: made by this account, instead of each source’s')
    .option('--password-file <file>', 'that account’s password')
    .option('--password-env <variable>', 'that account’s password')
    .option('--password-stdin', 'that account’s password')
    .option('--confirm <environment...>', 'the names of the protected ones among its environments')
    .option('--idempotency-key <key>', 'repeating a request with the same key starts it once')
    .option('--plan', 'only show what would be done, in order')
    .option('--wait', 'until all have ended; the exit code tells how')
    .action(async (backupId: string, flags: RestoreBackupFlags) => {
      const connection = deps.open(flags as never)
      const plan = {
        ...{ backupId, folder: flags.toFolder, original: flags.toOriginal ?? false },
        ...(flags.newDatabases !== undefined && { suffix: flags.newDatabases }),
      }
      if (flags.plan) {
        const found = await connection.result<Plan>(planDocument, { input: plan })
        return say(flags, [found], planText(found))
      }
      const password = flags.user === undefined ? undefined : await passwordFrom(flags, deps.input)
      const input = {
        plan,
        ...(flags.user !== undefined && { login: { user: flags.user, ...(password !== undefined && { password }) } }),
        ...(flags.confirm && { confirmEnvironments: flags.confirm }),
        idempotencyKey: flags.idempotencyKey ?? randomUUID(),
      }
      const { batchId, restores } = await connection.result<{ batchId: string; restores: Restore[] }>(triggerDocument, {
        input,
      })
      const batch = batchOf(batchId, restores)
      if (!flags.wait) return say(flags, batch.restores, text(batch))
      const ended = await waitUntilEnded(
        () => readBatch(connection, batchId),
        progressLine,
        (line) => {
          if (!flags.json) deps.stdout.write(`${line}\n`)
        },
      )
      say(flags, ended.restores, text(ended), ended.state === 'SUCCEEDED' ? 0 : 1)
    })
}

async function readBatch(connection: Connection, id: string): Promise<Batch> {
  const { restores } = await connection.ask<{ restores: Restore[] }>(batchDocument, { id })
  return batchOf(id, restores)
}

/** As a whole it is RUNNING until all have ended, and SUCCEEDED only when each is. */
function batchOf(id: string, restores: Restore[]): Batch {
  const isOver = restores.every(({ state }) => hasEnded(state))
  const isWhole = restores.length > 0 && restores.every(({ state }) => state === 'SUCCEEDED')
  return { id, restores, state: isOver ? (isWhole ? 'SUCCEEDED' : 'PARTIAL') : 'RUNNING' }
}

const nameOf = ({ partName, source }: Run) =>
  printable(`${source.environment.name}: ${source.name}${partName === null ? '' : ` (${partName})`}`)

function planText({ steps, missing }: Plan): string[] {
  const rows = steps.map(({ run, into }, i) => [String(i + 1), nameOf(run), printable(into)])
  return [
    ...columns([['order', 'source', 'into'], ...rows]),
    ...missing.map((run) => `Nothing is there to be restored of ${nameOf(run)}: ${run.state}`),
  ]
}

function text({ id, restores }: Batch): string[] {
  const rows = restores.map((one) => [one.state, nameOf(one.run), printable(one.into), one.id])
  return [
    ...columns([['state', 'source', 'into', 'restore'], ...rows]),
    ...restores.flatMap(({ run, error }) =>
      error === null
        ? []
        : [`${nameOf(run)}: ${printable(error.message)} (${error.code})`, `  What to do: ${printable(error.remedy)}`],
    ),
    `batch ${id}`,
  ]
}

function progressLine({ restores }: Batch): string {
  const over = restores.filter(({ state }) => hasEnded(state)).length
  return `${over} of ${restores.length} have ended`
}
