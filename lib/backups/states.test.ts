import { describe, expect, it } from 'vitest'
import { CodedError } from '#lib/errors/coded-error.ts'
import type { RunState } from '#prisma/client/enums.ts'
import { backupState, pauseBeforeRetry } from './states.ts'

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
  [['CANCELLED', 'FAILED', 'SUCCEEDED'], 'PARTIAL', 'what failed and what was saved are both said'],
  [['CANCELLED', 'INTERRUPTED', 'SUCCEEDED'], 'CANCELLED', 'nothing failed, and somebody stopped it'],
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

describe('another attempt', () => {
  const later = new CodedError('RESTIC_TIMEOUT', { command: 'backup', timeoutMs: 1 })
  const never = new CodedError('REPOSITORY_WRONG_PASSWORD', { repository: 'r' })
  const plan = { retries: 2, retryPauseSeconds: 60 }
  const none = { retries: 0, retryPauseSeconds: 60 }
  it.each([
    ['of an interrupted run comes at once', 1, 'INTERRUPTED', undefined, none, 0],
    ['of an interrupted run, the third', 2, 'INTERRUPTED', undefined, none, 0],
    ['does not come after three workers were lost', 3, 'INTERRUPTED', undefined, none, null],
    ['of a failed run is not made without a plan that says so', 1, 'FAILED', later, none, null],
    ['of a failed run comes after the pause', 1, 'FAILED', later, plan, 60],
    ['comes after twice the pause the next time', 2, 'FAILED', later, plan, 120],
    ['does not come when all retries are used up', 3, 'FAILED', later, plan, null],
    ['is not made for a reason that does not pass', 1, 'FAILED', never, plan, null],
    ['is not made of a cancelled run', 1, 'CANCELLED', later, plan, null],
    ['comes after six hours at most', 9, 'FAILED', later, { retries: 10, retryPauseSeconds: 3600 }, 21_600],
  ] as const)('%s', (_title, attempt, state, error, of, pause) => {
    expect(pauseBeforeRetry(attempt, state, error, of)).toBe(pause)
  })
})
