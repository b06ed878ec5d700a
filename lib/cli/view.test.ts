import { describe, expect, test } from 'vitest'
import type { BackupEvent, Progress, Run, RunState } from './documents.ts'
import { formatBytes, formatSeconds, printable } from './format.ts'
import { applyEvent, labelOf, plainLine, type RunView, renderBars, type View } from './view.ts'

const progress = (bytesDone: number, bytesTotal: number | null): Progress => ({
  bytesDone,
  bytesTotal,
  filesDone: 1,
  filesTotal: 2,
  bytesPerSecond: 2_000_000,
  secondsLeft: 75,
})
const view = (...runs: RunView[]): View => new Map(runs.map((run) => [run.id, run]))
const run = (state: RunState, done: Progress | null): RunView => ({
  id: 'r1',
  label: 'demo/shop',
  state,
  progress: done,
})
const event = (fields: Partial<BackupEvent>): BackupEvent => ({
  seq: 1,
  at: '2026-03-01T00:00:00Z',
  kind: 'PROGRESS',
  runId: 'r1',
  state: null,
  progress: null,
  level: null,
  message: null,
  ...fields,
})

describe('bars', () => {
  test('show share, state, figures, rate and time left', () => {
    const [line] = renderBars(view(run('RUNNING', progress(500, 1000))), 120, false)
    expect(line).toBe('demo/shop ███████████████░░░░░░░░░░░░░░░  50% RUNNING  500 B of 1.0 kB, 2.0 MB/s, 1:15 left')
  })

  test('show dots and no percentage while the total is unknown', () => {
    const [line] = renderBars(view(run('RUNNING', progress(500, null))), 60, false)
    expect(line).toContain('·····')
    expect(line).not.toContain('%')
  })

  test.each([10, 20, 25, 30, 40, 60, 79, 80, 200])('never reach the edge of a terminal %i wide', (width) => {
    const long = { ...run('INTERRUPTED', progress(1, 3)), id: 'r2', label: 'production/a very long name of a source' }
    for (const line of renderBars(view(run('RUNNING', progress(1, 2)), long), width, false)) {
      expect([...line].length).toBeLessThan(width)
    }
  })

  test('paint the state only when colour is wanted', () => {
    const failed = view(run('FAILED', null))
    expect(renderBars(failed, 80, true)[0]).toContain('\x1b[31mFAILED\x1b[0m')
    expect(renderBars(failed, 80, false)[0]).not.toContain('\x1b')
  })

  test('are full at the end even when the last progress was earlier', () => {
    expect(renderBars(view(run('SUCCEEDED', progress(1, 2))), 80, false)[0]).toContain('100%')
  })
})

describe('events', () => {
  test('change the run they name and keep what they do not mention', () => {
    const after = applyEvent(view(run('RUNNING', progress(1, 2))), event({ kind: 'STATE', state: 'SUCCEEDED' }))
    expect(after.get('r1')).toMatchObject({ state: 'SUCCEEDED', progress: { bytesDone: 1 } })
  })

  test('of an unknown run add it', () => {
    expect(applyEvent(view(), event({ runId: 'abcdef123456', progress: progress(1, 2) })).size).toBe(1)
  })

  test('become a plain line only when a tenth is passed', () => {
    const before = view(run('RUNNING', progress(190, 1000)))
    const told = [195, 200, 299].map((bytes) => {
      const next = event({ progress: progress(bytes, 1000) })
      return plainLine(before, applyEvent(before, next), next) !== null
    })
    expect(told).toEqual([false, true, true])
  })

  test('cannot smuggle escape sequences into the terminal', () => {
    const log = event({ kind: 'LOG', level: 'WARNING', message: 'bad \x1b[2J name\n' })
    expect(plainLine(view(), view(), log)).toBe('WARNING bad  [2J name ')
    expect(printable('a\u009bb')).toBe('a b')
  })
})

test.each([
  [null, '–'],
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [999_949, '999.9 kB'],
  [999_999, '1.0 MB'],
  [2_500_000_000, '2.5 GB'],
])('%s bytes read %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})

test.each([
  [null, '–'],
  [Number.POSITIVE_INFINITY, '–'],
  [5, '0:05'],
  [75, '1:15'],
  [3675, '1:01:15'],
])('%s seconds read %s', (value, text) => {
  expect(formatSeconds(value)).toBe(text)
})

describe('a run', () => {
  const of = (partName: string | null, attempt: number) =>
    labelOf({ source: { name: 'shop', environment: { name: 'demo' } }, partName, attempt } as Run)

  test('is called by its source, its part and its attempt, with nothing that a terminal obeys', () => {
    expect(of(null, 1)).toBe('demo/shop')
    expect(of('orders', 2)).toBe('demo/shop (orders) (attempt 2)')
    expect(of('a\x1b[2Jb', 1)).toBe('demo/shop (a [2Jb)')
  })
})
