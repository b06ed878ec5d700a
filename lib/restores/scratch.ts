import { chmod, mkdir, readdir, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { type BundledPostgres, openBundledPostgres } from '#lib/database/bundled-postgres.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { processesWith, terminate } from '#lib/process/find.ts'
import type { ScratchPostgres } from '#lib/sources/driver.ts'
import { dropScratch } from '#lib/sources/postgres/scratch.ts'
import type { Restore } from '#prisma/client/client.ts'
import type { Watching } from './bring-back.ts'
import type { RestoreDeps } from './deps.ts'

const PREFIX = 'restore-'

/** Where a restore works that does not go into a folder of somebody's: below DATA_DIR, closed to others, and gone afterwards. */
export interface Scratch {
  /** Where restic puts the snapshot. */
  snapshot: string
  /** The driver's own. */
  work: string
  postgres: ScratchPostgres
  close(): Promise<void>
}

/**
 * Gives `work` a scratch folder, which is where the restore's snapshot goes, and takes it away with all that was started in it.
 * Meanwhile silence counts as moving.
 */
export async function withScratch<T>(
  deps: RestoreDeps,
  restore: Restore,
  watching: Pick<Watching, 'onLoaded'>,
  work: (scratch: Scratch) => Promise<T>,
): Promise<T> {
  const scratch = await openScratchFolder(deps.config, restore.id)
  const rest = keepMoving(deps, watching)
  try {
    await deps.prisma.restore.updateMany({
      where: { id: restore.id, claimId: restore.claimId },
      data: { folder: scratch.snapshot },
    })
    return await work(scratch)
  } finally {
    rest()
    // What could not be removed now, the sweep tries again. It does not change how the restore ended.
    await scratch.close().catch((error: unknown) => deps.log.error({ err: error, restoreId: restore.id }, 'scratch'))
  }
}

/**
 * For a day. restic says nothing while it reads everything back, nor do programs that load and check; connections notice by
 * themselves that a network is gone. What takes longer is ended as stalled.
 */
const SILENCE_MS = 86_400_000
const TICK_MS = 10_000

function keepMoving({ config }: RestoreDeps, { onLoaded }: Pick<Watching, 'onLoaded'>): () => void {
  const began = performance.now()
  const act = () => {
    if (performance.now() - began < SILENCE_MS) onLoaded(performance.now())
  }
  const timer = setInterval(act, Math.min(TICK_MS, config.STALL_TIMEOUT * 250))
  return () => clearInterval(timer)
}

/** Before anything is written: rejects with RESTORE_NO_SPACE. What is loaded may take as much again, which nobody can know. */
export async function requireSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize < bytes) throw new CodedError('RESTORE_NO_SPACE', { folder, needed: bytes, free: bavail * bsize })
}

async function openScratchFolder(config: RestoreDeps['config'], restoreId: string): Promise<Scratch> {
  const folder = join(config.DATA_DIR, 'scratch', `${PREFIX}${restoreId}`)
  const [snapshot, work, server] = ['snapshot', 'work', 'server'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  await rm(folder, { recursive: true, force: true })
  for (const path of [snapshot, work, server]) await mkdir(path, { recursive: true, mode: 0o700 })
  let postgres: Promise<BundledPostgres> | undefined
  return {
    snapshot,
    work,
    postgres: {
      async start() {
        postgres ??= openBundledPostgres(server)
        return (await postgres).url
      },
      given: givenServer(config, restoreId),
    },
    async close() {
      const started = await postgres?.catch(() => undefined)
      await started?.stop()
      await endAndRemove(folder)
    },
  }
}

/** The name says whose it is, so that what is left of one can be told from others' databases. */
function givenServer({ VERIFICATION_POSTGRES_URL: url }: RestoreDeps['config'], restoreId: string) {
  return url === undefined ? null : { url, name: `verification_${restoreId.replaceAll('-', '')}` }
}

/** Removes what restores of this machine left whose worker was killed, with the servers that outlived it. */
export async function sweepScratch({
  prisma,
  config,
  log,
}: Pick<RestoreDeps, 'prisma' | 'config' | 'log'>): Promise<void> {
  const root = join(config.DATA_DIR, 'scratch')
  const names = (await readdir(root).catch(() => [])).filter((name) => name.startsWith(PREFIX))
  if (names.length === 0) return
  const running = await prisma.restore.findMany({
    where: { id: { in: names.map((name) => name.slice(PREFIX.length)) }, state: 'RUNNING' },
    select: { id: true },
  })
  const inUse = new Set(running.map(({ id }) => `${PREFIX}${id}`))
  for (const name of names) {
    if (inUse.has(name)) continue
    const given = givenServer(config, name.slice(PREFIX.length))
    if (given !== null) await dropScratch(given.url, given.name, (_, line) => log.error({ folder: name }, line))
    await endAndRemove(join(root, name))
    log.info({ folder: name }, 'what a killed restore left was removed')
  }
}

/** Servers name their folder in their command lines. */
async function endAndRemove(folder: string): Promise<void> {
  for (const pid of await processesWith(folder)) await terminate(pid)
  try {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  } catch {
    // Only root empties a folder that its owner may not write into, and such folders were restored as they are.
    await open(folder)
    await rm(folder, { recursive: true, force: true })
  }
}

/** From the top down, so that each can be seen into. */
async function open(folder: string): Promise<void> {
  await chmod(folder, 0o700)
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if (entry.isDirectory()) await open(join(folder, entry.name))
}
