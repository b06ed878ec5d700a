import type { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CodedError } from '#lib/errors/coded-error.ts'
import { describeExit, startChild } from '#lib/process/child.ts'
import type { DriverContext } from '../driver.ts'
import type { DefaultsFile } from './defaults-file.ts'
import { type FoundProgram, reasonOf } from './programs.ts'

export interface Player {
  /** A client program. */
  program: FoundProgram
  defaults: DefaultsFile
}

/**
 * Runs SQL in the database `name`, by the client program, up to the first error. Rejects with RESTORE_TOOL_FAILED, in which `tool` is
 * what ran it.
 */
export async function play(
  { program, defaults }: Player,
  name: string,
  [source, ...changes]: readonly [Readable, ...Transform[]],
  ctx: DriverContext,
  tool = program.name,
): Promise<void> {
  const child = await startChild({
    command: program.command,
    args: [
      defaults.argument,
      '--binary-mode', // bytes stay bytes, and the dump can give the client no commands but DELIMITER
      '--comments', // those in the bodies of routines
      '--local-infile=0',
      '--default-character-set=utf8mb4',
      '--max-allowed-packet=1G',
      `--database=${name}`,
    ],
    env: { LC_ALL: 'C' },
    stdin: 'pipe',
    signal: ctx.signal,
    onStderrLine: (line) => ctx.log('warning', line),
  })
  const input = child.stdin as NonNullable<typeof child.stdin>
  const fed = pipeline([source, ...changes, input], { signal: ctx.signal }).then(
    () => null,
    (error: unknown) => error, // a client that stops at an error breaks the pipe: its exit says why
  )
  const exit = await child.exited
  const feedError = await fed
  ctx.signal.throwIfAborted()
  if (exit.code !== 0)
    throw new CodedError('RESTORE_TOOL_FAILED', { tool, exit: describeExit(exit), reason: reasonOf(exit) })
  if (feedError !== null) throw feedError
}
