import type { Command } from 'commander'
import { type CommandDeps, type CommonFlags, sayTo } from './command.ts'
import type { Connection } from './connection.ts'
import { hasEnded, type RunState } from './documents.ts'
import { CommandFailed } from './failure.ts'
import { columns, formatBytes, printable } from './format.ts'
import { mutation } from './repository-documents.ts'
import { addLogCommand } from './restore-log.ts'
import { waitUntilEnded } from './wait-until-ended.ts'

interface Verification {
  id: string
  state: RunState
  result: 'VERIFIED' | 'MISMATCH' | 'FAILED' | null
  waitsFor: string | null
  findings: { what: string; problem: string | null }[]
  restoreSeconds: number | null
  bytesDone: number | null
  bytesTotal: number | null
  error: { code: string; message: string; remedy: string } | null
  queuedAt: string
  run: { id: string; partName: string | null; source: { name: string } }
}

const fields = `id state result waitsFor findings { what problem } restoreSeconds bytesDone bytesTotal
  error { code message remedy } queuedAt run { id partName source { name } }`
const triggerDocument = mutation(
  'triggerVerification',
  'input',
  'TriggerVerificationInput',
  `verification { ${fields} }`,
)
const cancelDocument = mutation('cancelVerification', 'id', 'ID', `verification { ${fields} }`)
const verificationDocument = `query ($id: ID!) { verification(id: $id) { ${fields} } }`
const verificationsDocument = `{ verifications(first: 100) { ${fields} } }`
const evidenceDocument = `query ($id: ID!) {
  verification(id: $id) { evidence { sequence document hash signature } } evidenceKey
}`

interface Evidence {
  verification: { evidence: { document: string; hash: string; signature: string } | null } | null
  evidenceKey: string
}

/** `verify`, and `verifications …`: whether what was saved can be restored, and is right. */
export function addVerificationCommands(program: Command, deps: CommandDeps): void {
  const open = (flags: CommonFlags) => deps.open(flags as never)
  const say = sayTo(deps)

  deps
    .command('verify', 'Restore the snapshot of a run into a scratch place, and look at it there.', program)
    .argument('<run>', 'its id')
    .option('--wait', 'until it has ended; the exit code is 0 when it is verified')
    .action(async (runId: string, flags: CommonFlags & { wait?: boolean }) => {
      const connection = open(flags)
      const document = await connection.result<{ verification: Verification }>(triggerDocument, { input: { runId } })
      if (!flags.wait) return say(flags, [document.verification], text(document.verification))
      const ended = await waitUntilEnded(
        () => find(connection, document.verification.id),
        progressLine,
        (line) => {
          if (!flags.json) deps.stdout.write(`${line}\n`)
        },
      )
      say(flags, [ended], text(ended), ended.result === 'VERIFIED' ? 0 : 1)
    })

  const group = program.command('verifications').description('See what was verified, and the evidence of it.')
  deps.command('list', 'List verifications, the newest first.', group).action(async (flags: CommonFlags) => {
    const { verifications } = await open(flags).ask<{ verifications: Verification[] }>(verificationsDocument, {})
    const rows = verifications.map((one) => [one.id, one.result ?? one.state, nameOf(one), one.queuedAt])
    say(flags, verifications, columns([['id', 'result', 'source', 'asked for'], ...rows]))
  })
  deps
    .command('show', 'Show a verification as it is now.', group)
    .argument('<verification>', 'its id')
    .action(async (id: string, flags: CommonFlags) => {
      const verification = await find(open(flags), id)
      say(flags, [verification], text(verification))
    })
  deps
    .command('cancel', 'Cancel a verification that has not ended.', group)
    .argument('<verification>', 'its id')
    .action(async (id: string, flags: CommonFlags) => {
      const { verification } = await open(flags).result<{ verification: Verification }>(cancelDocument, { id })
      say(flags, [verification], text(verification))
    })
  addLogCommand(group, deps, 'verification')
  deps
    .command('evidence', 'Print what was signed, with its signature and the key to check it with, as JSON.', group)
    .argument('<verification>', 'its id')
    .action(async (id: string, flags: CommonFlags) => {
      const { verification, evidenceKey } = await open(flags).ask<Evidence>(evidenceDocument, { id })
      if (!verification?.evidence)
        throw new CommandFailed(`There is no evidence of “${id}”.`, 'See “verifications show”: it came to no result.')
      const { document, hash, signature } = verification.evidence
      const kept = { document, hash, signature, publicKey: evidenceKey }
      say(flags, [kept], [JSON.stringify(kept, null, 2)])
    })
  deps
    .command('check', 'Check all evidence: every signature, and that none is missing or was changed.', group)
    .action(async (flags: CommonFlags) => {
      const { evidenceProblem } = await open(flags).ask<{ evidenceProblem: string | null }>('{ evidenceProblem }', {})
      const line = evidenceProblem ?? 'All evidence is as it was signed, and none is missing.'
      say(flags, [{ problem: evidenceProblem }], [line], evidenceProblem === null ? 0 : 1)
    })
}

const nameOf = ({ run: { partName, source } }: Verification) =>
  printable(partName === null ? source.name : `${source.name} (${partName})`)

function text(verification: Verification): string[] {
  const { id, state, result, error, findings, restoreSeconds } = verification
  const took = restoreSeconds === null ? '' : `, restored in ${restoreSeconds.toFixed(1)} s`
  return [
    `${result ?? state}  ${nameOf(verification)}${took}`,
    ...(result === null ? [`  ${progressLine(verification)}`] : []),
    ...findings.map(({ what, problem }) => `  ${problem === null ? 'ok ' : 'NOT'} ${printable(problem ?? what)}`),
    `  verification ${id}`,
    ...(error ? [`  ${printable(error.message)} (${error.code})`, `  What to do: ${printable(error.remedy)}`] : []),
  ]
}

function progressLine({ state, waitsFor, bytesDone, bytesTotal }: Verification): string {
  if (state === 'QUEUED') return `waits for ${waitsFor ?? 'its turn'}`
  if (hasEnded(state)) return 'it came to no result'
  if (bytesTotal === null) return 'reads the snapshot’s listing'
  return `${formatBytes(bytesDone ?? 0)} of ${formatBytes(bytesTotal)} restored`
}

async function find(connection: Connection, id: string): Promise<Verification> {
  const { verification } = await connection.ask<{ verification: Verification | null }>(verificationDocument, { id })
  if (!verification) throw new CommandFailed(`There is no verification “${id}”.`, 'See “verifications list”.')
  return verification
}
