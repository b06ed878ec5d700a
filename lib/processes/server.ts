import { parseArgs } from 'node:util'
import { makeFirstAdministrator } from '#lib/auth/first-administrator.ts'
import { interruptAbandoned } from '#lib/backups/recover.ts'
import { startWorker, type Worker } from '#lib/backups/worker.ts'
import { readConfig } from '#lib/config/config.ts'
import { CodedError } from '#lib/errors/coded-error.ts'
import { type Log, openLog } from '#lib/log/log.ts'
import { startUpkeep, type Upkeep } from '#lib/maintenance/upkeep.ts'
import { interruptSilent, type MaintenanceWorker, startMaintenance } from '#lib/maintenance/worker.ts'
import { startNotifications } from '#lib/notifications/start.ts'
import { ensureDefaultRepository } from '#lib/repositories/default.ts'
import { endProcessesElsewhere } from '#lib/repositories/restic-processes.ts'
import { interruptLost, type RestoreWorker, startRestores } from '#lib/restores/worker.ts'
import { startRetention } from '#lib/retention/apply.ts'
import { type Runtime, setRuntime } from '#lib/runtime/runtime.ts'
import { startSchedules } from '#lib/schedules/start.ts'
import { startTracing } from '#lib/tracing/start.ts'
import { demoDir, ensureDemo } from './demo.ts'
import { type OpenRuntime, openRuntime } from './open-runtime.ts'
import { openWeb, type Web } from './web.ts'

/** How long running backups may go on after a request to stop, before they are cancelled. */
const GRACE_MS = 5000

/** The server: console, API and worker, as ROLE says. `--dev` reloads the console, `--demo` makes the demo environment. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { dev: { type: 'boolean' }, demo: { type: 'boolean' } } })
  const given = readConfig()
  const config = values.demo ? { ...given, STORAGE_ROOTS: [...given.STORAGE_ROOTS, demoDir(given)] } : given
  const log = openLog(config)
  const { ROLE: role } = config

  const tracing = startTracing(config)
  const opened = await openRuntime(config, log)
  const { runtime } = opened
  let worker: Worker | undefined
  let maintenance: MaintenanceWorker | undefined
  let restores: RestoreWorker | undefined
  let upkeep: Upkeep | undefined
  let web: Web | undefined
  onStopRequest(log, async () => {
    await web?.stopAccepting()
    await Promise.all([worker?.stop(GRACE_MS), maintenance?.stop(), restores?.stop(), upkeep?.stop()])
    await runtime.queue.stop(1000)
    await web?.close()
    await opened.close()
    await tracing?.stop()
  })

  await prepare(opened, values.demo === true)
  setRuntime(runtime)
  if (role !== 'web') worker = await startWorker(runtime)
  if (role !== 'web') maintenance = await startMaintenance(runtime)
  if (role !== 'web') restores = await startRestores(runtime)
  if (role !== 'web') upkeep = startUpkeep(runtime)
  if (role !== 'web') await startNotifications(runtime)
  await startSchedules(runtime)
  await startRetention(runtime)
  if (role !== 'worker') {
    web = await openWeb(runtime, { dev: values.dev === true })
    log.info({ url: runtime.publicUrl, port: web.port }, 'console ready')
  }
  log.info({ role }, 'ready')
}

async function prepare({ runtime, database }: OpenRuntime, demo: boolean): Promise<void> {
  const { prisma, config, log } = runtime
  // The owner of a data folder is the only process there is: whatever was running before it is dead.
  if (database.owner) {
    await interruptAbandoned(runtime, 'all')
    await interruptSilent(runtime, 'all')
    await interruptLost(runtime, 'all')
    await endProcessesElsewhere(prisma)
  }
  const administrator = await makeFirstAdministrator(prisma, config)
  if (administrator) announceAdministrator(administrator.email, administrator.generated?.reveal())
  if (config.ROLE !== 'web') await prepareRepository(runtime)
  if (demo) await ensureDemo(runtime)
  log.debug('prepared')
}

/** Without restic there is no repository yet: readiness says so, and every start tries again. */
async function prepareRepository(runtime: Runtime): Promise<void> {
  try {
    await ensureDefaultRepository(runtime, await runtime.restic())
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    runtime.log.error(
      { code: error.code, message: error.message, remedy: error.remedy },
      'the default repository is not ready',
    )
  }
}

/** Plain text on purpose: for the person at the terminal, once. The log gets no password. */
function announceAdministrator(email: string, password: string | undefined): void {
  process.stdout.write(`Administrator: ${email}\n${password === undefined ? '' : `Password: ${password}\n`}`)
}

function onStopRequest(log: Log, stop: () => Promise<void>): void {
  let stopping = false
  const handle = (signal: NodeJS.Signals) => {
    if (stopping) return
    stopping = true
    log.info({ signal, graceMs: GRACE_MS }, 'stopping')
    stop().then(
      () => {
        log.info('stopped')
        process.exit(0)
      },
      (error) => {
        log.error({ err: error }, 'did not stop cleanly')
        process.exit(1)
      },
    )
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, handle)
}

main().catch((error) => {
  if (error instanceof CodedError) process.stderr.write(`${error.message}\n${error.remedy}\n(${error.code})\n`)
  else process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
  process.exit(1)
})
