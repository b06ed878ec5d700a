import { randomUUID } from 'node:crypto'
import { type Command, Option } from 'commander'
import { type CommandDeps, type CommonFlags, sayTo } from './command.ts'
import type { Connection } from './connection.ts'
import { hasEnded, type RunState } from './documents.ts'
import { CommandFailed } from './failure.ts'
import { columns, formatBytes, printable } from './format.ts'
import { mutation } from './repository-documents.ts'
import { addLogCommand } from './restore-log.ts'
import { type PasswordFlags, passwordFrom, type SettingsInput } from './settings.ts'
import { waitUntilEnded } from './wait-until-ended.ts'

interface Restore {
  id: string
  state: RunState
  into: string
  dryRun: boolean
  changes: { restored: number; updated: number; unchanged: number; bytes: number; names: Change[] } | null
  keptAs: string | null
  needsApproval: boolean
  approvedBy: string | null
  waitsFor: string | null
  filesDone: number | null
  filesTotal: number | null
  bytesDone: number | null
  bytesTotal: number | null
  error: { code: string; message: string; remedy: string } | null
  queuedAt: string
  run: { id: string; partName: string | null; source: { name: string } }
}

interface Change {
  action: 'RESTORED' | 'UPDATED'
  path: string
}

interface RestoreFlags extends CommonFlags, PasswordFlags {
  toFolder?: string
  toOriginal?: boolean
  path?: string[]
  exclude?: string[]
  overwrite?: string
  dryRun?: boolean
  confirmSource?: string
  toDatabase?: string
  toFile?: string
  toTables?: boolean
  toServer?: boolean
  conflict?: string
  person?: string
  replace?: string
  onServerOf?: string
  user?: string
  owners: boolean
  confirm?: string
  idempotencyKey?: string
  wait?: boolean
}

const fields = `id state into dryRun changes { restored updated unchanged bytes names { action path } } keptAs needsApproval approvedBy waitsFor filesDone filesTotal bytesDone bytesTotal error { code message remedy } queuedAt
  run { id partName source { name } }`
const triggerDocument = mutation('triggerRestore', 'input', 'TriggerRestoreInput', `restore { ${fields} }`)
const cancelDocument = mutation('cancelRestore', 'id', 'ID', `restore { ${fields} }`)
const approveDocument = `mutation ($id: ID!, $confirmEnvironment: String) {
  approveRestore(id: $id, confirmEnvironment: $confirmEnvironment) { __typename
  ... on ApproveRestoreSuccess { restore { ${fields} } } ... on Problem { code message remedy } } }`
const restoreDocument = `query ($id: ID!) { restore(id: $id) { ${fields} } }`
const restoresDocument = `{ restores(first: 100) { ${fields} } }`

const conflicts = { refuse: 'REFUSE', skip: 'SKIP', replace: 'REPLACE' } as const
const policies = { always: 'ALWAYS', 'if-changed': 'IF_CHANGED', 'if-newer': 'IF_NEWER', never: 'NEVER' } as const

