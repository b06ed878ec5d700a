/** Starts the real server on a free port with demo data of its own, and stops it and removes its folder afterwards. */
import { execFile, spawn } from 'node:child_process'
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))
const READY_TIMEOUT_MS = 120_000
const END_TIMEOUT_MS = 60_000

export const administrator = { email: 'admin@localhost', password: 'only for browser tests' }

/** Where the server and its data are, for the specs. */
export function installation(): { url: string; dataDir: string } {
  const { BROWSER_TEST_URL: url, BROWSER_TEST_DATA_DIR: dataDir } = process.env
  if (!url || !dataDir) throw new Error('The global setup has not started a server.')
  return { url, dataDir }
}

/** What a program of this repository is run with: nothing of the caller's own configuration. */
function environment(dataDir: string, port: number): NodeJS.ProcessEnv {
  const { PATH, HOME, USER, LANG, TMPDIR, RESTIC_BINARY } = process.env
  return {
    ...Object.fromEntries(Object.entries({ PATH, HOME, USER, LANG, TMPDIR, RESTIC_BINARY }).filter(([, text]) => text)),
    NODE_ENV: 'production',
    NEXT_TELEMETRY_DISABLED: '1',
    DATA_DIR: dataDir,
    HOST: '127.0.0.1',
    PORT: String(port),
    ADMIN_EMAIL: administrator.email,
    ADMIN_PASSWORD: administrator.password,
    WEBHOOK_PRIVATE_NETWORKS: '127.0.0.0/8',
  }
}

export async function runScript(path: string, ...args: string[]): Promise<string> {
  const { dataDir, url } = installation()
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(root, path), ...args],
    { cwd: root, env: environment(dataDir, Number(new URL(url).port)) },
  )
  return stdout
}

export default async function startServer(): Promise<() => Promise<void>> {
  if (!existsSync(join(root, '.next/BUILD_ID'))) throw new Error('Build the console first: node scripts/install.mjs')
  const folder = mkdtempSync(join(tmpdir(), 'backup-trigger-browser-'))
  const dataDir = join(folder, 'data')
  mkdirSync(dataDir, { mode: 0o700 })
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  process.env.BROWSER_TEST_URL = url
  process.env.BROWSER_TEST_DATA_DIR = dataDir

  try {
    await runScript('scripts/demo-data.ts', join(dataDir, 'demo'))
    const logFile = join(folder, 'server.log')
    const log = createWriteStream(logFile)
    const server = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', join(root, 'lib/processes/server.ts'), '--demo'],
      { cwd: root, env: environment(dataDir, port), stdio: ['ignore', 'pipe', 'pipe'] },
    )
    server.stdout.pipe(log)
    server.stderr.pipe(log)
    let code: number | null = null
    const ended = new Promise<void>((resolve) => {
      server.on('exit', (exitCode) => {
        code = exitCode ?? 1
        resolve()
      })
    })
    const stop = async (): Promise<void> => {
      if (code === null) server.kill('SIGTERM')
      const timer = setTimeout(() => server.kill('SIGKILL'), END_TIMEOUT_MS)
      await ended
      clearTimeout(timer)
    }
    try {
      await ready(url, () => code)
    } catch (error) {
      await stop()
      throw new Error(`${error}\n${readFileSync(logFile, 'utf8').slice(-4_000)}`)
    }
    return async () => {
      await stop()
      const end = readFileSync(logFile, 'utf8').slice(-4_000)
      rmSync(folder, { recursive: true, force: true })
      if (code !== 0) throw new Error(`The server ended with ${code}.\n${end}`)
    }
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

async function ready(url: string, endedWith: () => number | null): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS
  for (;;) {
    const answer = await fetch(`${url}/api/health/ready`, { signal: AbortSignal.timeout(3_000) }).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer?.status === 200) return
    if (endedWith() !== null) throw new Error(`The server ended with ${endedWith()} before it was ready.`)
    if (performance.now() > deadline)
      throw new Error(`The server was not ready within ${READY_TIMEOUT_MS / 1000} seconds.`)
    await pause(200)
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.on('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}
