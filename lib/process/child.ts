import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'

/**
 * The only door to child processes. No shell, and the child's environment is exactly `env`: nothing of ours is inherited.
 */
export interface ChildOptions {
  command: string
  args: readonly string[]
  /** Exactly what the child sees. Secrets go here or into a 0600 file, never into `args`. */
  env: Readonly<Record<string, string>>
  cwd?: string
  /** `pipe` leaves `child.stdin` to the caller; default is an empty input. */
  stdin?: 'ignore' | 'pipe'
  /** A stream with a file descriptor becomes the child's stdout itself, so that no byte passes through Node. */
  stdout?: 'ignore' | 'pipe' | Writable
  /** Aborting sends `stopSignal`, then SIGKILL after `graceMs`. */
  signal?: AbortSignal
  stopSignal?: NodeJS.Signals
  graceMs?: number
  uid?: number
  gid?: number
  /** The child leads its own process group: a Ctrl-C on our terminal does not reach it. */
  detached?: boolean
  /**
   * With `detached`: signals go to its whole group, and what the program leaves running when it ends is killed. What leads
   * a group of its own (a daemon) escapes.
   */
  wholeGroup?: boolean
  onStdoutLine?: (line: string) => void
  onStderrLine?: (line: string) => void
}

export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
  /** The last 8 KiB of stderr. */
  stderr: string
  /** True when we asked it to stop (abort or stop()). */
  stopped: boolean
  /** What the first failing line callback threw. The output was read to its end all the same. */
  callbackError?: unknown
}

export interface Child {
  readonly pid: number
  readonly stdin: Writable | null
  readonly stdout: Readable | null
  /** Never rejects. Resolves when the process has ended and its output is read to the end. */
  readonly exited: Promise<Exit>
  /** Asks it to end (`stopSignal`, SIGKILL after `graceMs`) and waits until it has. */
  stop(): Promise<Exit>
}

const STDERR_LIMIT = 8 * 1024
/** A longer line is handed over in pieces, so that a program that writes no line ends cannot fill our memory. */
const LINE_LIMIT = 1024 * 1024
/** How long an ended program's output may stay silent while a grandchild still holds it open. */
const ORPHANED_OUTPUT_MS = 1000

/**
 * Starts a program. Rejects with the system's error (ENOENT, EACCES) when it cannot be started at all; everything later
 * is told by `exited`.
 */
export async function startChild(options: ChildOptions): Promise<Child> {
  options.signal?.throwIfAborted()
  const child = spawn(options.command, [...options.args], {
    env: options.env as NodeJS.ProcessEnv,
    cwd: options.cwd,
    stdio: [options.stdin ?? 'ignore', options.stdout ?? (options.onStdoutLine ? 'pipe' : 'ignore'), 'pipe'],
    shell: false,
    uid: options.uid,
    gid: options.gid,
    detached: options.detached ?? false,
    windowsHide: true,
  })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
  return watch(child, options)
}

function watch(child: ChildProcess, options: ChildOptions): Child {
  let stderr = ''
  let stopped = false
  let killTimer: NodeJS.Timeout | undefined
  const failures: unknown[] = []
  child.on('error', () => {}) // a signal that could not be sent: `exited` tells how it ended
  child.stdin?.on('error', () => {}) // EPIPE: the exit code tells the story

  const readers: Reader[] = []
  if (options.onStdoutLine && child.stdout) readers.push(readLines(child.stdout, options.onStdoutLine, failures))
  if (child.stderr) {
    const onStderr = (line: string) => {
      stderr = `${stderr}${line}\n`.slice(-STDERR_LIMIT)
      options.onStderrLine?.(line)
    }
    readers.push(readLines(child.stderr, onStderr, failures))
  }

  const kill = (signal: NodeJS.Signals) => {
    if (options.wholeGroup) killGroup(child.pid as number, signal)
    else child.kill(signal)
  }
  const askToStop = () => {
    if (stopped || child.exitCode !== null || child.signalCode !== null) return
    stopped = true
    kill(options.stopSignal ?? 'SIGTERM')
    killTimer = setTimeout(() => kill('SIGKILL'), options.graceMs ?? 5000)
  }
  options.signal?.addEventListener('abort', askToStop, { once: true })
  if (options.signal?.aborted) askToStop()

  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', async (code, signal) => {
      clearTimeout(killTimer)
      if (options.wholeGroup) kill('SIGKILL')
      options.signal?.removeEventListener('abort', askToStop)
      await Promise.all(readers.map((reader) => reader.finish()))
      const callbackError = failures.length > 0 ? { callbackError: failures[0] } : {}
      resolve({ code, signal, stderr: stderr.trim(), stopped, ...callbackError })
    })
  })
  return {
    pid: child.pid as number,
    stdin: child.stdin,
    stdout: child.stdout,
    exited,
    stop: () => {
      askToStop()
      return exited
    },
  }
}

function killGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal)
  } catch {} // nobody is left in it
}

interface Reader {
  /** To be called once the process has ended: resolves when its output is read, or is only held open by a grandchild. */
  finish(): Promise<void>
}

/** Hands each line to `onLine`. A callback that throws never stops the reading: a full pipe would stop the child. */
function readLines(stream: Readable, onLine: (line: string) => void, failures: unknown[]): Reader {
  let rest = ''
  const hand = (line: string) => {
    try {
      onLine(line.endsWith('\r') ? line.slice(0, -1) : line)
    } catch (error) {
      failures.push(error)
    }
  }
  let idle: NodeJS.Timeout | undefined
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    idle?.refresh()
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) hand(line)
    if (rest.length > LINE_LIMIT) {
      hand(rest)
      rest = ''
    }
  })
  stream.on('error', () => {})
  const closed = new Promise<void>((resolve) => {
    stream.once('close', () => {
      if (rest !== '') hand(rest)
      resolve()
    })
  })
  return {
    finish: async () => {
      idle = setTimeout(() => stream.destroy(), ORPHANED_OUTPUT_MS)
      await closed
      clearTimeout(idle)
    },
  }
}

/** Runs a program to its end and collects its standard output as lines. Rejects only when it cannot be started. */
export async function runChild(options: Omit<ChildOptions, 'stdout' | 'stdin'>): Promise<Exit & { stdout: string[] }> {
  const stdout: string[] = []
  const child = await startChild({
    ...options,
    onStdoutLine: (line) => {
      if (options.onStdoutLine) options.onStdoutLine(line)
      else stdout.push(line)
    },
  })
  return { ...(await child.exited), stdout }
}

/** "exit 1" or "SIGKILL", for messages. */
export function describeExit(exit: Pick<Exit, 'code' | 'signal'>): string {
  return exit.signal ?? `exit ${exit.code}`
}
