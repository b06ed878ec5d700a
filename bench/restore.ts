import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import {
  type BackupSummary,
  backupPaths,
  backupStream,
  initRepository,
  openRestic,
  type RepositoryAccess,
  type Restic,
} from '#lib/restic/restic.ts'
import { restoreCounted } from '#lib/restores/restore-counted.ts'
import { Secret } from '#lib/secrets/secret.ts'
import { driverOf } from '#lib/sources/registry.ts'
import { startPostgresServer, systemPostgresBin } from '#lib/testing/postgres-server.ts'
import { median, megabytes, ratio, seconds, table } from './figures.ts'
import { circumstances, versionOf } from './machine.ts'
import type { Section } from './page.ts'
import { contextIn } from './sources/ours.ts'
import { makePostgresData } from './sources/postgres-data.ts'

const FULL = { megabytes: 4000, scale: 90, documents: 580_000, rounds: 3 }
const SMALL = { megabytes: 20, scale: 1, documents: 3000, rounds: 1 }
const FILE_MB = 10
const PASSWORD = 'only for measuring'

interface Times {
  ours: number[]
  byHand: number[]
}

interface Surroundings {
  scratch: string
  restic: Restic
  access: RepositoryAccess
  rounds: number
  /** Runs a line of a shell with restic's variables, and others. */
  typed(line: string, more?: Record<string, string>): void
}

/**
 * What our way of restoring costs, with its listing, its counting and its looks, against the same programs typed by hand: a folder, and a
 * PostgreSQL database into a new one. Rounds are interleaved, each into a new place; before each, what was written is brought to the disk.
 */
