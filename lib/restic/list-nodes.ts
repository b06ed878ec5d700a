import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { z } from 'zod'
import { failureMessage, parseLine } from './messages.ts'
import type { RepositoryAccess, Restic } from './repository.ts'
import { LONG_TIMEOUT_MS, type OnStarted, startRestic } from './run.ts'

/** restic leaves out a size of zero. */
const node = z.object({
  message_type: z.literal('node'),
  path: z.string(),
  type: z.string(),
  size: z.number().default(0),
})
const listed = z.union([node, failureMessage])

/** One thing in a snapshot: its absolute path, `file`, `dir`, `symlink` or another type, and the bytes of a file. */
export type Node = Pick<z.infer<typeof node>, 'path' | 'type' | 'size'>

/**
 * Everything in a snapshot, a folder before its content, no faster than it is taken: in constant memory. Bytes that are not
 * UTF-8 are U+FFFD in paths. Throws like `runRestic`; who leaves the loop ends restic.
 */
export async function* listNodes(
  restic: Restic,
  access: RepositoryAccess,
  snapshotId: string,
  { signal, onStarted }: { signal: AbortSignal; onStarted?: OnStarted },
): AsyncGenerator<Node> {
  const running = await startRestic(restic, access, {
    command: 'ls',
    args: ['--no-lock', snapshotId],
    schema: failureMessage,
    timeoutMs: LONG_TIMEOUT_MS,
    stdout: 'pipe',
    signal,
    onStarted,
  })
  const left = new Error('nobody wants the rest of the listing')
  try {
    for await (const line of createInterface({ input: running.child.stdout as Readable })) {
      const parsed = parseLine(listed, line)
      if ('message' in parsed && parsed.message.message_type === 'node') yield parsed.message
    }
    const { stoppedBy, exit, failure } = await running.ended
    if (stoppedBy !== undefined) throw stoppedBy
    if (exit.callbackError !== undefined) throw exit.callbackError
    if (failure) throw failure
  } finally {
    running.stop(left)
    await running.ended
  }
}
