import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pino from 'pino'
import { type Actor, scopes } from '#lib/auth/actor.ts'
import { makeFirstAdministrator } from '#lib/auth/first-administrator.ts'
import { follow } from '#lib/backups/follow.ts'
import { startWorker, type Worker } from '#lib/backups/worker.ts'
import { readConfig } from '#lib/config/config.ts'
import { addSource } from '#lib/environments/sources.ts'
import { type MaintenanceWorker, startMaintenance } from '#lib/maintenance/worker.ts'
import { openRuntime } from '#lib/processes/open-runtime.ts'
import { ensureDefaultRepository } from '#lib/repositories/default.ts'
import { type RestoreWorker, startRestores } from '#lib/restores/worker.ts'
import type { Runtime } from '#lib/runtime/runtime.ts'
import type { Secret } from '#lib/secrets/secret.ts'
import type { Backup, BackupEvent, BackupRun, Source } from '#prisma/client/client.ts'

export interface Installation {
  runtime: Runtime
  folder: string
  /** For a second process that works with the same data. */
  databaseUrl: Secret
  admin: Actor
  environmentId: string
  startWorker(): Promise<Worker>
  startMaintenance(): Promise<MaintenanceWorker>
  startRestores(): Promise<RestoreWorker>
  addFiles(name: string, files: Record<string, string>): Promise<{ source: Source; path: string }>
  addSqlite(name: string, rows: number): Promise<{ source: Source; path: string }>
  /** Waits for events, not time: resolves when the backup has ended. */
  ended(backupId: string): Promise<Backup & { runs: BackupRun[]; events: BackupEvent[] }>
  close(): Promise<void>
}

/** A whole installation in a temporary folder: bundled PostgreSQL, queue, feed, repository, one environment, an administrator. */
export async function openInstallation(environment: Record<string, string> = {}): Promise<Installation> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'backup-trigger-')))
  const data = join(folder, 'files')
  await mkdir(data)
  const config = readConfig({
    DATA_DIR: join(folder, 'data'),
    STORAGE_ROOTS: data,
    ADMIN_PASSWORD: 'correct horse battery',
    RESTIC_BINARY: process.env.RESTIC_BINARY,
    ...environment,
  })
  const opened = await openRuntime(config, pino({ level: 'silent' }))
  const { runtime } = opened
  await makeFirstAdministrator(runtime.prisma, config)
  await ensureDefaultRepository(runtime, await runtime.restic())
  const user = await runtime.prisma.user.findFirstOrThrow()
  const { id: environmentId } = await runtime.prisma.environment.create({ data: { name: 'test' } })
  const admin: Actor = {
    userId: user.id,
    email: user.email,
    role: 'ADMIN',
    scopes,
    tokenId: null,
    address: null,
  }
  let worker: Worker | undefined
  let maintenance: MaintenanceWorker | undefined
  let restores: RestoreWorker | undefined
  return {
    runtime,
    folder,
    databaseUrl: opened.database.url,
    admin,
    environmentId,
    async startWorker() {
      worker = await startWorker(runtime)
      return worker
    },
    async startMaintenance() {
      maintenance = await startMaintenance(runtime)
      return maintenance
    },
    async startRestores() {
      restores = await startRestores(runtime)
      return restores
    },
    async addFiles(name, files) {
      const path = join(data, name)
      await mkdir(path, { recursive: true })
      for (const [file, text] of Object.entries(files)) await writeFile(join(path, file), text)
      const settings = { paths: [path], exclude: [] }
      return {
        path,
        source: await addSource(runtime.prisma, runtime.secretKey, { environmentId, name, kind: 'files', settings }),
      }
    },
    async addSqlite(name, rows) {
      const path = join(data, `${name}.sqlite`)
      const db = new DatabaseSync(path)
      db.exec('pragma journal_mode = wal; create table item (id integer primary key, name text)')
      const insert = db.prepare('insert into item (name) values (?)')
      for (let i = 0; i < rows; i++) insert.run(`item ${i}`)
      db.close()
      const settings = { path }
      return {
        path,
        source: await addSource(runtime.prisma, runtime.secretKey, { environmentId, name, kind: 'sqlite', settings }),
      }
    },
    async ended(backupId) {
      for await (const _ of follow(runtime, backupId, 0)) {
        // the feed completes when the backup has ended
      }
      return runtime.prisma.backup.findUniqueOrThrow({
        where: { id: backupId },
        include: { runs: { orderBy: { attempt: 'asc' } }, events: { orderBy: { seq: 'asc' } } },
      })
    },
    async close() {
      await Promise.all([worker?.stop(0), maintenance?.stop(), restores?.stop()])
      await runtime.queue.stop(1000)
      await opened.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
