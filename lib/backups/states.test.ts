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
    expect(backupState(states.map((state, index) => ({ sourceId: String(index), attempt: 1, state })))).toBe(expected)
  })

  it('counts only the newest attempt at a source', () => {
    expect(
      backupState([
        { sourceId: 'a', attempt: 1, state: 'INTERRUPTED' },
        { sourceId: 'a', attempt: 2, state: 'SUCCEEDED' },
      ]),
    ).toBe('SUCCEEDED')
  })

  it('runs while a new attempt is queued', () => {
    expect(
      backupState([
        { sourceId: 'a', attempt: 1, state: 'INTERRUPTED' },
        { sourceId: 'a', attempt: 2, state: 'QUEUED' },
      ]),
    ).toBe('RUNNING')
  })
})
