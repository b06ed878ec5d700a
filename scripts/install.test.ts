import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkNode, packagesAreCurrent } from './install.mjs'
import { readPlaywright, readVitest } from './test-results.mjs'

const a = { version: '1.0.0', integrity: 'sha512-a' }

test.each([
  ['the same', { a }, { a }, true],
  ['a part for another system is not installed', { a, b: { ...a, optional: true } }, { a }, true],
  ['another version', { a }, { a: { ...a, version: '1.0.1' } }, false],
  ['one is missing', { a, b: a }, { a }, false],
  ['one is too many', { a }, { a, b: a }, false],
  ['nothing is installed', { a }, null, false],
])('packages, %s', (_reason, wanted, found, current) => {
  const folder = mkdtempSync(join(tmpdir(), 'packages-'))
  try {
    mkdirSync(join(folder, 'node_modules'))
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages: { '': {}, ...wanted } }))
    if (found) writeFileSync(join(folder, 'node_modules', '.package-lock.json'), JSON.stringify({ packages: found }))
    expect(packagesAreCurrent(folder)).toBe(current)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a Node that is too old is refused with what to do', () => {
  for (const version of ['20.19.0', '22.1.0', '24.0.0']) expect(() => checkNode(version)).not.toThrow()
  for (const version of ['18.20.0', '20.18.3']) expect(() => checkNode(version)).toThrow('at least 20.19 is needed')
})

test('a test file that could not be loaded counts as a failure', () => {
  const report = {
    testResults: [
      { name: 'broken.test.ts', status: 'failed', assertionResults: [] },
      {
        name: 'mixed.test.ts',
        status: 'failed',
        assertionResults: [
          { fullName: 'works', status: 'passed' },
          { fullName: 'breaks', status: 'failed' },
          { fullName: 'waits', status: 'pending' },
        ],
      },
    ],
  }
  expect(readVitest(report)).toEqual({ passed: 1, failed: ['broken.test.ts', 'breaks'], skipped: ['waits'] })
})

test('a browser test that only passed when repeated counts as a failure', () => {
  const spec = (title: string, status: string) => ({ title, tests: [{ status, projectName: '' }] })
  const suites = [
    { title: 'a.spec.ts', specs: [spec('x', 'expected'), spec('y', 'flaky'), spec('z', 'skipped')], suites: [] },
  ]
  expect(readPlaywright({ suites, errors: [{ message: 'no browser' }] })).toEqual({
    passed: 1,
    failed: ['a.spec.ts › y (only passed when repeated)', 'no browser'],
    skipped: ['a.spec.ts › z'],
  })
})
