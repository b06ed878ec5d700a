import { expect, it } from 'vitest'
import { openStages, type StagedRun } from './stages.ts'

const now = new Date('2026-01-01T12:00:00Z')
const run = (stage: number, more: Partial<StagedRun> = {}): StagedRun => ({
  backupId: 'a',
  stage,
  isRunning: false,
  environment: 'live',
  notBefore: null,
  ...more,
})
const later = new Date('2026-01-01T12:05:00Z')

it.each<[string, StagedRun[], number | undefined]>([
  ['the earliest of those that wait', [run(2), run(1), run(3)], 1],
  ['one that runs', [run(1, { isRunning: true }), run(3)], 1],
  ['the next one when nothing of the first is left', [run(3), run(3)], 3],
  ['not one that is only tried again later', [run(1, { notBefore: later }), run(2)], 2],
  ['but again once its time has come', [run(1, { notBefore: new Date(now) }), run(2)], 1],
  ['not one that no worker serves', [run(1, { environment: 'nowhere' }), run(2)], 2],
  ['one that still runs although its worker said farewell', [run(1, { environment: 'nowhere', isRunning: true })], 1],
  ['none of another backup', [run(1, { backupId: 'b' }), run(3)], 3],
  ['none when nothing is left', [run(1, { backupId: 'b' })], undefined],
])('the open stage of a backup is %s', (_reason, runs, stage) => {
  expect(openStages(runs, [['live']], now).get('a')).toBe(stage)
})