/** `restore`, and `restores …`: bringing snapshots back. */
export function addRestoreCommands(program: Command, deps: CommandDeps): void {
  const open = (flags: CommonFlags) => deps.open(flags as never)
  const say = sayTo(deps)

  deps
    .command('restore', 'Bring the snapshot of a run into a folder of the worker, or into a new database.', program)
    .argument('<run>', 'its id')
    .option('--to-folder <path>', 'inside the worker’s STORAGE_ROOTS; empty or absent, but for --overwrite')
    .option('--to-original', 'to where the files were, instead of a folder')
    .option('--path <path...>', 'of files: only these of the snapshot, and what is below them')
    .option('--exclude <pattern...>', 'of files: not these, names such as *.tmp or absolute paths')
    .addOption(
      new Option('--overwrite <policy>', 'of files: what happens to those that are there').choices(
        Object.keys(policies),
      ),
    )
    .option('--dry-run', 'of files: only say what would be restored, and write nothing')
    .option('--confirm-source <name>', 'the name of the source, to overwrite its files or rows')
    .option('--to-database <name>', 'a new one, instead of a folder')
    .option('--to-file <path>', 'a new file of a SQLite database, instead of a folder')
    .option('--to-server', 'of Redis: into its server, or the one named by --on-server-of, which must be empty')
    .option('--to-tables', 'of user data: into the tables of its database, instead of a folder')
    .addOption(
      new Option('--conflict <rule>', 'of rows: what becomes of those with the same primary key').choices(
        Object.keys(conflicts),
      ),
    )
    .option('--person <id>', 'of rows: only those of this person')
    .option('--replace <name>', 'what has that name is replaced, and stays under another one')
    .option('--on-server-of <source>', 'the new database: on the server of this source, by its id')
    .option('--user <name>', 'the new database: made by this account of the server, instead of the source’s')
    .option('--no-owners', 'the new database: without owners and rights of the old one')
    .option('--password-file <file>', 'that account’s password')
    .option('--password-env <variable>', 'that account’s password')
    .option('--password-stdin', 'that account’s password')
    .option('--confirm <environment>', 'the name of the run’s environment, when that is protected')
    .option('--idempotency-key <key>', 'repeating a request with the same key starts it once')
    .option('--wait', 'until it has ended; the exit code tells how')
    .action(async (runId: string, flags: RestoreFlags) => {
      const connection = open(flags)
      const input = {
        runId,
        ...(await targetOf(flags, deps.input)),
        idempotencyKey: flags.idempotencyKey ?? randomUUID(),
        ...(flags.confirm !== undefined && { confirmEnvironment: flags.confirm }),
      }
      const { restore } = await connection.result<{ restore: Restore }>(triggerDocument, { input })
      if (!flags.wait) return say(flags, [restore], text(restore))
      const ended = await waitUntilEnded(
        () => find(connection, restore.id),
        progressLine,
        (line) => {
          if (!flags.json) deps.stdout.write(`${line}\n`)
        },
      )
      say(flags, [ended], text(ended), ended.state === 'SUCCEEDED' ? 0 : 1)
    })

  const group = program.command('restores').description('See what was brought back, is being brought back and waits.')
  deps.command('list', 'List restores, the newest first.', group).action(async (flags: CommonFlags) => {
    const { restores } = await open(flags).ask<{ restores: Restore[] }>(restoresDocument, {})
    const rows = restores.map((one) => [one.id, one.state, nameOf(one), printable(one.into), one.queuedAt])
    say(flags, restores, columns([['id', 'state', 'source', 'into', 'asked for'], ...rows]))
  })
  deps
    .command('show', 'Show a restore as it is now.', group)
    .argument('<restore>', 'its id')
    .action(async (id: string, flags: CommonFlags) => {
      const restore = await find(open(flags), id)
      say(flags, [restore], text(restore))
    })
  addLogCommand(group, deps, 'restore')
  deps
    .command('approve', 'Let a restore from another environment into a protected one begin.', group)
    .argument('<restore>', 'its id; it must have been asked for by somebody else')
    .option('--confirm <environment>', 'the name of the protected environment')
    .action(async (id: string, flags: CommonFlags & { confirm?: string }) => {
      const variables = { id, confirmEnvironment: flags.confirm }
      const { restore } = await open(flags).result<{ restore: Restore }>(approveDocument, variables)
      say(flags, [restore], text(restore))
    })
  deps
    .command('cancel', 'Cancel a restore that has not ended; what it has written stays in the folder.', group)
    .argument('<restore>', 'its id')
    .action(async (id: string, flags: CommonFlags) => {
      const { restore } = await open(flags).result<{ restore: Restore }>(cancelDocument, { id })
      say(flags, [restore], text(restore))
    })
}

