/**
 * What our way of running restic costs, against the same restic command typed by hand: for a folder and for a stream.
 * `node bench/overhead.ts [--size 2] [--rounds 5]`: gigabytes, and how often each is measured. Rounds are interleaved, each
 * into a fresh repository; printed are medians and their ratios. It measures lib/restic, not the queue before it.
 */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { startChild } from '#lib/process/child.ts'
import { backupPaths, backupStream, initRepository, openRestic, type RepositoryAccess } from '#lib/restic/restic.ts'
import { Secret } from '#lib/secrets/secret.ts'

const { values } = parseArgs({
  options: { size: { type: 'string', default: '2' }, rounds: { type: 'string', default: '5' } },
})
const megabytes = Math.round(Number(values.size) * 1000)
const rounds = Number(values.rounds)
const FILE_MB = 10

const scratch = mkdtempSync(join(tmpdir(), 'overhead-'))
const folder = join(scratch, 'files')
const dump = join(scratch, 'dump')
const cacheDir = join(scratch, 'cache')
const password = 'only for measuring'
let repositories = 0

try {
  makeData()
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
  const freshRepository = async (): Promise<RepositoryAccess> => {
    const access = { location: join(scratch, `repository-${repositories++}`), password: new Secret(password) }
    await initRepository(restic, access)
    return access
  }
  const typed = (command: string, access: RepositoryAccess) => {
    const env: NodeJS.ProcessEnv = {
      NODE_ENV: 'production',
      PATH: process.env.PATH,
      RESTIC_PASSWORD: password,
      RESTIC_REPOSITORY: access.location,
      RESTIC_CACHE_DIR: cacheDir,
    }
    const common = '--host bench --tag bench --compression auto --json'
    execFileSync('/bin/sh', ['-c', command.replace('RESTIC', `'${restic.binary}' backup ${common}`)], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  }
  const measure = async (into: number[], work: (access: RepositoryAccess) => unknown) => {
    const access = await freshRepository()
    const start = performance.now()
    await work(access)
    into.push(performance.now() - start)
    rmSync(access.location, { recursive: true })
  }

  for (let round = 0; round < rounds; round += 1) {
    await measure(byHand.files, (access) => typed(`RESTIC --one-file-system '${folder}'`, access))
    await measure(ours.files, (access) =>
      backupPaths(restic, access, { ...request, include: [folder], exclude: [], oneFileSystem: true }),
    )
    await measure(byHand.stream, (access) => typed(`cat '${dump}' | RESTIC --stdin --stdin-filename dump`, access))
    await measure(ours.stream, async (access) => {
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
    })
    console.error(`round ${round + 1} of ${rounds} done`)
  }

  console.log(`restic ${restic.version}, ${megabytes} MB, medians of ${rounds}:`)
  for (const shape of ['files', 'stream'] as const) {
    const [us, hand] = [median(ours[shape]), median(byHand[shape])]
    console.log(
      `${shape}: ${(us / 1000).toFixed(2)} s, by hand ${(hand / 1000).toFixed(2)} s, ratio ${(us / hand).toFixed(3)}`,
    )
  }
  console.log(`Node's CPU time during a stream: ${(median(cpuShares) * 100).toFixed(1)} % of the wall time`)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

function median(numbers: number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** Half random, half repetitive, so that compression and deduplication have something to do. */
function makeData() {
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
