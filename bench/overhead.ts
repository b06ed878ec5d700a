import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { startChild } from '#lib/process/child.ts'
import { backupPaths, backupStream, initRepository, openRestic, type RepositoryAccess } from '#lib/restic/restic.ts'
import { Secret } from '#lib/secrets/secret.ts'
import { median, ratio, seconds, table } from './figures.ts'
import { circumstances } from './machine.ts'
import type { Section } from './page.ts'

const FULL = { megabytes: 2000, rounds: 5 }
const SMALL = { megabytes: 50, rounds: 1 }
const FILE_MB = 10
const PASSWORD = 'only for measuring'

/** What was measured, in milliseconds; and the share of a stream's time in which Node was busy. */
export interface Overhead {
  resticVersion: string
  megabytes: number
  rounds: number
  ours: { files: number[]; stream: number[] }
  byHand: { files: number[]; stream: number[] }
  cpuShares: number[]
}

/**
 * What our way of running restic costs, against the same restic command typed by hand: for a folder and for a stream. Rounds
 * are interleaved, each into a fresh repository. It measures lib/restic, not the queue before it.
 */
export async function overhead(small: boolean): Promise<Section> {
  const size = small ? SMALL : FULL
  return overheadSection(await measureOverhead(size.megabytes, size.rounds), small)
}

/** The page's section for these figures. */
export function overheadSection(measured: Overhead, small: boolean): Section {
  const { ours, byHand, megabytes, rounds, resticVersion } = measured
  const rows = (['files', 'stream'] as const).map((shape) => {
    const [us, hand] = [median(ours[shape]), median(byHand[shape])]
    return [shape === 'files' ? 'folder' : 'stream', seconds(us), seconds(hand), ratio(us / hand)]
  })
  return {
    name: 'overhead',
    title: 'Against restic typed by hand',
    content: [
      circumstances(`overhead${small ? ' --small' : ''}`, [`restic ${resticVersion}`]),
      `A folder and a stream of ${megabytes} MB, half of which does not compress; medians of ${rounds}, interleaved, each into a fresh repository:`,
      table(['what', 'ours, s', 'by hand, s', 'ratio'], rows, true),
      `Node’s CPU time during a stream is ${(median(measured.cpuShares) * 100).toFixed(1)} % of the wall time: no byte of it passes through Node. Ours includes the look at the repository that proves that the snapshot is there.`,
    ].join('\n\n'),
  }
}

async function measureOverhead(megabytes: number, rounds: number): Promise<Overhead> {
  const scratch = mkdtempSync(join(tmpdir(), 'overhead-'))
  const folder = join(scratch, 'files')
  const dump = join(scratch, 'dump')
  const cacheDir = join(scratch, 'cache')
  try {
    makeData(folder, dump, megabytes)
    const restic = await openRestic({ cacheDir, toolsDir: join(import.meta.dirname, '../.tools/bin') })
    const ours = { files: [] as number[], stream: [] as number[] }
    const byHand = { files: [] as number[], stream: [] as number[] }
    const cpuShares: number[] = []
    const request = {
      host: 'bench',
      tags: ['bench'],
      compressionLevel: 5,
      signal: new AbortController().signal,
      onStarted() {},
      onProgress() {},
      onLog() {},
    }
    const typed = (command: string, access: RepositoryAccess) => {
      const env: NodeJS.ProcessEnv = {
        NODE_ENV: 'production',
        PATH: process.env.PATH,
        RESTIC_PASSWORD: PASSWORD,
        RESTIC_REPOSITORY: access.location,
        RESTIC_CACHE_DIR: cacheDir,
      }
      const common = '--host bench --tag bench --compression auto --json'
      execFileSync('/bin/sh', ['-c', command.replace('RESTIC', `'${restic.binary}' backup ${common}`)], {
        env,
        stdio: ['ignore', 'ignore', 'inherit'],
      })
    }
    let repositories = 0
    const measure = async (into: number[], work: (access: RepositoryAccess) => unknown) => {
      const access = { location: join(scratch, `repository-${repositories++}`), password: new Secret(PASSWORD) }
      await initRepository(restic, access)
      const start = performance.now()
      await work(access)
      into.push(performance.now() - start)
      rmSync(access.location, { recursive: true })
    }
    const stream = async (access: RepositoryAccess) => {
      const before = process.cpuUsage()
      const start = performance.now()
      await backupStream(restic, access, {
        ...request,
        filename: 'dump',
        async write(sink, signal) {
          const cat = await startChild({ command: '/bin/cat', args: [dump], env: {}, stdout: sink, signal })
          const exit = await cat.exited
          if (exit.code !== 0) throw new Error(`cat ended with ${exit.code}`)
        },
      })
      const { user, system } = process.cpuUsage(before)
      cpuShares.push((user + system) / 1000 / (performance.now() - start))
    }

    for (let round = 0; round < rounds; round += 1) {
      await measure(byHand.files, (access) => typed(`RESTIC --one-file-system '${folder}'`, access))
      await measure(ours.files, (access) =>
        backupPaths(restic, access, { ...request, include: [folder], exclude: [], oneFileSystem: true }),
      )
      await measure(byHand.stream, (access) => typed(`cat '${dump}' | RESTIC --stdin --stdin-filename dump`, access))
      await measure(ours.stream, stream)
      console.error(`overhead: round ${round + 1} of ${rounds} done`)
    }
    return { resticVersion: restic.version, megabytes, rounds, ours, byHand, cpuShares }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** Half random, half repetitive, so that compression and deduplication have something to do. */
function makeData(folder: string, dump: string, megabytes: number) {
  mkdirSync(folder)
  const all = openSync(dump, 'w')
  for (let file = 0; file * FILE_MB < megabytes; file += 1) {
    const one = openSync(join(folder, `${file}.bin`), 'w')
    for (let part = 0; part < FILE_MB; part += 1) {
      const block = Buffer.concat([randomBytes(500_000), Buffer.alloc(500_000, `row ${file}-${part};`)])
      writeSync(one, block)
      writeSync(all, block)
    }
    closeSync(one)
  }
  closeSync(all)
}
