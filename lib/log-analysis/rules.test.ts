import { describe, expect, it } from 'vitest'
import { catalogue } from '#lib/errors/catalogue.ts'
import { analyze, ruleOf } from './analyze.ts'
import { rules } from './rules.ts'

describe.each(rules.map((rule) => [rule.id, rule] as const))('the rule %s', (id, rule) => {
  it.each(rule.examples)('recognises “%s”, and no earlier one does', (line) => {
    expect(ruleOf(line)?.id).toBe(id)
  })

  it('has an example, says what it means and what to do, and names only codes that there are', () => {
    expect(rule.examples.length).toBeGreaterThan(0)
    for (const text of [rule.cause, rule.remedy]) expect(text).toMatch(/^\p{Lu}?.+[.?]$/su)
    for (const code of rule.codes ?? []) expect(Object.keys(catalogue)).toContain(code)
  })

  it('is not made slow by any line', () => {
    const alike = rule.examples.map((line) => line.slice(0, 40).repeat(50))
    const started = process.cpuUsage().user
    for (const line of [...alike, 'a'.repeat(2000), ' '.repeat(2000), '"'.repeat(2000)]) rule.text?.test(line)
    expect(process.cpuUsage(undefined).user - started).toBeLessThan(1_000_000)
  })
})

it('There are at least 60 rules, each with an id of its own', () => {
  expect(rules.length).toBeGreaterThanOrEqual(60)
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length)
})

describe('the analysis of a log', () => {
  const error = (message: string, code = 'RESTIC_FAILED') => ({ code, message })
  const line = (message: string, level: 'INFO' | 'WARNING' | 'ERROR' = 'ERROR') => ({ level, message })

  it('finds nothing where nothing is wrong, whatever files are called', () => {
    expect(analyze([line('/srv/permission denied.txt', 'INFO')], null)).toEqual([])
    expect(analyze([line('the scan took 3 s', 'WARNING')], null)).toEqual([])
  })

  it('counts the lines that show the same, and keeps the first', () => {
    const lines = Array.from({ length: 20 }, (_, at) => line(`open /srv/${at}: permission denied`))
    const [finding, ...others] = analyze(lines, null)
    expect(others).toEqual([])
    expect(finding).toMatchObject({ rule: 'permission-denied', count: 20 })
    expect(finding?.evidence).toEqual(lines.slice(0, 5).map(({ message }) => message))
  })

  it('puts the gravest first, and what the error itself says before all that is as grave', () => {
    const lines = [
      line('write |1: broken pipe'),
      line('open /srv/a: permission denied'),
      line('read /srv/b: input/output error'),
    ]
    const found = analyze(lines, error('restic failed: write /backup/x: no space left on device'))
    expect(found.map(({ rule }) => rule)).toEqual(['disk-full', 'permission-denied', 'disk-error', 'network-broken'])
  })

  it('goes by the code of an error whose words say nothing', () => {
    expect(analyze([], error('The snapshot is gone.', 'SNAPSHOT_GONE'))).toMatchObject([
      { rule: 'restic-snapshot-missing' },
    ])
    expect(analyze([], error('Something else.', 'UNEXPECTED'))).toEqual([])
  })

  it('says whether it adds something to the error', () => {
    const known = error('The path “/srv/a” does not exist.', 'PATH_NOT_FOUND')
    expect(analyze([], known)).toMatchObject([{ rule: 'path-missing', isNews: false }])
    expect(analyze([line('lstat /srv/b: no such file or directory')], known)).toMatchObject([{ isNews: true }])
    expect(analyze([], error('write /backup/x: no space left on device'))).toMatchObject([{ isNews: true }])
  })

  it('looks at each line of a message that has several', () => {
    const message =
      'pg_dump: error: query failed: ERROR:  out of shared memory\nHINT:  You might need to increase "max_locks_per_transaction".'
    expect(analyze([line(message)], null)).toMatchObject([{ rule: 'postgres-lock-table', count: 2 }])
  })
})
