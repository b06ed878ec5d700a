import type { Writable } from 'node:stream'
import { CodedError } from '#lib/errors/coded-error.ts'
import { describeExit, startChild } from '#lib/process/child.ts'
import { libpqTls } from '../connections/libpq-tls.ts'
import { libpqEnvironment, type PostgresConnection } from '../connections/postgres.ts'
import type { DriverContext, SourceCopy } from '../driver.ts'
import { type FoundTool, reasonOf } from './tools.ts'

/** A copy that one of PostgreSQL's programs writes to its standard output. `args` name the database. */
export async function programCopy(
  tool: FoundTool,
  args: readonly string[],
  connection: PostgresConnection,
  filename: string,
  ctx: DriverContext,
): Promise<SourceCopy> {
  ctx.signal.throwIfAborted()
  const tls = await libpqTls(connection, ctx)
  return {
    shape: 'stream',
    filename,
    close: () => tls.remove(), // the program ends with write()
    async write(sink: Writable, readerDied: AbortSignal) {
      const signal = AbortSignal.any([ctx.signal, readerDied])
      const child = await startChild({
        command: tool.command,
        args: [...args, '--no-password'],
        env: libpqEnvironment(connection, tls),
        stdout: sink,
        signal,
        onStderrLine: (line) => ctx.log('warning', line),
      })
      const exit = await child.exited
      signal.throwIfAborted()
      if (exit.code !== 0)
        throw new CodedError('SOURCE_DUMP_FAILED', {
          tool: tool.name,
          exit: describeExit(exit),
          reason: reasonOf(exit),
        })
    },
  }
}
