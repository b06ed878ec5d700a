#!/usr/bin/env node
// The client is TypeScript that Node runs by itself from 22.18 on. An older Node hands over to the bundled one.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const runsTypeScript = major >= 24 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18)
const bundled = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url))

if (runsTypeScript) {
  const { main } = await import('./main.ts')
  process.exitCode = await main(process.argv.slice(2))
} else if (existsSync(bundled)) {
  const child = spawn(bundled, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' })
  // Ctrl-C reaches the child through the terminal; a signal sent to us alone is passed on.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  child.on('error', (error) => {
    console.error(`The bundled Node does not run: ${error.message}. Install Node 24 or newer.`)
    process.exitCode = 1
  })
  child.on('exit', (code) => {
    process.exitCode = code ?? 1
  })
} else {
  console.error(`This is Node ${process.versions.node}, and the bundled Node 24 is not installed.`)
  console.error('What to do: run “npm ci” in the program’s folder, or use Node 24 or newer.')
  process.exitCode = 1
}
