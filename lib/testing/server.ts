import { type ChildProcess, spawn } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import type { Actor } from '#lib/auth/actor.ts'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { type Config, readConfig } from '#lib/config/config.ts'
import { readSecretKey } from '#lib/config/secret-key.ts'
import { type Database, openDatabase } from '#lib/database/database.ts'
import { addSource } from '#lib/environments/sources.ts'
import { openQueue } from '#lib/queue/queue.ts'
import { openRestic } from '#lib/restic/restic.ts'
import type { SecretKey } from '#lib/secrets/seal.ts'
import type { Backup, Source } from '#prisma/client/client.ts'
import { freePort } from './free-port.ts'

const projectRoot = join(import.meta.dirname, '../..')
const START_DEADLINE_MS = 60_000

export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
  ms: number
}

export interface Server {
  pid: number
  port: number
  /** Resolves when the process says that it is ready; rejects with what it printed when it ends before. */
  ready: Promise<void>
  exited: Promise<Exit>
  stdout(): string
  stderr(): string
  /** SIGTERM. */
  stop(): Promise<Exit>
  /** SIGKILL. */
  kill(): Promise<Exit>
}

/** A data folder, a storage root and the server processes that work on them, in a temporary folder. */
export interface Ground {
  folder: string
  dataDir: string
  storage: string
  /** What every process so far has printed. */
  printed(): string
  startServer(environment?: Record<string, string>): Promise<Server>
  /** Opens the database and queue of the running server as its guest. */
  guest(): Promise<Guest>
  /** The process of the bundled PostgreSQL, null when there is none. */
  postgres(): Promise<number | null>
  close(): Promise<void>
}

export interface Guest {
  prisma: Database
  secretKey: SecretKey
  config: Config
  databaseUrl: string
  admin: Actor
  addSource(name: string, kind: string, settings: Record<string, unknown>): Promise<Source>
  trigger(input: object): Promise<Backup>
  close(): Promise<void>
}

export const adminPassword = 'a password nobody may read'

export async function openGround(): Promise<Ground> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'backup-trigger-')))
  const dataDir = join(folder, 'data')
  const storage = join(folder, 'files')
  await mkdir(storage)
  const servers: Server[] = []
  const own = { DATA_DIR: dataDir, STORAGE_ROOTS: storage, ADMIN_PASSWORD: adminPassword }
  const postgres = async () => {
    const text = await readFile(join(dataDir, 'postgres/postmaster.pid'), 'utf8').catch(() => '')
    const pid = Number(text.split('\n')[0])
    return pid > 0 && isAlive(pid) ? pid : null
  }
  return {
    folder,
    dataDir,
    storage,
    postgres,
    printed: () => servers.map((server) => server.stdout() + server.stderr()).join(''),
    async startServer(environment = {}) {
      const server = spawnServer({ ...own, PORT: String(await freePort()), ROLE: 'worker', ...environment })
      servers.push(server)
      return server
    },
    guest: () => openGuest(readConfig({ ...own, ROLE: 'web' })),
    async close() {
      for (const server of servers) await server.kill()
      for (const pid of await processesNaming(folder)) {
        const isPostgres = pid === (await postgres())
        process.kill(pid, isPostgres ? 'SIGINT' : 'SIGKILL')
        await until(`the end of process ${pid}`, async () => !isAlive(pid))
      }
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

function spawnServer(environment: Record<string, string>): Server {
  const child: ChildProcess = spawn(process.execPath, [join(projectRoot, 'lib/processes/server.ts')], {
    cwd: projectRoot,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NODE_ENV: 'production', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr, asked] = ['', '', performance.now()]
  let announce = () => {}
  const said = new Promise<void>((resolve) => {
    announce = resolve
  })
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    if (stdout.includes('"msg":"ready"')) announce()
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const exited = once(child, 'close').then(
    ([code, signal]) => ({ code, signal, ms: performance.now() - asked }) as Exit,
  )
  const failed = exited.then((exit) => {
    throw new Error(`the server ended with ${exit.code ?? exit.signal}: ${stderr}${stdout}`)
  })
  const late = sleep(START_DEADLINE_MS, undefined, { ref: false }).then(() => {
    throw new Error(`the server was not ready after ${START_DEADLINE_MS} ms: ${stderr}${stdout}`)
  })
  const ready = Promise.race([said, failed, late])
  for (const promise of [ready, failed, late]) promise.catch(() => {})
  const end = (signal: NodeJS.Signals) => {
    asked = performance.now()
    child.kill(signal)
    return exited
  }
  return {
    pid: child.pid as number,
    port: Number(environment.PORT),
    ready,
    exited,
    stdout: () => stdout,
    stderr: () => stderr,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  }
}

async function openGuest(config: Config): Promise<Guest> {
  const secretKey = await readSecretKey(config)
  const database = await openDatabase(config, 'optional')
  const { prisma } = database
  const queue = await openQueue(database.url, pino({ level: 'silent' }))
  const user = await prisma.user.findFirstOrThrow()
  const admin: Actor = {
    userId: user.id,
    email: user.email,
    role: 'ADMIN',
    scopes: ['backup:read', 'backup:trigger'],
    tokenId: null,
    address: null,
  }
  const { id: environmentId } = await prisma.environment.upsert({
    where: { name: 'test' },
    create: { name: 'test' },
    update: {},
  })
  return {
    prisma,
    secretKey,
    config,
    databaseUrl: database.url.reveal(),
    admin,
    addSource: (name, kind, settings) => addSource(prisma, secretKey, { environmentId, name, kind, settings }),
    trigger: (input) => triggerBackup({ prisma, queue, config }, admin, 'API', input),
    async close() {
      await queue.stop(1000)
      await database.close()
    },
  }
}

/** Asks again until `ask` answers something truthy, which it returns. */
export async function until<T>(what: string, ask: () => Promise<T>, deadlineMs = 60_000): Promise<NonNullable<T>> {
  const deadline = performance.now() + deadlineMs
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    if (performance.now() > deadline) throw new Error(`waited ${deadlineMs} ms in vain for ${what}`)
    await sleep(50)
  }
}

/** Files that cannot be compressed. */
export async function randomFiles(folder: string, megabytes: number): Promise<string> {
  await mkdir(folder, { recursive: true })
  const block = Buffer.alloc(4_000_000)
  for (let i = 0; i * 4 < megabytes; i++) await writeFile(join(folder, `${i}.bin`), randomFillSync(block))
  return folder
}

/** The real restic, made to write slowly, as to a far repository: a backup of a few megabytes then takes seconds. */
export async function slowRestic(folder: string, kibPerSecond: number): Promise<string> {
  const { binary } = await openRestic({
    binary: process.env.RESTIC_BINARY,
    toolsDir: join(projectRoot, '.tools/bin'),
    cacheDir: folder,
  })
  const path = join(folder, 'slow-restic')
  await writeFile(path, `#!/bin/sh\nexec '${binary}' --limit-upload ${kibPerSecond} "$@"\n`)
  await chmod(path, 0o755)
  return path
}

/** Processes with `text` in their command line (Linux). */
export async function processesNaming(text: string): Promise<number[]> {
  const pids = (await readdir('/proc').catch(() => [])).map(Number).filter((pid) => pid > 0 && pid !== process.pid)
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
  return pids.filter((_, index) => lines[index]?.includes(text))
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
