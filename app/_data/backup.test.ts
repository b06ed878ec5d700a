import { expect, test } from 'vitest'
import { type BackupDetail, isActive, withEvent } from './backup.ts'
import type { BackupEvent } from './follow-backup.ts'

const backup = {
  id: 'b1',
  state: 'RUNNING',
  lastSeq: 4,
  runs: [
    { id: 'r1', state: 'RUNNING', progress: { bytesDone: 1 } },
    { id: 'r2', state: 'QUEUED', progress: { bytesDone: null } },
  ],
} as BackupDetail

const event = (part: Partial<BackupEvent>) =>
  ({ seq: 5, runId: null, state: null, progress: null, ...part }) as BackupEvent

test('an event without a run is about the backup', () => {
  const next = withEvent(backup, event({ kind: 'STATE', state: 'SUCCEEDED' }))
  expect(next).toMatchObject({ state: 'SUCCEEDED', lastSeq: 5 })
  expect(next.runs).toBe(backup.runs)
})

test('an event of a run changes this run only', () => {
  const started = withEvent(backup, event({ kind: 'STATE', runId: 'r2', state: 'RUNNING' }))
  expect(started.runs.map((run) => run.state)).toEqual(['RUNNING', 'RUNNING'])
  expect(started.state).toBe('RUNNING')
  expect(started.runs[0]).toBe(backup.runs[0])

  const further = withEvent(backup, event({ kind: 'PROGRESS', runId: 'r1', progress: { bytesDone: 9 } as never }))
  expect(further.runs[0]).toMatchObject({ state: 'RUNNING', progress: { bytesDone: 9 } })
})

test('a log line changes nothing but the number, which never goes back', () => {
  expect(withEvent(backup, event({ kind: 'LOG', runId: 'r1', seq: 3 }))).toEqual(backup)
})

test('queued and running are active', () => {
  expect(
    (['QUEUED', 'RUNNING', 'SUCCEEDED', 'PARTIAL', 'FAILED', 'CANCELLED', 'INTERRUPTED'] as const).filter(isActive),
  ).toEqual(['QUEUED', 'RUNNING'])
})
