import type { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { CodedError } from '#lib/errors/coded-error.ts'
import { type Child, describeExit, type Exit, startChild } from '#lib/process/child.ts'
import type { DriverContext } from '../driver.ts'
import type { DefaultsFile } from './defaults-file.ts'
import { headerLine } from './dump-header.ts'
import { type FoundProgram, reasonOf } from './programs.ts'
import type { DatabaseDescription, Family, ServerDescription } from './server.ts'

export interface Dump {
  program: FoundProgram
  defaults: DefaultsFile
  server: ServerDescription
  database: DatabaseDescription
  ignored: readonly string[]
}

/** No locks, one moment for all transactional tables, the same bytes for the same data. */
const COMMON = [
  '--single-transaction',
  '--skip-lock-tables',
  '--quick',
  '--hex-blob',
  '--no-tablespaces', // would need the right PROCESS
  '--skip-dump-date',
  '--default-character-set=utf8mb4',
  '--max-allowed-packet=1G',
]

/** Queries that the other family's servers do not answer, and a setting that only replicas want. */
const BY_FAMILY: Record<Family, readonly string[]> = {
  MariaDB: [],
  MySQL: ['--column-statistics=0', '--set-gtid-purged=OFF'],
}

/** Of a dump program, before what is wanted of which database. */
export const dumpArguments = (program: FoundProgram, defaults: DefaultsFile): string[] => [
  defaults.argument,
  ...COMMON,
  ...BY_FAMILY[program.family],
]

const PASS_ON = fileURLToPath(new URL('./pass-on.ts', import.meta.url))
const INCOMPLETE = 3

/**
 * Writes the dump of one database to `sink`. Resolves only when the program exited 0 and its mark of completion was the
 * last line that went to the sink.
 */
export async function writeDump(
  dump: Dump,
  sink: Writable,
  readerDied: AbortSignal,
  ctx: DriverContext,
): Promise<void> {
  const signal = AbortSignal.any([ctx.signal, readerDied])
  await writeHeader(sink, headerLine(dump.database, dump.server))
  signal.throwIfAborted()
  const passOn = await startChild({
    command: process.execPath,
    args: [PASS_ON],
    env: {},
    stdin: 'pipe',
    stdout: sink,
    signal,
    stopSignal: 'SIGKILL',
  })
  try {
    const program = await startProgram(dump, passOn, signal, ctx)
    const exit = await program.exited
    passOn.stdin?.end()
    const passed = await passOn.exited
    signal.throwIfAborted()
    throwUnlessWhole(dump.program.name, exit, passed)
  } finally {
    await passOn.stop()
  }
}

function startProgram(dump: Dump, passOn: Child, signal: AbortSignal, ctx: DriverContext): Promise<Child> {
  return startChild({
    command: dump.program.command,
    args: [
      ...dumpArguments(dump.program, dump.defaults),
      ...['--routines', '--events', '--triggers'],
      ...dump.ignored.map((table) => `--ignore-table=${dump.database.name}.${table}`),
      '--',
      dump.database.name,
    ],
    env: { LC_ALL: 'C' },
    stdout: passOn.stdin as Writable,
    signal,
    onStderrLine: (line) => ctx.log('warning', line),
  })
}

function throwUnlessWhole(tool: string, exit: Exit, passed: Exit): void {
  if (exit.code !== 0)
    throw new CodedError('SOURCE_DUMP_FAILED', { tool, exit: describeExit(exit), reason: reasonOf(exit) })
  if (passed.code === 0) return
  const reason =
    passed.code === INCOMPLETE
      ? 'its last line is not the mark of a complete dump'
      : `the program that watches for the end of the dump ended first (${describeExit(passed)})`
  throw new CodedError('SOURCE_DUMP_FAILED', { tool, exit: describeExit(exit), reason })
}

function writeHeader(sink: Writable, line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    sink.write(line, (error) => (error ? reject(error) : resolve()))
  })
}
