import { stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import type { Writable } from 'node:stream'
import type { z } from 'zod'
import { systemClock } from '#lib/clock/now.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { type Child, type Exit, startChild } from '#lib/process/child.ts'
import { classifyFailure, mayLeaveLock } from './exit-codes.ts'
import type { ErrorMessage, ExitErrorMessage } from './messages.ts'
import { parseLine } from './messages.ts'
import { printableLocation, type RepositoryAccess, type Restic, resticEnvironment } from './repository.ts'

export type LogLevel = 'debug' | 'info' | 'warning' | 'error'
/** Notes the process, so that its lock can be known as ours. When it throws or rejects, restic is stopped with that error. */
export type OnStarted = (process: { pid: number; startedAt: Date }) => unknown
export type OnLog = (level: LogLevel, message: string) => void

/** Commands that read or write little. An unreachable server makes restic retry for about 15 minutes by itself. */
export const SHORT_TIMEOUT_MS = 5 * 60_000
/** Commands that move data. */
export const LONG_TIMEOUT_MS = 24 * 60 * 60_000

export interface Call<M> {
  command: string
  args: readonly string[]
  schema: z.ZodType<M>
  timeoutMs: number
  stdin?: 'pipe'
  /** What it writes to standard output is for the caller, from `child.stdout`, and is not read as messages. */
  stdout?: 'pipe'
  signal?: AbortSignal
  retryLockSeconds?: number
  onStarted?: OnStarted
  onMessage?: (message: M) => void
  /** Gets the lines of standard output that are no messages, instead of having them collected. Long ones come in pieces. */
  onOutput?: (line: string) => void
  onLog?: OnLog
}

export interface Running {
  child: Child
  host: string
  /** Restic's stdin, for calls with `stdin: 'pipe'`. */
  sink: Writable
  ended: Promise<Ended>
  /** SIGINT, then SIGKILL after the grace. */
  stop(reason: unknown): void
}

export interface Ended {
  exit: Exit
  /** Why we stopped it: the signal's reason or RESTIC_TIMEOUT. Undefined when it ended by itself. */
  stoppedBy: unknown
  /** Lines of standard output that were not messages. */
  output: string[]
  /** Set unless restic exited with 0; it is not thrown, because exit 3 may be a result. */
  failure: CodedError | null
}

/** Starts one restic command. Nothing secret is in its arguments; it leads its own process group. */
export async function startRestic<M>(restic: Restic, access: RepositoryAccess, call: Call<M>): Promise<Running> {
  call.signal?.throwIfAborted()
  await refuseFileAsFolder(access.location)
  if (access.from) await refuseFileAsFolder(access.from.location)
  const output: string[] = []
  const words: { exitError?: string; error?: string } = {}
  const onLine = (line: string, isStdout: boolean) => {
    const parsed = parseLine(call.schema, line)
    if ('message' in parsed) {
      noteReason(words, parsed.message)
      call.onMessage?.(parsed.message)
    } else if (isStdout) (call.onOutput ?? ((text) => output.push(text)))(line)
    else if (line.trim() !== '') call.onLog?.('info', line)
  }
  const startedAt = systemClock.now()
  const child = await startChild({
    command: restic.binary,
    args: argumentsOf(restic, access, call),
    env: resticEnvironment(restic, access),
    cwd: access.cwd,
    stdin: call.stdin,
    uid: restic.uid,
    gid: restic.gid,
    detached: true,
    stopSignal: 'SIGINT',
    graceMs: restic.stopGraceMs,
    ...(call.stdout ? { stdout: call.stdout } : { onStdoutLine: (line) => onLine(line, true) }),
    onStderrLine: (line) => onLine(line, false),
  }).catch((cause: unknown) => {
    throw new CodedError('RESTIC_MISSING', { looked: [restic.binary] }, { cause })
  })

  let stoppedBy: unknown
  const stop = (reason: unknown) => {
    stoppedBy ??= reason
    void child.stop()
  }
  const onAbort = () => stop(call.signal?.reason)
  const deadline = setTimeout(
    () => stop(new CodedError('RESTIC_TIMEOUT', { command: call.command, timeoutMs: call.timeoutMs })),
    call.timeoutMs,
  )
  call.signal?.addEventListener('abort', onAbort, { once: true })
  if (call.signal?.aborted) onAbort()

  const process = { command: call.command, pid: child.pid, startedAt }
  const noted = (async () => call.onStarted?.(process))().catch(stop)
  const ledger = (async () => (takesLock(call) ? access.noteProcess?.(process) : undefined))()
  ledger.catch(stop)
  const ended = child.exited.then(async (exit): Promise<Ended> => {
    await noted
    // A note that cannot be taken back is one look at the repository too many, no more.
    await ledger.then((over) => over?.(mayLeaveLock(exit))).catch(() => {})
    clearTimeout(deadline)
    call.signal?.removeEventListener('abort', onAbort)
    const reason = words.exitError ?? words.error ?? exit.stderr.split('\n').at(-1) ?? ''
    const { code, signal } = exit
    const facts = { command: call.command, code, signal, reason, repository: printableLocation(access) }
    return { exit, stoppedBy, output, failure: code === 0 ? null : classifyFailure(facts) }
  })
  return { child, host: hostname(), sink: child.stdin as Writable, ended, stop }
}

/**
 * Runs one restic command to its end. Rejects with what stopped it (the signal's reason, RESTIC_TIMEOUT), and with the
 * classified error for every exit code other than 0 and those in `accept`.
 */
export async function runRestic<M>(
  restic: Restic,
  access: RepositoryAccess,
  call: Call<M>,
  accept: readonly number[] = [],
): Promise<Ended> {
  const { ended } = await startRestic(restic, access, call)
  const result = await ended
  if (result.stoppedBy !== undefined) throw result.stoppedBy
  if (result.exit.callbackError !== undefined) throw result.exit.callbackError
  if (result.failure && !accept.includes(result.exit.code ?? -1)) throw result.failure
  return result
}

const takesLock = ({ command, args }: { command: string; args: readonly string[] }) =>
  command !== 'init' && command !== 'unlock' && !args.includes('--no-lock')

function argumentsOf<M>(restic: Restic, access: RepositoryAccess, call: Call<M>): string[] {
  const options = (access.options ?? []).flatMap((option) => ['-o', option])
  const seconds = call.retryLockSeconds ?? restic.retryLockSeconds
  return [call.command, '--json', '--retry-lock', `${seconds}s`, ...limitArguments(access), ...options, ...call.args]
}

function limitArguments({ limits = {} }: RepositoryAccess): string[] {
  const flags = [
    ['--limit-upload', limits.uploadKibPerSecond],
    ['--limit-download', limits.downloadKibPerSecond],
    ['--pack-size', limits.packSizeMib],
  ] as const
  return flags.flatMap(([flag, value]) => (value === undefined ? [] : [flag, String(value)]))
}

function noteReason(words: { exitError?: string; error?: string }, message: unknown): void {
  const m = message as ErrorMessage | ExitErrorMessage
  if (m.message_type === 'exit_error') words.exitError = m.message.replace(/^Fatal: /, '').trim()
  else if (m.message_type === 'error') words.error ??= m.error.message
}

/** restic retries "not a directory" for 15 minutes, although it cannot mend itself. */
async function refuseFileAsFolder(location: string): Promise<void> {
  if (!location.startsWith('/')) return
  const found = await stat(location).catch((error: NodeJS.ErrnoException) => error.code)
  if (found === 'ENOTDIR' || (typeof found === 'object' && !found.isDirectory()))
    throw new CodedError('REPOSITORY_UNWRITABLE', { repository: location, reason: 'it is not a folder' })
}
