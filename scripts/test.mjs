/**
 * npm test: everything that must hold. Installs what is missing, checks format, lint, types and import order, then runs the
 * unit, integration and browser tests. Ends with the line “N passed, N failed”. With CI=true a skipped test is a failure.
 * Arguments go to vitest: `npm test -- lib/cli` runs these tests only, and no browser tests.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { prepare, root, toolEnv } from './install.mjs'
import { explain, run, seconds } from './terminal.mjs'
import { readPlaywright, readVitest } from './test-results.mjs'

const only = process.argv.slice(2)
const mayNotSkip = process.env.CI === 'true' || process.env.CI === '1'
const reports = join(root, 'test-results')
let passed = 0
const failures = []

async function check(name, command, args, env = {}) {
  const start = performance.now()
  console.log(`\n— ${name}`)
  try {
    await run(command, args, { cwd: root, env: toolEnv(env), show: true })
    console.log(`✓ ${name} ${seconds(start)}`)
    return true
  } catch {
    console.log(`✗ ${name} ${seconds(start)}`)
    return false
  }
}

/** Runs a test program and counts from its report; a program that fails without saying which test is one failure. */
async function runTests(name, program, args, env, report, read) {
  rmSync(report, { force: true })
  const succeeded = await check(name, program, args, env)
  let results
  try {
    results = read(JSON.parse(readFileSync(report, 'utf8')))
  } catch (error) {
    failures.push(`${name}: gave no report (${error.message})`)
    return
  }
  passed += results.passed
  failures.push(...results.failed.map((title) => `${name}: ${title}`))
  if (!succeeded && results.failed.length === 0) failures.push(`${name}: ended with an error outside of any test`)
  if (results.skipped.length > 0)
    console.log(`Skipped in ${name}:\n${results.skipped.map((title) => `  ${title}`).join('\n')}`)
  if (mayNotSkip)
    failures.push(...results.skipped.map((title) => `${name}: skipped, which may not happen in CI: ${title}`))
}

try {
  const needsBrowser = only.length === 0 && existsSync(join(root, 'playwright.config.ts'))
  let node = await prepare({ build: false })
  if (only.length === 0) {
    await run(node, [join(root, 'scripts/tools.mjs'), 'test'], {
      cwd: root,
      env: toolEnv(),
      show: true,
      remedy: 'Run the commands above.',
    })
  }
  if (needsBrowser) node = await prepare()

  const bin = (name) => join(root, 'node_modules/.bin', name)
  const checks = [
    ['format and lint', bin('biome'), ['check']],
    ['types', bin('tsc'), ['--noEmit']],
    ['import order', node, [join(root, 'scripts/import-order.mjs')]],
  ]
  for (const [name, command, args] of only.length === 0 ? checks : []) {
    if (!(await check(name, command, args))) failures.push(name)
  }

  const vitestReport = join(reports, 'vitest.json')
  const vitestArgs = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${vitestReport}`, ...only]
  await runTests('vitest', bin('vitest'), vitestArgs, {}, vitestReport, readVitest)
  if (needsBrowser) {
    // Outside of Playwright's own output folder, which it empties.
    const report = join(root, 'playwright-report', 'results.json')
    const env = { PLAYWRIGHT_JSON_OUTPUT_FILE: report, PLAYWRIGHT_HTML_OPEN: 'never' }
    await runTests('browser', bin('playwright'), ['test', '--reporter=list,json'], env, report, readPlaywright)
  }
  if (failures.length > 0) console.log(`\nFailed:\n${failures.map((failure) => `  ${failure}`).join('\n')}`)
} catch (error) {
  explain(error)
  failures.push('preparation')
}

console.log(`\n${passed} passed, ${failures.length} failed`)
process.exitCode = failures.length > 0 || passed === 0 ? 1 : 0
