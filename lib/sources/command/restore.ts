import { createReadStream } from 'node:fs'
import { copyFile, mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CodedError } from '#lib/errors/coded-error.ts'
import { describeExit } from '#lib/process/child.ts'
import type { DriverContext, RestoreReceipt } from '../driver.ts'
import { theOnlyFile } from '../restored-folder.ts'
import { requireInside } from '../storage-roots.ts'
import { type Permitted, permit, reasonOf, start } from './invocation.ts'
import type { CommandSettings } from './settings.ts'

/**
 * Gives the file to the command's program for restoring, or puts it below `target`. Rejects with COMMAND_NOT_ALLOWED when
 * there is neither.
 */
export async function restoreWith(
  settings: CommandSettings,
  folder: string,
  ctx: DriverContext,
  target?: string,
): Promise<RestoreReceipt> {
  const permitted = await permit(settings, ctx)
  const { name, filename = name } = permitted.command
  const file = await theOnlyFile(folder, `the command “${name}”`)
  const { size } = await stat(file)
  if (size === 0)
    throw new CodedError('RESTORE_CONTENT_WRONG', { what: `the command “${name}”`, reason: 'the file is empty' })
  const place =
    target === undefined ? await handOver(file, permitted, ctx) : await putBelow(target, file, filename, ctx)
  return { summary: `${size} bytes restored by ${place}`, inventory: { tables: null, files: 1, bytes: null } }
}

async function handOver(file: string, permitted: Permitted, ctx: DriverContext): Promise<string> {
  const { name, restore } = permitted.command
  if (restore === undefined)
    throw new CodedError('COMMAND_NOT_ALLOWED', {
      what: `restoring with the command “${name}”, which has no program for it; choose a folder instead`,
      file: ctx.commandsFile,
    })
  const child = await start(permitted, restore, ctx, { stdin: 'pipe' })
  let bytes = 0
  const counted = new Transform({
    transform: (chunk: Buffer, _, done) => {
      bytes += chunk.length
      ctx.progress(bytes)
      done(null, chunk)
    },
  })
  const refusal = await pipeline(createReadStream(file), counted, child.stdin as Writable).then(
    () => null,
    (error: unknown) => error,
  )
  const exit = await child.exited
  ctx.signal.throwIfAborted()
  if (exit.code === 0 && refusal === null) return restore.program
  const reason = exit.code === 0 ? 'it ended before it had taken all of the backup' : reasonOf(exit, permitted)
  throw new CodedError(
    'RESTORE_COMMAND_FAILED',
    { command: name, exit: describeExit(exit), reason },
    { cause: refusal },
  )
}

/** Replaces a file of that name there, whole. */
async function putBelow(target: string, file: string, filename: string, ctx: DriverContext): Promise<string> {
  await requireInside(target, [...ctx.storageRoots, ctx.scratch])
  await mkdir(target, { recursive: true })
  const place = join(target, filename)
  const fresh = join(target, `.${filename}.restoring`)
  try {
    await copyFile(file, fresh)
    ctx.signal.throwIfAborted()
    await rename(fresh, place)
  } finally {
    await rm(fresh, { force: true })
  }
  return `putting it at ${place}`
}
