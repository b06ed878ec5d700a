/**
 * How quickly the product answers, each as a median: from a trigger to restic's start, and from the start of a server with an
 * existing data folder to its first good health answer; and the memory of the idle server. `node bench/responsiveness.ts
 * [--rounds 10]`; the console must have been built (npm start does it).
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { openInstallation } from '#lib/testing/installation.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '10' } } })
const rounds = Number(values.rounds)
const root = join(import.meta.dirname, '..')
const PORT = '3999'

const median = (numbers: number[]): number =>
  numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN

await triggerToRestic()
await startAndMemory()

async function triggerToRestic(): Promise<void> {
  const home = await openInstallation()
  try {
    await home.addFiles('small', { 'a.txt': 'a' })
    await home.startWorker()
    const delays: number[] = []
    for (let i = 0; i <= rounds; i++) {
      await home.runtime.prisma.rateHit.deleteMany()
      const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE' })
      const answered = Date.now()
      const { runs } = await home.ended(id)
      // The first warms up the connections.
      if (i > 0) delays.push(Number(runs[0]?.resticStartedAt) - answered)
    }
    console.log(`trigger answered to restic started: median ${median(delays)} ms of ${rounds}`)
  } finally {
    await home.close()
  }
}

async function startAndMemory(): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'backup-trigger-bench-'))
  const starts: number[] = []
  let memoryMb = 0
  try {
    for (let i = 0; i <= Math.min(rounds, 5); i++) {
      const begin = performance.now()
      const server = spawn(process.execPath, [join(root, 'lib/processes/server.ts')], {
        cwd: root,
        stdio: 'ignore',
        env: { PATH: process.env.PATH, DATA_DIR: dataDir, PORT, NODE_ENV: 'production' },
      })
      while (
        !(await fetch(`http://127.0.0.1:${PORT}/api/health/ready`).then(
          (r) => r.ok,
          () => false,
        ))
      )
        await sleep(20)
      if (i > 0) starts.push(performance.now() - begin) // the first makes the data folder
      await sleep(3000)
      const status = await readFile(`/proc/${server.pid}/status`, 'utf8').catch(() => '')
      memoryMb = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024
      const exit = once(server, 'exit')
      server.kill('SIGTERM')
      await exit
    }
    console.log(`ready after a restart: median ${(median(starts) / 1000).toFixed(2)} s of ${starts.length}`)
    console.log(`resident memory of the idle server: ${memoryMb.toFixed(0)} MB (Node alone)`)
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}
