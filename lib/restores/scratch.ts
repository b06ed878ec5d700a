import { chmod, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type BundledPostgres, openBundledPostgres } from '#lib/database/bundled-postgres.ts'
import { processesWith, terminate } from '#lib/process/find.ts'
import type { Secret } from '#lib/secrets/secret.ts'
import type { RestoreDeps } from './deps.ts'

const PREFIX = 'verify-'

/** Where a verification works: below DATA_DIR, closed to others, and gone afterwards. */
export interface Scratch {
  /** Where restic puts the snapshot. */
  snapshot: string
  /** The driver's own. */
  work: string
  startPostgres(): Promise<Secret>
  close(): Promise<void>
}

export async function openScratchFolder(dataDir: string, restoreId: string): Promise<Scratch> {
  const folder = join(dataDir, 'scratch', `${PREFIX}${restoreId}`)
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
    async startPostgres() {
      postgres ??= openBundledPostgres(server)
      return (await postgres).url
    },
    async close() {
      const started = await postgres?.catch(() => undefined)
      await started?.stop()
      await endAndRemove(folder)
    },
  }
}

/** Removes what verifications of this machine left whose worker was killed, with the servers that outlived it. */
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
    await endAndRemove(join(root, name))
    log.info({ folder: name }, 'what a killed verification left was removed')
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
