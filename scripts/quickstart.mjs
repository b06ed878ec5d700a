/** npm run quickstart: from a fresh clone to a real backup that can be watched. With `-- --exit` it ends after the backup. */
import { spawn } from 'node:child_process'
import { createWriteStream, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { checkNode, prepare, root, toolEnv } from './install.mjs'
import { serve } from './serve.mjs'
import { explain, run, StepFailed, step } from './terminal.mjs'

const exitAfterwards = process.argv.includes('--exit')
const dataDir = resolve(root, process.env.DATA_DIR || 'data')
const logFile = join(dataDir, 'server.log')
const host = process.env.HOST || '127.0.0.1'
// A server that listens everywhere is asked on loopback.
const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
const url = `http://${reachable}:${process.env.PORT || '3000'}`
const consoleUrl = process.env.PUBLIC_URL || url
const email = process.env.ADMIN_EMAIL || 'admin@localhost'
const READY_TIMEOUT_MS = 120_000

let server
let interrupted = false

try {
  process.exitCode = await quickstart()
} catch (error) {
  process.exitCode = interrupted ? 130 : explain(error)
} finally {
  if (server && !server.ended) await server.stop()
}
process.exit()

async function quickstart() {
  console.log('System Backup Trigger: from here to a first backup.\n')
  checkNode()
  const node = await prepare({ build: false })
  await tools()
  await prepare()
  await makeDemoData(node)
  await startServer(node)
  const token = await makeToken(node)

  console.log('\nBacking up the environment “demo” (database, user data, files) through the GraphQL API:\n')
  const code = await triggerBackup(node, token)
  if (interrupted) return 130
  if (server.ended) throw serverEnded()
  if (exitAfterwards) return code === 0 ? 0 : 1
  if (code !== 0) {
    console.log('\nThe backup did not succeed: see above what to do. The server goes on, so that you can look at it.')
  }
  console.log(
    `\nConsole: ${consoleUrl}\nSign in as ${email}${process.env.ADMIN_PASSWORD ? '' : ' with the password that was printed when it was made'}.`,
  )
  console.log(`The server's log is ${logFile}. Press Ctrl-C to stop.`)
  const serverCode = await server.exit
  return interrupted ? 0 : serverCode
}

async function tools() {
  const { ensureRestic } = await import('./tools.mjs')
  const found = await ensureRestic().catch((error) => {
    throw new StepFailed(
      error.message,
      ['run these commands, then this one again:', ...(error.commands ?? [])].join('\n  '),
    )
  })
  console.log(`✓ restic ${found.version} found: ${found.binary}`)
}

async function makeDemoData(node) {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  await step('making demo data', 'demo data', async () => {
    const script = join(root, 'scripts/demo-data.ts')
    const output = await run(node, ['--disable-warning=ExperimentalWarning', script, join(dataDir, 'demo')], {
      cwd: root,
      remedy: `Check that ${dataDir} can be written and its disk has room, or set DATA_DIR to another folder.`,
    })
    return output.trim()
  })
}

async function startServer(node) {
  const errors = []
  const said = []
  await step('starting the server', 'server ready', async () => {
    await refuseTakenAddress()
    server = serve(node, { args: ['--demo'], stdio: 'pipe', env: { NODE_ENV: 'production', DATA_DIR: dataDir } })
    server.followParent()
    server.passSignals(() => {
      interrupted = true
      console.log('\nStopping the server …')
    })
    keepLog(server.child, said, errors)
    const deadline = performance.now() + READY_TIMEOUT_MS
    while (!(await isReady())) {
      if (server.ended) throw serverEnded(errors)
      if (performance.now() > deadline) {
        throw new StepFailed(
          `The server was not ready within ${READY_TIMEOUT_MS / 1000} seconds.`,
          `Read ${logFile}.`,
          errors.join('\n'),
        )
      }
      await pause(150)
    }
  })
  // Printed once and not logged: the password of the first administrator.
  if (said.length > 0) console.log(`\n${said.join('\n')}\n`)
}

function serverEnded(errors = []) {
  return new StepFailed('The server ended.', `The reason is above or at the end of ${logFile}.`, errors.join('\n'))
}

/** All output goes to the log file, except the first administrator's sign-in: that is for the person only. */
function keepLog(child, said, errors) {
  const log = createWriteStream(logFile, { flags: 'a', mode: 0o600 })
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (/^(Administrator|Password): /.test(line)) {
      said.push(line)
      return
    }
    log.write(`${line}\n`)
    if (line.startsWith('{')) keepError(line, errors)
  })
  createInterface({ input: child.stderr }).on('line', (line) => {
    log.write(`${line}\n`)
    keep(errors, line)
  })
}

function keep(list, line) {
  list.push(line)
  if (list.length > 100) list.shift()
}

function keepError(line, errors) {
  try {
    const { level, msg, message, remedy, err } = JSON.parse(line)
    if (typeof level === 'number' ? level >= 50 : /error|fatal/i.test(String(level))) {
      keep(errors, [msg, message ?? err?.message, remedy ?? err?.remedy].filter(Boolean).join('\n  '))
    }
  } catch {
    keep(errors, line)
  }
}

async function refuseTakenAddress() {
  const answer = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(2_000) }).catch(() => undefined)
  if (answer) {
    throw new StepFailed(
      `Something already answers at ${url}.`,
      'Stop it, or choose another port: PORT=3100 npm run quickstart',
    )
  }
}

async function isReady() {
  const answer = await fetch(`${url}/api/health/ready`, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined)
  await answer?.body?.cancel()
  return answer?.status === 200
}

async function makeToken(node) {
  return await step('making an API token', 'API token made (1 day)', async () => {
    const scopes = ['--scope', 'backup:trigger', '--scope', 'backup:read']
    const script = join(root, 'lib/processes/token.ts')
    const args = ['--disable-warning=ExperimentalWarning', script, '--email', email, ...scopes, '--days', '1']
    const output = await run(node, args, {
      cwd: root,
      env: toolEnv({ DATA_DIR: dataDir }),
      remedy: `Check that the user ${email} exists: it is made at the first start. Set ADMIN_EMAIL to the one that was used then.`,
    })
    return { token: output.trim().split('\n').at(-1) }
  }).then(({ token }) => token)
}

/** The client on this terminal; its progress is what the person watches. */
async function triggerBackup(node, token) {
  const client = join(root, 'lib/cli/backup-trigger.mjs')
  const args = [
    client,
    'trigger',
    '--type',
    'full',
    '--environment',
    'demo',
    '--description',
    'First backup by quickstart',
    '--wait',
  ]
  const child = spawn(node, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: toolEnv({ BACKUP_TRIGGER_URL: url, BACKUP_TRIGGER_TOKEN: token }),
  })
  return await new Promise((resolve) => {
    child.on('error', () => resolve(1))
    child.on('exit', (code) => resolve(code ?? 1))
    process.once('SIGTERM', () => child.kill('SIGTERM'))
  })
}
