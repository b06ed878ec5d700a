import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CodedError } from '#lib/errors/coded-error.ts'
import { describeExit, startChild } from '#lib/process/child.ts'
import type { DriverContext } from '../driver.ts'
import { withRedis } from './client.ts'
import { loadedBytes } from './server.ts'
import { type RedisSettings, redisSettings } from './settings.ts'

/** A temporary server's numbers of databases: half are for what it loads, half are free. */
export const DATABASES = 32_768
const LOOK_EVERY_MS = 50
/** What kernels take for the path of a socket (103 on macOS), less the names that we add. */
const SOCKET_FOLDER_MAX = 80

/**
 * Runs a server that has loaded `file` while `work` goes on. It listens on a socket in a folder of ours alone, writes
 * nothing, and is gone afterwards. Rejects with RESTORE_CONTENT_WRONG when it does not load the file.
 */
export async function withLoaded<T>(
  server: { command: string },
  file: string,
  ctx: DriverContext,
  work: (settings: RedisSettings) => Promise<T>,
): Promise<T> {
  const inScratch = ctx.scratch.length <= SOCKET_FOLDER_MAX
  const folder = await mkdtemp(join(inScratch ? ctx.scratch : tmpdir(), 'redis-'))
  const settings = redisSettings.parse({ host: join(folder, 'socket') })
  const said: string[] = []
  try {
    ctx.signal.throwIfAborted()
    // Not ended by the signal: what it has handed over is asked of it when a restore is taken back.
    const child = await startChild({
      command: server.command,
      args: argsFor(file, settings.host),
      env: { LC_ALL: 'C' },
      onStdoutLine: (line) => {
        said.push(line)
        said.splice(0, said.length - 20)
      },
    })
    try {
      let ended: string | null = null
      void child.exited.then((exit) => {
        ended = describeExit(exit)
      })
      while (!(await isLoaded(settings, ctx))) {
        ctx.signal.throwIfAborted()
        if (ended !== null) throw notLoaded(file, said, ended)
        await sleep(LOOK_EVERY_MS)
      }
      return await work(settings)
    } finally {
      await child.stop()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function argsFor(file: string, socket: string): string[] {
  const config: Record<string, string> = {
    port: '0',
    unixsocket: socket,
    unixsocketperm: '700',
    dir: dirname(file),
    dbfilename: basename(file),
    databases: String(DATABASES),
    save: '',
    appendonly: 'no',
    maxmemory: '0',
    daemonize: 'no',
  }
  return Object.entries(config).flatMap(([name, value]) => [`--${name}`, value])
}

async function isLoaded(settings: RedisSettings, ctx: DriverContext): Promise<boolean> {
  try {
    const bytes = await withRedis(settings, ctx, loadedBytes)
    if (bytes !== null) ctx.progress(bytes)
    return bytes === null
  } catch (thrown) {
    ctx.signal.throwIfAborted()
    if (thrown instanceof CodedError && thrown.code === 'SOURCE_UNREACHABLE') return false // it has not begun to listen
    throw thrown
  }
}

/** The server's own last words, without process id, role and time. */
function notLoaded(file: string, said: string[], exit: string): CodedError {
  const words = said.findLast((line) => line.includes(' # ')) ?? ''
  const reason = words.slice(words.indexOf(' # ') + 3).replace(/\.$/, '') || `the server that loads it ended (${exit})`
  return new CodedError('RESTORE_CONTENT_WRONG', { what: basename(file), reason })
}
