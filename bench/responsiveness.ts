import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { openInstallation } from '#lib/testing/installation.ts'
import { median, seconds, table } from './figures.ts'
import { circumstances } from './machine.ts'
import type { Section } from './page.ts'

const FULL = { triggers: 10, starts: 5 }
const SMALL = { triggers: 2, starts: 1 }
const PORT = '3999'
const root = join(import.meta.dirname, '..')

/**
 * How quickly the product answers, each as a median: from a trigger to restic's start, and from the start of a server with
 * an existing data folder to its first good health answer; and the memory of the idle server. The console must have been
 * built (npm start does it).
 */
export async function responsiveness(small: boolean): Promise<Section> {
  const rounds = small ? SMALL : FULL
  const delayMs = await triggerToRestic(rounds.triggers)
  const { startMs, memoryMb } = await startAndMemory(rounds.starts)
  return {
    name: 'responsiveness',
    title: 'How quickly it answers',
    content: [
      circumstances(`responsiveness${small ? ' --small' : ''}`, [`Node ${process.versions.node}`]),
      table(
        ['what', 'figure'],
        [
          ['from the answer to a trigger to restic’s start', `${delayMs} ms (median of ${rounds.triggers})`],
          ['ready after a restart with an existing data folder', `${seconds(startMs)} s (median of ${rounds.starts})`],
          ['memory of the idle server, Node alone', `${memoryMb.toFixed(0)} MB resident`],
        ],
      ),
    ].join('\n\n'),
  }
}

async function triggerToRestic(rounds: number): Promise<number> {
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
    return median(delays)
  } finally {
    await home.close()
  }
}

async function startAndMemory(rounds: number): Promise<{ startMs: number; memoryMb: number }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'backup-trigger-bench-'))
  const starts: number[] = []
  let memoryMb = 0
  try {
    for (let i = 0; i <= rounds; i++) {
      const begin = performance.now()
      const server = spawn(process.execPath, [join(root, 'lib/processes/server.ts')], {
        cwd: root,
        stdio: 'ignore',
        env: { PATH: process.env.PATH, DATA_DIR: dataDir, PORT, NODE_ENV: 'production' },
      })
      const exit = once(server, 'exit')
      while (!(await isReady())) {
        if (server.exitCode !== null) throw new Error('the server ended; has the console been built?')
        await sleep(20)
      }
      if (i > 0) starts.push(performance.now() - begin) // the first makes the data folder
      await sleep(3000)
      const status = await readFile(`/proc/${server.pid}/status`, 'utf8').catch(() => '')
      memoryMb = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024
      server.kill('SIGTERM')
      await exit
    }
    return { startMs: median(starts), memoryMb }
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}

function isReady(): Promise<boolean> {
  return fetch(`http://127.0.0.1:${PORT}/api/health/ready`).then(
    (answer) => answer.ok,
    () => false,
  )
}
