import { CodedError } from '#lib/errors/coded-error.ts'
import { configContent, failureMessage, initMessage } from './messages.ts'
import { printableLocation, type RepositoryAccess, type Restic } from './repository.ts'
import { runRestic, SHORT_TIMEOUT_MS } from './run.ts'

export interface CallOptions {
  signal?: AbortSignal
  timeoutMs?: number
}

/**
 * Makes a new, empty repository and returns its id. With `access.from` it cuts data at the same places as that one, so that
 * copies between them deduplicate. Rejects with REPOSITORY_EXISTS when there already is one.
 */
export async function initRepository(
  restic: Restic,
  access: RepositoryAccess,
  options: CallOptions = {},
): Promise<string> {
  const { signal, timeoutMs = SHORT_TIMEOUT_MS } = options
  let id: string | undefined
  const onMessage = (message: { message_type: string; id?: string }) => {
    if (message.message_type === 'initialized') id = message.id
  }
  const args = access.from ? ['--copy-chunker-params'] : []
  const call = { command: 'init', args, schema: initMessage, timeoutMs, signal, onMessage }
  const { failure, exit } = await runRestic(restic, access, call, [1])
  if (exit.code === 0 && id !== undefined) return id
  if (await exists(restic, access, options))
    throw new CodedError('REPOSITORY_EXISTS', { repository: printableLocation(access) })
  throw (
    failure ?? new CodedError('RESTIC_FAILED', { command: 'init', exit: 'exit 0', reason: 'it gave no repository id' })
  )
}

/**
 * Opens a repository without locking it and returns its id, its format version, and the polynomial by which it cuts data:
 * the quick test of an address and a password. Nobody needs to see the polynomial, which tells something about the data.
 */
export async function openRepository(
  restic: Restic,
  access: RepositoryAccess,
  { signal, timeoutMs = SHORT_TIMEOUT_MS }: CallOptions = {},
): Promise<{ id: string; version: number; chunkerPolynomial: string }> {
  const call = { command: 'cat', args: ['config', '--no-lock'], schema: failureMessage, timeoutMs, signal }
  const { output } = await runRestic(restic, access, call)
  const { id, version, chunker_polynomial } = configContent.parse(JSON.parse(output.join('\n')))
  return { id, version, chunkerPolynomial: chunker_polynomial }
}

async function exists(restic: Restic, access: RepositoryAccess, options: CallOptions): Promise<boolean> {
  try {
    await openRepository(restic, access, options)
    return true
  } catch (error) {
    return error instanceof CodedError && error.code === 'REPOSITORY_WRONG_PASSWORD'
  }
}
