import { spawn } from 'node:child_process'
import { performance } from 'node:perf_hooks'

/** What went wrong, for people, and what they can do about it. */
export class StepFailed extends Error {
  constructor(message, remedy, output = '') {
    super(message)
    this.remedy = remedy
    this.output = output
  }
}

export function seconds(sinceMs) {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`
}

/** Runs one step and tells of it in one line: a mark, what was done, how long it took. */
export async function step(doing, done, work) {
  const start = performance.now()
  const live = process.stdout.isTTY
  if (live) process.stdout.write(`… ${doing}`)
  const clear = live ? '\r\x1b[2K' : ''
  try {
    const result = await work()
    process.stdout.write(`${clear}✓ ${typeof result === 'string' ? result : done} ${seconds(start)}\n`)
    return result
  } catch (error) {
    process.stdout.write(`${clear}✗ ${doing} ${seconds(start)}\n`)
    throw error
  }
}

/** Runs a program to its end and keeps its output. Fails with the last lines of it when the exit code is not 0. */
export async function run(command, args, { env = process.env, cwd, remedy = '', show = false } = {}) {
  const child = spawn(command, args, { cwd, env, stdio: show ? 'inherit' : ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => {
      output = (output + text).slice(-200_000)
    })
  }
  const { code, error } = await new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: 1, error }))
    child.on('close', (code, signal) => resolve({ code: code ?? `signal ${signal}` }))
  })
  if (error) throw new StepFailed(`${command} could not be started: ${error.message}`, remedy)
  if (code !== 0) throw new StepFailed(`“${command} ${args.join(' ')}” ended with ${code}.`, remedy, output)
  return output
}

/** Prints a failure the way every script does, and gives the exit code. */
export function explain(error) {
  const lines = (error.output ?? '').trimEnd().split('\n').slice(-40)
  if (lines.some((line) => line.trim() !== '')) console.error(`\n${lines.join('\n')}`)
  console.error(`\nFailed: ${error instanceof StepFailed ? error.message : (error.stack ?? String(error))}`)
  if (error.remedy) console.error(`What to do: ${error.remedy}`)
  return 1
}
