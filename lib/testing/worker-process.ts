import { fileURLToPath } from 'node:url'
import pino from 'pino'
import { startWorker } from '#lib/backups/worker.ts'
import { readConfig } from '#lib/config/config.ts'
import { startMaintenance } from '#lib/maintenance/worker.ts'
import { startChild } from '#lib/process/child.ts'
import { openRuntime } from '#lib/processes/open-runtime.ts'
import { startRestores } from '#lib/restores/worker.ts'
import type { Runtime } from '#lib/runtime/runtime.ts'
import type { Installation } from './installation.ts'

const script = fileURLToPath(import.meta.url)

const works = {
  tasks: startMaintenance,
  // A worker says by its backups which environments it serves.
  restores: async (runtime: Runtime) => {
    await startWorker(runtime)
    await startRestores(runtime)
  },
}

/** A worker in a process of its own, so that it can be killed; resolves when it is at work. */
export async function startWorkerProcess(
  work: keyof typeof works,
  { runtime: { config }, databaseUrl }: Installation,
  environment: Record<string, string> = {},
): Promise<{ kill(): Promise<void> }> {
  const atWork = Promise.withResolvers<void>()
  const child = await startChild({
    command: process.execPath,
    args: [script, work],
    env: {
      PATH: process.env.PATH ?? '',
      DATA_DIR: config.DATA_DIR,
      STORAGE_ROOTS: config.STORAGE_ROOTS.join(','),
      DATABASE_URL: databaseUrl.reveal(),
      ...environment,
    },
    onStdoutLine: () => atWork.resolve(),
  })
  void child.exited.then(({ stderr }) => atWork.reject(new Error(`the worker ended: ${stderr}`)))
  await atWork.promise
  return {
    async kill() {
      process.kill(child.pid, 'SIGKILL')
      await child.exited
    },
  }
}

if (process.argv[1] === script) {
  const { runtime } = await openRuntime(readConfig(process.env), pino({ level: 'silent' }))
  await works[process.argv[2] as keyof typeof works](runtime)
  process.stdout.write('at work\n')
}