export async function restore(small: boolean): Promise<Section> {
  const { rounds, ...size } = small ? SMALL : FULL
  const scratch = mkdtempSync(join(tmpdir(), 'restore-'))
  const cacheDir = join(scratch, 'cache')
  try {
    const restic = await openRestic({ cacheDir, toolsDir: join(import.meta.dirname, '../.tools/bin') })
    const access = { location: join(scratch, 'repository'), password: new Secret(PASSWORD) }
    await initRepository(restic, access)
    const typed: Surroundings['typed'] = (line, more = {}) => {
      const own = { RESTIC_PASSWORD: PASSWORD, RESTIC_REPOSITORY: access.location, RESTIC_CACHE_DIR: cacheDir }
      const env = { NODE_ENV: 'production' as const, PATH: process.env.PATH, ...own, ...more }
      const stdio = ['ignore', 'ignore', 'inherit'] as const
      execFileSync('/bin/sh', ['-ec', line.replaceAll('RESTIC ', `'${restic.binary}' `)], { env, stdio: [...stdio] })
    }
    const at = { scratch, restic, access, rounds, typed }
    const files = await ofFiles(at, size.megabytes)
    const { times: database, bytes } = await ofDatabase(at, size)
    const row = (name: string, { ours, byHand }: Times) => {
      const [us, hand] = [median(ours), median(byHand)]
      return [name, seconds(us), seconds(hand), ratio(us / hand)]
    }
    const pgRestore = (await versionOf('pg_restore', (await systemPostgresBin()) ?? '')) ?? 'pg_restore'
    return {
      name: 'restore',
      title: 'Restoring, against the same programs typed by hand',
      content: [
        circumstances(`restore${small ? ' --small' : ''}`, [`restic ${restic.version}`, pgRestore]),
        `A folder of ${size.megabytes} MB, and a PostgreSQL database of ${megabytes(bytes)} MB into a new one; medians of ${rounds}, interleaved, each into a new place:`,
        table(['what', 'ours, s', 'by hand, s', 'ratio'], [row('folder', files), row('PostgreSQL', database)], true),
        'Ours includes the listing of the snapshot, beside the restore, and the count of what is there afterwards; of the database also the look at what the server lacks, and the count of all rows. By hand are `restic restore`, and then `CREATE DATABASE` and `pg_restore --exit-on-error --single-transaction`.',
      ].join('\n\n'),
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

async function ofFiles(at: Surroundings, size: number): Promise<Times> {
  const folder = join(at.scratch, 'files')
  makeFiles(folder, size)
  const paths = { include: [folder], exclude: [], oneFileSystem: true }
  const saved = await backupPaths(at.restic, at.access, { ...request, ...paths })
  rmSync(folder, { recursive: true })
  const times: Times = { ours: [], byHand: [] }
  const target = join(at.scratch, 'target')
  const measure = async (into: number[], work: () => unknown) => {
    mkdirSync(target)
    at.typed('sync')
    const start = performance.now()
    await work()
    into.push(performance.now() - start)
    rmSync(target, { recursive: true })
  }
  for (let round = 0; round < at.rounds; round++) {
    await measure(times.byHand, () => at.typed(`RESTIC restore ${saved.snapshotId} --target '${target}' --json`))
    await measure(times.ours, () => restoreWhole(at, saved, target))
    console.error(`restore of files: round ${round + 1} of ${at.rounds} done`)
  }
  return times
}

async function restoreWhole(at: Surroundings, { snapshotId, ...saved }: BackupSummary, folder: string) {
  const { problem } = await restoreCounted(at.restic, at.access, {
    ...{ snapshotId, folder, paths: [], verify: false, signal: request.signal },
    known: { files: saved.filesProcessed, bytes: saved.bytesProcessed },
  })
  if (problem !== null) throw problem
}

async function ofDatabase(at: Surroundings, size: { scale: number; documents: number }) {
  const server = await startPostgresServer()
  try {
    const bin = (await systemPostgresBin()) ?? ''
    const data = await makePostgresData(server, bin, size)
    const bytes = await data.bytes()
    const { port, password } = server
    const driver = driverOf('postgres')
    const login = { host: '127.0.0.1', port, user: 'postgres', password }
    const settings = driver.settings.parse({ ...login, database: data.database })
    const context = contextIn(at.scratch, request.signal)
    mkdirSync(context.scratch, { recursive: true })
    const copy = await driver.open(settings, context)
    if (copy.shape !== 'stream') throw new Error('a dump is a stream')
    const saved = await backupStream(at.restic, at.access, { ...request, ...copy })
    await copy.close()
    const times: Times = { ours: [], byHand: [] }
    const target = join(at.scratch, 'target')
    const measure = async (into: number[], work: () => unknown) => {
      mkdirSync(target)
      at.typed('sync')
      await server.query('CHECKPOINT')
      const start = performance.now()
      await work()
      into.push(performance.now() - start)
      rmSync(target, { recursive: true })
      await server.query('DROP DATABASE restored')
    }
    const surroundings = {
      PATH: `${bin}:/usr/bin:/bin`,
      ...{ PGHOST: '127.0.0.1', PGPORT: String(port), PGUSER: 'postgres', PGPASSWORD: password },
    }
    for (let round = 0; round < at.rounds; round++) {
      await measure(times.byHand, () =>
        at.typed(
          `RESTIC restore ${saved.snapshotId} --target '${target}' --json
           createdb --template=template0 restored
           pg_restore --exit-on-error --single-transaction --dbname=restored '${join(target, copy.filename)}'`,
          surroundings,
        ),
      )
      await measure(times.ours, async () => {
        const place = await driver.newPlace?.open(settings, 'restored', context)
        await restoreWhole(at, saved, target)
        await driver.restore(place, target, context)
      })
      console.error(`restore of a database: round ${round + 1} of ${at.rounds} done`)
    }
    return { times, bytes }
  } finally {
    await server.stop()
  }
}

const request = {
  host: 'bench',
  tags: ['bench'],
  compressionLevel: 5,
  signal: new AbortController().signal,
  onStarted() {},
  onProgress() {},
  onLog() {},
}

/** Half random, half repetitive. */
function makeFiles(folder: string, size: number): void {
  mkdirSync(folder)
  for (let file = 0; file * FILE_MB < size; file++) {
    const one = openSync(join(folder, `${file}.bin`), 'w')
    for (let part = 0; part < FILE_MB; part++)
      writeSync(one, Buffer.concat([randomBytes(500_000), Buffer.alloc(500_000, `row ${file}-${part};`)]))
    closeSync(one)
  }
}
