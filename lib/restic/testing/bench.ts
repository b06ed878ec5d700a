import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { Secret } from '#lib/secrets/secret.ts'
import { type BackupProgress, initRepository, openRestic, type RepositoryAccess, type Restic } from '../restic.ts'

/** For tests: a scratch folder with a real restic and a fresh repository in it. */
export interface Bench {
  folder: string
  restic: Restic
  access: RepositoryAccess
  remove(): Promise<void>
}

export async function openBench(): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'restic-test-'))
  const restic = await openRestic({
    binary: process.env.RESTIC_BINARY,
    toolsDir: join(process.cwd(), '.tools', 'bin'),
    cacheDir: join(folder, 'cache'),
    retryLockSeconds: 0,
    stopGraceMs: 5000,
  })
  const access = { location: join(folder, 'repository'), password: new Secret('correct horse') }
  await initRepository(restic, access)
  return { folder, restic, access, remove: () => rm(folder, { recursive: true, force: true }) }
}

/** What every backup request needs, and what was heard. */
export function request(signal: AbortSignal = new AbortController().signal) {
  const heard = { pid: 0, progress: [] as BackupProgress[], log: [] as string[] }
  return {
    heard,
    host: 'source-1',
    tags: ['run:1', 'source:1'],
    compressionLevel: 5,
    signal,
    onStarted: (process: { pid: number }) => {
      heard.pid = process.pid
    },
    onProgress: (progress: BackupProgress) => {
      heard.progress.push(progress)
    },
    onLog: (level: string, message: string) => {
      heard.log.push(`${level}: ${message}`)
    },
  }
}

/** Writes random bytes, so that nothing deduplicates, at the reader's pace. */
export async function writeRandom(sink: Writable, bytes: number, afterEach?: (written: number) => void): Promise<void> {
  const size = 256 * 1024
  for (let written = 0; written < bytes; written += size) {
    await new Promise<void>((resolve, reject) => sink.write(randomBytes(size), (e) => (e ? reject(e) : resolve())))
    afterEach?.(written + size)
  }
}