/** A folder, or a new place. Throws CommandFailed. */
async function targetOf(flags: RestoreFlags, input: SettingsInput): Promise<object> {
  const { toFolder, toOriginal, toServer, toTables, toDatabase, toFile, replace, onServerOf, user, owners } = flags
  const given = [toFolder, toOriginal, toServer, toTables, toDatabase, toFile].filter((one) => one !== undefined)
  if (given.length !== 1)
    throw new CommandFailed(
      'A restore has one target.',
      'Use one of --to-folder, --to-original, --to-server, --to-tables, --to-database and --to-file.',
    )
  const ofFiles = {
    ...(flags.path && { paths: flags.path }),
    ...(flags.exclude && { leaveOut: flags.exclude }),
    ...(flags.overwrite !== undefined && { overwrite: policies[flags.overwrite as keyof typeof policies] }),
    ...(flags.dryRun && { dryRun: true }),
  }
  if (toFolder !== undefined) return { folder: toFolder, ...ofFiles }
  if (toOriginal) return { original: true, ...ofFiles, confirmSource: flags.confirmSource }
  const password = user === undefined ? undefined : await passwordFrom(flags, input)
  const where = {
    ...(onServerOf !== undefined && { sourceId: onServerOf }),
    ...(user !== undefined && { login: { user, ...(password !== undefined && { password }) } }),
  }
  if (toTables)
    return {
      tables: {
        ...where,
        ...(flags.conflict !== undefined && { conflict: conflicts[flags.conflict as keyof typeof conflicts] }),
        ...(flags.person !== undefined && { person: flags.person }),
        ...(flags.confirmSource !== undefined && { confirmReplace: flags.confirmSource }),
      },
      ...ofFiles,
    }
  return {
    place: {
      ...(toServer ? {} : { name: toDatabase ?? toFile }),
      ...where,
      ...(owners ? {} : { withoutOwners: true }),
      ...(replace !== undefined && { replace: true, confirmReplace: replace }),
    },
    ...ofFiles,
  }
}

const nameOf = ({ run: { partName, source } }: Restore) =>
  printable(partName === null ? source.name : `${source.name} (${partName})`)

function text(restore: Restore): string[] {
  const { id, state, into, error } = restore
  return [
    `${state}  ${nameOf(restore)} to ${printable(into)}${restore.dryRun ? ', a dry run' : ''}`,
    ...(restore.dryRun && hasEnded(state) ? [] : [`  ${progressLine(restore)}`]),
    ...changesText(restore),
    ...(restore.approvedBy === null ? [] : [`  approved by ${printable(restore.approvedBy)}`]),
    ...(restore.keptAs === null ? [] : [`  the old one is called ${printable(restore.keptAs)}`]),
    `  restore ${id}`,
    ...(error ? [`  ${printable(error.message)} (${error.code})`, `  What to do: ${printable(error.remedy)}`] : []),
  ]
}

const NAMES_SHOWN = 20

/** “2 would be restored and 1 replaced, 3 kB together; 5 would stay as they are”, and their names. */
function changesText({ changes, dryRun }: Restore): string[] {
  if (changes === null) return []
  const { restored, updated, unchanged, bytes, names } = changes
  const [was, stay] = dryRun ? ['would be', 'would stay'] : ['were', 'stay']
  const total = restored + updated
  return [
    `  ${restored} ${was} restored and ${updated} replaced${bytes > 0 ? `, ${formatBytes(bytes)} together` : ''}; ${unchanged} ${stay} as they are`,
    ...names
      .slice(0, NAMES_SHOWN)
      .map(({ action, path }) => `    ${action === 'RESTORED' ? '+' : '~'} ${printable(path)}`),
    ...(names.length > NAMES_SHOWN ? [`    … and ${total - NAMES_SHOWN} more; --json shows up to a thousand`] : []),
  ]
}

/** “3 of 5 files, 1.2 MB of 3 MB” */
function progressLine({ state, waitsFor, filesDone, filesTotal, bytesDone, bytesTotal }: Restore): string {
  if (state === 'QUEUED') return `waits for ${waitsFor ?? 'its turn'}`
  if (filesTotal === null) return hasEnded(state) ? 'nothing was restored' : 'reads the snapshot’s listing'
  return `${filesDone ?? 0} of ${filesTotal} files, ${formatBytes(bytesDone ?? 0)} of ${formatBytes(bytesTotal)}`
}

async function find(connection: Connection, id: string): Promise<Restore> {
  const { restore } = await connection.ask<{ restore: Restore | null }>(restoreDocument, { id })
  if (!restore) throw new CommandFailed(`There is no restore “${id}”.`, 'See “restores list”.')
  return restore
}
