import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError, isCoded } from '#lib/errors/coded-error.ts'
import type { Secret } from '#lib/secrets/secret.ts'
import { failureMessage, keyList } from './messages.ts'
import { printableLocation, type RepositoryAccess, type Restic } from './repository.ts'
import { type OnLog, type OnStarted, runRestic, SHORT_TIMEOUT_MS, startRestic } from './run.ts'

/*
 * A repository has one master key, and a file in its folder `keys` for each password that opens it: the master key, encrypted
 * by the password. A file's name is the SHA-256 of its content. restic reads these files one after the other until one opens.
 * Seen with restic 0.18:
 *   - a corrupt or truncated key file stops it there, with exit 1 (REPOSITORY_KEY_DAMAGED), whoever the key belongs to: whether
 *     one that opens was read before is luck. A deleted one is passed over (REPOSITORY_WRONG_PASSWORD when none opens);
 *   - with the hint (`access.keyHint`) of a sound key that the password opens no other is read: all goes well, `key remove` of
 *     the corrupt one too. A hint that opens nothing is forgotten, and restic goes through all of them;
 *   - `check` finds a corrupt key only where it stumbles over it while opening: with a hint it calls the repository sound.
 */

export interface Key {
  /** 64 hexadecimal digits. */
  id: string
  user: string
  host: string
  /** As restic writes it: local time, “2026-11-26 02:14:32”. */
  created: string
  /** The one that the password opened now. */
  isCurrent: boolean
}

export interface KeyCall {
  signal?: AbortSignal
  timeoutMs?: number
  onStarted?: OnStarted
  onLog?: OnLog
}

const KEY_ID = /\b[0-9a-f]{64}\b/

/** `access`, to be opened with the key of this id first. */
export const withHint = <A extends RepositoryAccess>(access: A, keyHint: string): A => ({ ...access, keyHint })

/** The ids of all key files, damaged ones too. Opens the repository, so it rejects like everything else when that fails. */
export async function listKeyIds(restic: Restic, access: RepositoryAccess, call: KeyCall = {}): Promise<string[]> {
  const { output } = await run(restic, access, 'list', ['keys', '--no-lock'], call)
  return output.map((line) => line.trim()).filter((line) => KEY_ID.test(line))
}

/** The keys that can be read. restic leaves damaged ones out, if it gets past them at all: see `damagedKeys`. */
export async function listKeys(restic: Restic, access: RepositoryAccess, call: KeyCall = {}): Promise<Key[]> {
  const { output } = await run(restic, access, 'key', ['list', '--no-lock'], call)
  return keyList.parse(JSON.parse(output.join('\n'))).map(({ current, id, userName, hostName, created }) => ({
    id,
    user: userName,
    host: hostName,
    created,
    isCurrent: current,
  }))
}

/** The ids of key files that cannot be read. The repository must open, so give the hint of a sound key when there is any doubt. */
export async function damagedKeys(restic: Restic, access: RepositoryAccess, call: KeyCall = {}): Promise<string[]> {
  const sound = new Set((await listKeys(restic, access, call)).map((key) => key.id))
  return (await listKeyIds(restic, access, call)).filter((id) => !sound.has(id))
}

/** The key that the password opens, the one of the hint if it is that; null when it opens none. */
export async function currentKey(restic: Restic, access: RepositoryAccess, call: KeyCall = {}): Promise<Key | null> {
  try {
    return (await listKeys(restic, access, call)).find((key) => key.isCurrent) ?? null
  } catch (error) {
    if (isCoded(error, 'REPOSITORY_WRONG_PASSWORD')) return null
    throw error
  }
}

/**
 * Adds a key for `password`, which may be the present one, and returns its id. The password is handed over on standard input,
 * where restic reads it as a line: neither arguments nor a file hold it. Backups may go on meanwhile.
 */
export async function addKey(
  restic: Restic,
  access: RepositoryAccess,
  password: Secret,
  label: { user: string; host: string },
  { signal, timeoutMs = SHORT_TIMEOUT_MS, onStarted, onLog }: KeyCall = {},
): Promise<string> {
  if (/[\r\n]/.test(password.reveal()))
    throw new CodedError('INPUT_INVALID', { issues: [{ path: 'password', problem: 'must be one line' }] })
  const { sink, ended } = await startRestic(restic, access, {
    command: 'key',
    args: ['add', `--user=${label.user}`, `--host=${label.host}`],
    schema: failureMessage,
    stdin: 'pipe',
    timeoutMs,
    signal,
    onStarted,
    onLog,
  })
  sink.end(`${password.reveal()}\n`)
  const { stoppedBy, exit, failure, output } = await ended
  if (stoppedBy !== undefined) throw stoppedBy
  if (exit.callbackError !== undefined) throw exit.callbackError
  if (failure) throw failure
  const id = KEY_ID.exec(output.join('\n'))?.[0]
  if (id === undefined)
    throw new CodedError('RESTIC_FAILED', { command: 'key add', exit: 'exit 0', reason: 'it gave no key id' })
  return id
}

/**
 * Removes a key and sees by listing that it is gone; one that is not there is. restic refuses the one that the repository is
 * opened with. Rejects with REPOSITORY_KEY_STAYS when it is still there, as on an append-only server, and with
 * REPOSITORY_LOCKED while anybody uses the repository.
 */
export async function removeKey(
  restic: Restic,
  access: RepositoryAccess,
  id: string,
  call: KeyCall = {},
): Promise<void> {
  if (!KEY_ID.test(id)) throw new Error('the whole id of a key is needed')
  if (!(await listKeyIds(restic, access, call)).includes(id)) return
  await run(restic, access, 'key', ['remove', id], call, [1])
  if ((await listKeyIds(restic, access, call)).includes(id))
    throw new CodedError('REPOSITORY_KEY_STAYS', { repository: printableLocation(access), keys: [id] })
}

/**
 * The content of a key file, byte for byte: written back as `keys/<id>` it opens the repository again with its password, even
 * when no other key is left. Rejects with REPOSITORY_KEY_DAMAGED when it cannot be read.
 */
export async function keyFile(
  restic: Restic,
  access: RepositoryAccess,
  id: string,
  call: KeyCall = {},
): Promise<string> {
  const here = access.location.startsWith('/')
    ? await readFile(join(access.location, 'keys', id), 'utf8').catch(() => null)
    : null
  if (here !== null && isKeyFile(id, here)) return here
  const { output } = await run(restic, access, 'cat', ['key', id, '--no-lock'], call)
  // restic prints it indented; as it is stored there is no blank outside of its texts.
  const content = output.join('\n').replaceAll(/("(?:[^"\\]|\\.)*")|\s+/g, '$1')
  if (isKeyFile(id, content)) return content
  throw new CodedError('REPOSITORY_KEY_DAMAGED', { repository: printableLocation(access), key: id })
}

/** Whether this is the content of the key file of that id. */
export const isKeyFile = (id: string, content: string): boolean =>
  createHash('sha256').update(content).digest('hex') === id

function run(
  restic: Restic,
  access: RepositoryAccess,
  command: string,
  args: string[],
  call: KeyCall,
  accept: readonly number[] = [],
) {
  const { timeoutMs = SHORT_TIMEOUT_MS, ...rest } = call
  return runRestic(restic, access, { command, args, schema: failureMessage, timeoutMs, ...rest }, accept)
}
