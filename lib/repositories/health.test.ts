import { describe, expect, it } from 'vitest'
import { type Checked, type HealthFacts, type HealthState, healthOf, standingDamage } from './health.ts'

const now = new Date('2026-03-31T12:00:00Z')
const daysAgo = (days: number) => new Date(now.getTime() - days * 24 * 3_600_000)
const check = (days: number, sound: boolean, share: Checked['share'] = null): Checked => ({
  at: daysAgo(days),
  sound,
  share,
})
const all = { number: 1, of: 1 }
const share = (number: number, of = 3) => ({ number, of })

const well: HealthFacts = {
  repository: { name: 'a', options: {}, initialisedAt: daysAgo(100), unreachableSince: null, problemMessage: null },
  checks: [check(3, true, share(1))],
  checkFailed: null,
  figures: { freeBytes: 500n, totalBytes: 1000n },
  lastRunFoundItFull: false,
  now,
}
const with_ = (repository: Partial<HealthFacts['repository']>) => ({
  repository: { ...well.repository, ...repository },
})

describe('a repository', () => {
  it.each([
    ['that answers and was checked is well', {}, 'OK'],
    ['that was never made is not', with_({ initialisedAt: null }), 'NOT_MADE'],
    ['that does not answer is not', with_({ unreachableSince: daysAgo(1) }), 'UNREACHABLE'],
    ['that was never checked is not', { checks: [] }, 'NEVER_CHECKED'],
    ['whose check failed is not', { checkFailed: 'It was locked.' }, 'CHECK_FAILED'],
    ['that was last checked long ago is not', { checks: [check(15, true)] }, 'CHECK_OVERDUE'],
    [
      'that is checked by hand may be',
      { ...with_({ options: { checkEveryDays: 0 } }), checks: [check(99, true)] },
      'OK',
    ],
    ['that is damaged is not', { checks: [check(3, false, share(1))] }, 'DAMAGED'],
    ['that is damaged is not, though it is checked late', { checks: [check(30, false, share(1))] }, 'DAMAGED'],
    [
      'that is damaged is not, though the newest check failed',
      { checks: [check(3, false)], checkFailed: 'x' },
      'DAMAGED',
    ],
    ['with little space is not', { figures: { freeBytes: 19n, totalBytes: 1000n } }, 'FULL'],
    ['that took no more is not', { lastRunFoundItFull: true }, 'FULL'],
    ['whose space is not known may be', { figures: { freeBytes: null, totalBytes: null } }, 'OK'],
    ['without figures may be', { figures: null }, 'OK'],
  ] satisfies [string, Partial<HealthFacts>, HealthState][])('%s', (_title, facts, state) => {
    expect(healthOf({ ...well, ...facts })).toEqual({ state, sentence: expect.stringMatching(/^\S.*\.$/) })
  })

  it('that does not answer says why, and that it is damaged too', () => {
    const facts = {
      ...well,
      ...with_({ unreachableSince: daysAgo(0), problemMessage: 'Nobody listens.' }),
      checks: [check(3, false)],
    }
    expect(healthOf(facts).sentence).toBe('Nobody listens. Since 2026-03-31 12:00 UTC. The last check found damage.')
  })
})

describe('damage that was found', () => {
  const damage = check(9, false, share(2))
  it.each([
    ['stands while nothing was checked', damage, [], true],
    ['stands though the structure is sound', damage, [check(8, true)], true],
    ['stands though another share is sound', damage, [check(8, true, share(1)), check(7, true, share(3))], true],
    ['stands though a share of other shares is sound', damage, [check(8, true, share(2, 4))], true],
    ['is mended when the same share is sound', damage, [check(8, true, share(2))], false],
    ['is mended when everything is sound', damage, [check(8, true, all)], false],
    [
      'is mended when all other shares are sound together',
      damage,
      [check(8, true, share(1, 2)), check(7, true), check(6, true, share(2, 2))],
      false,
    ],
    ['of the structure is mended when it is sound', check(9, false), [check(8, true)], false],
    ['stands when it is found again', damage, [check(8, true, share(2)), check(7, false, share(2))], true],
    ['by reading all stands when a share is sound', check(9, false, all), [check(8, true, share(2))], true],
  ])('%s', (_title, found, later, stands) => {
    expect(standingDamage([check(20, true, all), found, ...later]).length > 0).toBe(stands)
  })
})
