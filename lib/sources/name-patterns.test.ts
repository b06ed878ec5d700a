import { expect, test } from 'vitest'
import { matchesName } from './name-patterns.ts'

test.each([
  ['a*', 'a\nb', true],
  ['*', '', true],
  ['a.b', 'axb', false],
  ['[ab]', 'a', false],
  ['a*c*e', 'abcde', true],
  ['a', 'A', false],
])('%j against %j is %s', (pattern, name, expected) => {
  expect(matchesName(pattern, name)).toBe(expected)
})
