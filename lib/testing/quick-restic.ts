import { spawn } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { findRestic } from '../../scripts/tools.mjs'
import { makeKeysQuick } from './quick-keys.ts'

/*
 * The real restic; keys that it writes into local repositories are made quick (quick-keys.ts) before it is seen to end. All
 * but the two commands that write keys are restic itself: the same process, streams and signals.
 */

/**
 * For the global setup of test programs: lets all tests find it, by RESTIC_BINARY; REAL_RESTIC is the one inside.
 * RESTIC_KEYS=slow leaves restic as it is.
 */
export default async function useQuickRestic(): Promise<() => Promise<void>> {
  const found = await findRestic()
  if (found === null || process.env.RESTIC_KEYS === 'slow') return async () => {}
  const folder = await mkdtemp(join(tmpdir(), 'quick-restic-'))
  await chmod(folder, 0o755) // some tests run restic as another user
  const path = join(folder, 'restic')
  const here = fileURLToPath(import.meta.url)
  await writeFile(
    path,
    `#!/bin/sh
case "$1 $RESTIC_REPOSITORY" in
  "init /"*) exec '${process.execPath}' '${here}' '${found.binary}' "$@" ;;
  "key /"*) case " $* " in *" add "*) exec '${process.execPath}' '${here}' '${found.binary}' "$@" ;; esac ;;
esac
unset PWD # the shell's own
exec '${found.binary}' "$@"
`,
    { mode: 0o755 },
  )
  const before = process.env.RESTIC_BINARY
  process.env.RESTIC_BINARY = path
  process.env.REAL_RESTIC = found.binary
  return async () => {
    if (before === undefined) delete process.env.RESTIC_BINARY
    else process.env.RESTIC_BINARY = before
    delete process.env.REAL_RESTIC
    await rm(folder, { recursive: true, force: true })
  }
}

/** Runs a command that writes a key, and answers its exit code. What it says of the key's id is said of the quick one. */
async function runQuick(binary: string, args: string[]): Promise<number> {
  const { RESTIC_REPOSITORY = '', RESTIC_PASSWORD = '' } = process.env
  const added = args[0] === 'key' ? await text(process.stdin) : null
  const restic = spawn(binary, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => restic.kill(signal))
  restic.stdin.end(added ?? '')
  const ended = new Promise<number>((resolve, reject) => {
    restic.once('error', reject)
    restic.once('close', (code) => resolve(code ?? 130))
  })
  let output = await text(restic.stdout)
  const code = await ended
  if (code === 0) {
    const ids = await makeKeysQuick(RESTIC_REPOSITORY, added === null ? RESTIC_PASSWORD : added.replace(/\r?\n$/, ''))
    for (const [id, quickId] of ids) output = output.replaceAll(id, quickId)
  }
  process.stdout.write(output)
  return code
}

const [, script, binary, ...args] = process.argv
if (script === fileURLToPath(import.meta.url) && binary !== undefined) process.exitCode = await runQuick(binary, args)
