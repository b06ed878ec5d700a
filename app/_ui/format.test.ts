import { expect, test } from 'vitest'
import { bytes, count, duration, secondsBetween } from './format.ts'

test.each([
  [null, '–'],
  [undefined, '–'],
  [0, '0 B'],
  [1023, '1023 B'],
  [1536, '1.5 KiB'],
  [150 * 1024, '150 KiB'],
  [5 * 1024 ** 3, '5.0 GiB'],
])('%s bytes read %s', (value, text) => {
  expect(bytes(value)).toBe(text)
})

test.each([
  [null, '–'],
  [Number.POSITIVE_INFINITY, '–'],
  [-3, '0 s'],
  [59.4, '59 s'],
  [60, '1 min'],
  [75, '1 min 15 s'],
  [3_600, '1 h'],
  [12_000, '3 h 20 min'],
  [90_000, '1 d 1 h'],
])('%s seconds read %s', (value, text) => {
  expect(duration(value)).toBe(text)
})

test('a count has thousands apart, and nothing known is a dash', () => {
  expect(count(12_345)).toBe('12,345')
  expect(count(null)).toBe('–')
})

test('seconds between need a start', () => {
  expect(secondsBetween('2025-01-01T00:00:00Z', Date.parse('2025-01-01T00:01:30Z'))).toBe(90)
  expect(secondsBetween(null, 0)).toBeNull()
})
