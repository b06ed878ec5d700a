import { describe, expect, it } from 'vitest'
import { type Carrying, carries, type Happening, waitsUntil } from './route.ts'
import { digestDate } from './watch.ts'

const channel: Carrying = {
  enabled: true,
  events: [],
  severity: 'INFO',
  environmentIds: [],
  planIds: [],
  digestOnly: false,
}
const happening: Happening = { event: 'BACKUP_FAILED', severity: 'ERROR', environmentIds: ['live'], planId: 'nightly' }

it.each<[because: string, channel: Partial<Carrying>, happening: Partial<Happening>, isCarried: boolean]>([
  ['it carries everything', {}, {}, true],
  ['it is disabled', { enabled: false }, {}, false],
  ['it has only summaries', { digestOnly: true }, {}, false],
  ['it is grave enough', { severity: 'ERROR' }, {}, true],
  ['it is not grave enough', { severity: 'ERROR' }, { severity: 'WARNING' }, false],
  ['the event is chosen', { events: ['BACKUP_FAILED'] }, {}, true],
  ['another event is chosen', { events: ['BACKUP_SUCCEEDED'] }, {}, false],
  [
    'who hears of success hears of recovery',
    { events: ['BACKUP_SUCCEEDED'] },
    { event: 'BACKUP_RECOVERED', severity: 'INFO' },
    true,
  ],
  [
    'who hears of recovery only does not hear of success',
    { events: ['BACKUP_RECOVERED'] },
    { event: 'BACKUP_SUCCEEDED' },
    false,
  ],
  ['its environment', { environmentIds: ['live'] }, {}, true],
  ['one of several environments', { environmentIds: ['live'] }, { environmentIds: ['test', 'live'] }, true],
  ['another environment', { environmentIds: ['test'] }, {}, false],
  ['what belongs to no environment is everybody’s', { environmentIds: ['test'] }, { environmentIds: [] }, true],
  ['its plan', { planIds: ['nightly'] }, {}, true],
  ['another plan', { planIds: ['weekly'] }, {}, false],
  ['what belongs to no plan is not a plan’s', { planIds: ['nightly'] }, { planId: null }, false],
])('%s', (_because, carrying, happened, isCarried) => {
  expect(carries({ ...channel, ...carrying }, { ...happening, ...happened })).toBe(isCarried)
})

describe('quiet hours', () => {
  const quiet = { quietFrom: '22:00', quietTo: '07:00', timeZone: 'Europe/Berlin' }
  it.each<[at: string, until: string | null]>([
    ['2026-03-02T20:59:30Z', null],
    ['2026-03-02T21:00:00Z', '2026-03-03T06:00:00.000Z'],
    ['2026-03-03T05:59:59Z', '2026-03-03T06:00:00.000Z'],
    ['2026-03-03T06:00:00Z', null],
    ['2026-03-28T22:30:00Z', '2026-03-29T05:00:00.000Z'], // the clock is put forward in between
  ])('at %s a message waits until %s', (at, until) => {
    expect(waitsUntil(quiet, 'WARNING', new Date(at))?.toISOString() ?? null).toBe(until)
    expect(waitsUntil(quiet, 'ERROR', new Date(at))).toBeNull()
    expect(waitsUntil({ ...quiet, quietFrom: null, quietTo: null }, 'INFO', new Date(at))).toBeNull()
  })
})

describe('a summary', () => {
  const daily = { digest: 'DAILY', digestAt: '08:00', timeZone: 'Europe/Berlin', createdAt: new Date(0) } as const
  it.each<[at: string, digest: 'DAILY' | 'WEEKLY', date: string | null]>([
    ['2026-03-02T06:59:00Z', 'DAILY', null],
    ['2026-03-02T07:00:00Z', 'DAILY', '2026-03-02'],
    ['2026-03-02T22:59:00Z', 'DAILY', '2026-03-02'],
    ['2026-03-02T23:00:00Z', 'DAILY', null],
    ['2026-03-02T07:00:00Z', 'WEEKLY', '2026-03-02'],
    ['2026-03-03T07:00:00Z', 'WEEKLY', null],
    ['2026-03-30T06:00:00Z', 'DAILY', '2026-03-30'],
  ])('at %s, %s, is of %s', (at, digest, date) => {
    expect(digestDate({ ...daily, digest }, new Date(at))).toBe(date)
  })

  it('of a channel that was made after its time comes the next day', () => {
    const made = { ...daily, createdAt: new Date('2026-03-02T09:00:00Z') }
    expect(digestDate(made, new Date('2026-03-02T09:01:00Z'))).toBeNull()
    expect(digestDate(made, new Date('2026-03-03T09:01:00Z'))).toBe('2026-03-03')
  })
})
