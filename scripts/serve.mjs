/** Starts the server as a child that the wrapper outlives: every signal is passed on, and the wrapper waits for the end. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { root, toolEnv } from './install.mjs'

const REPEAT_MS = 1_500

/**
 * The server gets a process group of its own, so that Ctrl-C in the terminal (which npm passes on once more) reaches it
 * exactly once: through us. `exit` resolves with the exit code; a death by signal counts as 1.
 */
export function serve(node, { args = [], env = {}, stdio = 'inherit' } = {}) {
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', join(root, 'lib/processes/server.ts'), ...args], {
    cwd: root,
    env: toolEnv(env),
    detached: true,
    stdio: ['ignore', stdio, stdio],
  })
  const exit = new Promise((resolve) => {
    child.on('error', (error) => {
      console.error(`The server could not be started: ${error.message}`)
      resolve(1)
    })
    // Not 'close': a program the server leaves running may hold our pipe open for ever.
    child.on('exit', (code) => resolve(code ?? 1))
  })
  let ended = false
  exit.then(() => {
    ended = true
  })
  const send = (signal) => {
    if (!ended) child.kill(signal)
  }
  return {
    child,
    exit,
    get ended() {
      return ended
    },
    /** Asks the server to stop and waits until it has. */
    async stop() {
      send('SIGTERM')
      return await exit
    },
    /** Stops when whoever started us is gone: npm passes no SIGTERM on to its script, only to the shell between. */
    followParent() {
      const parent = process.ppid
      setInterval(() => {
        if (process.ppid !== parent) send('SIGTERM')
      }, 1000).unref()
    },
    /** Passes SIGINT, SIGTERM and SIGHUP on as SIGTERM; `onSignal` hears of each once. */
    passSignals(onSignal = () => {}) {
      let last = Number.NEGATIVE_INFINITY
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
        process.on(signal, () => {
          const repeated = performance.now() - last < REPEAT_MS
          last = performance.now()
          if (repeated) return
          onSignal(signal)
          send('SIGTERM')
        })
      }
    },
  }
}
