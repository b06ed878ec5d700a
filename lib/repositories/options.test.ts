import { describe, expect, it } from 'vitest'
import { isWindowOpen, repositoryOptions } from './options.ts'

const options = (given: object) => repositoryOptions.parse(given)

describe('a window for upkeep', () => {
  const night = { windowFrom: '01:00', windowTo: '05:00', timeZone: 'Europe/Berlin' }
  it.each([
    ['is open in its zone, in winter', night, '2026-01-10T00:30:00Z', true],
    ['is open an hour earlier in summer', night, '2026-07-09T23:30:00Z', true],
    ['is closed at its end', night, '2026-01-10T04:00:00Z', false],
    ['is closed before its beginning', night, '2026-01-09T23:59:00Z', false],
    ['goes over midnight', { windowFrom: '22:00', windowTo: '02:00' }, '2026-01-10T01:59:00Z', true],
    ['over midnight, is closed at noon', { windowFrom: '22:00', windowTo: '02:00' }, '2026-01-10T12:00:00Z', false],
    ['is always open when there is none', {}, '2026-01-10T12:00:00Z', true],
  ])('%s', (_title, given, time, open) => {
    expect(isWindowOpen(options(given), new Date(time))).toBe(open)
  })

  it.each([
    ['one end', { windowFrom: '01:00' }],
    ['a time that is none', { windowFrom: '24:00', windowTo: '05:00' }],
    ['a zone that is none', { timeZone: 'Europe/Atlantis' }],
  ])('is refused with %s', (_title, given) => {
    expect(repositoryOptions.safeParse(given).success).toBe(false)
  })
})
