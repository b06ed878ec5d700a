import { describe, expect, it } from 'vitest'
import type { RunState } from '#prisma/client/enums.ts'
import { backupState } from './states.ts'

const table: [RunState[], RunState, string][] = [
  [['QUEUED', 'QUEUED'], 'QUEUED', 'nothing has begun'],
  [['RUNNING', 'QUEUED'], 'RUNNING', 'one is at work'],
  [['SUCCEEDED', 'QUEUED'], 'RUNNING', 'one is done, one waits'],
  [['SUCCEEDED', 'SUCCEEDED'], 'SUCCEEDED', 'every source was saved whole'],
  [['SUCCEEDED', 'PARTIAL'], 'PARTIAL', 'a part is missing'],
  [['SUCCEEDED', 'FAILED'], 'PARTIAL', 'one source was not saved'],
  [['SUCCEEDED', 'INTERRUPTED'], 'PARTIAL', 'one source ran out of attempts'],
  [['FAILED', 'FAILED'], 'FAILED', 'nothing was saved'],
  [['FAILED', 'INTERRUPTED'], 'FAILED', 'nothing was saved'],
  [['INTERRUPTED'], 'INTERRUPTED', 'the worker died too often'],
  [['CANCELLED', 'SUCCEEDED'], 'CANCELLED', 'somebody stopped it before all was saved'],
  [['CANCELLED', 'FAILED'], 'FAILED', 'a failure is never hidden by a cancellation'],
  [[], 'FAILED', 'an empty backup saved nothing'],
]

describe('the state of a backup', () => {
  it.each(table)('%j gives %s: %s', (states, expected) => {
    expect(backupState(states.map((state, index) => ({ sourceId: String(index), part: '', attempt: 1, state })))).toBe(
      expected,
    )
  })

  it('counts only the newest attempt at a source', () => {
    expect(
      backupState([
        { sourceId: 'a', part: '', attempt: 1, state: 'INTERRUPTED' },
        { sourceId: 'a', part: '', attempt: 2, state: 'SUCCEEDED' },
      ]),
    ).toBe('SUCCEEDED')
  })

  it('counts every part of a source', () => {
    const part = (name: string, state: RunState, attempt = 1) => ({ sourceId: 'a', part: name, attempt, state })
    expect(backupState([part('x', 'SUCCEEDED'), part('y', 'SUCCEEDED')])).toBe('SUCCEEDED')
    expect(backupState([part('x', 'SUCCEEDED'), part('y', 'FAILED')])).toBe('PARTIAL')
    expect(backupState([part('x', 'SUCCEEDED'), part('y', 'INTERRUPTED'), part('y', 'SUCCEEDED', 2)])).toBe('SUCCEEDED')
  })

  it('forgets an interrupted attempt at the whole once a later one was split into parts', () => {
    const part = (name: string, state: RunState, attempt: number) => ({ sourceId: 'a', part: name, attempt, state })
    expect(backupState([part('', 'INTERRUPTED', 1), part('x', 'SUCCEEDED', 2), part('y', 'SUCCEEDED', 2)])).toBe(
      'SUCCEEDED',
    )
  })

  it('runs while a new attempt is queued', () => {
    expect(
      backupState([
        { sourceId: 'a', part: '', attempt: 1, state: 'INTERRUPTED' },
        { sourceId: 'a', part: '', attempt: 2, state: 'QUEUED' },
      ]),
    ).toBe('RUNNING')
  })
})
