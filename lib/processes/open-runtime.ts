import { mkdir, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '#lib/clock/now.ts'
import type { Config } from '#lib/config/config.ts'
import { readSecretKey } from '#lib/config/secret-key.ts'
import { makeDataDir, type OpenDatabase, openDatabase } from '#lib/database/database.ts'
import { openFeed, SETTINGS } from '#lib/events/feed.ts'
import type { Log } from '#lib/log/log.ts'
import { setVerbosity } from '#lib/log/log.ts'
import { openProcessMetrics } from '#lib/metrics/process-metrics.ts'
import { openMailer } from '#lib/notifications/mailer.ts'
import { openQueue } from '#lib/queue/queue.ts'
import { accessFolder } from '#lib/repositories/access.ts'
import { openRestic, type Restic } from '#lib/restic/restic.ts'
import type { Runtime } from '#lib/runtime/runtime.ts'
import { withOptions } from '#lib/settings/options.ts'
import { driverOf } from '#lib/sources/registry.ts'

export interface OpenRuntime {
  runtime: Runtime
  database: OpenDatabase
  /** Everything but the queue, which its owner stops first. */
  close(): Promise<void>
}

/** Opens everything that exists once per process. What was opened is closed again when a later part cannot be. */
export async function openRuntime(config: Config, log: Log): Promise<OpenRuntime> {
  await makeDataDir(config.DATA_DIR)
  const secretKey = await readSecretKey(config)
  const database = await openDatabase(config, 'required')
  await rm(accessFolder(config), { recursive: true, force: true }) // of a process that was killed; now the folder is ours
  try {
    if (database.applied.length > 0) log.info({ migrations: database.applied }, 'migrations applied')
    const queue = await openQueue(database.url, log)
    const feed = await openFeed(database.url, log)
    const mailer = openMailer(config)
    const runtime: Runtime = {
      config: { ...config, ownDatabase: database.url, STORAGE_ROOTS: await resolved(config.STORAGE_ROOTS) },
      clock: systemClock,
      log,
      prisma: database.prisma,
      queue,
      feed,
      mailer,
      metrics: openProcessMetrics(),
      secretKey,
      restic: findRestic(config),
      driverOf,
      publicUrl: (config.PUBLIC_URL ?? `http://${config.HOST}:${config.PORT}`).replace(/\/$/, ''),
    }
    await followVerbosity(runtime)
    const close = async () => {
      mailer?.close()
      await feed.close()
      await database.close()
    }
    return { runtime, database, close }
  } catch (error) {
    await database.close()
    throw error
  }
}

/** Looks for restic when it is needed and remembers it once found, so that installing it needs no restart. */
/** Lets the log be as verbose as the settings page says, from the start and whenever that changes. */
async function followVerbosity({ prisma, config, log, feed }: Runtime): Promise<void> {
  const verbosity = async () => (await withOptions(prisma, config)).LOG_VERBOSITY
  let current = config.LOG_VERBOSITY
  const look = async () => {
    const wanted = await verbosity()
    if (wanted !== current) setVerbosity(log, wanted)
    current = wanted
  }
  await look()
  feed.watch(SETTINGS, () => void look().catch((error: unknown) => log.warn({ err: error }, 'log verbosity')))
}

function findRestic(config: Config): () => Promise<Restic> {
  let found: Restic | undefined
  const cacheDir = join(config.DATA_DIR, 'cache/restic')
  return async () => {
    if (!found) {
      await mkdir(cacheDir, { recursive: true, mode: 0o700 })
      found = await openRestic({
        binary: config.RESTIC_BINARY,
        toolsDir: join(config.projectRoot, '.tools/bin'),
        cacheDir,
      })
    }
    return found
  }
}

/** Allowed roots with symlinks resolved; one that does not exist yet stays as it is and allows nothing. */
function resolved(roots: readonly string[]): Promise<string[]> {
  return Promise.all(roots.map((root) => realpath(root).catch(() => root)))
}
