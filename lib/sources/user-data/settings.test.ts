import { expect, test } from 'vitest'
import { userDataSettings } from './settings.ts'

test.each([
  ['SELECT 1; SELECT 2', 'two statements'],
  ['DELETE FROM people', 'no SELECT'],
  ['SELECT 1) q; DROP TABLE people; --', 'breaking out of the parentheses'],
])('The query %j is refused: %s', (query) => {
  const settings = { connection: { kind: 'sqlite', path: '/a' }, exports: [{ name: 'q', query }] }
  expect(userDataSettings.safeParse(settings).success).toBe(false)
})

test('A semicolon in a quoted text and one at the end are no second statement', () => {
  const query = `SELECT ';' AS "a;b" -- one; two\n;`
  const settings = { connection: { kind: 'sqlite', path: '/a' }, exports: [{ name: 'q', query }] }
  expect(userDataSettings.safeParse(settings).success).toBe(true)
})

test.each(['../up', 'a/b', '', '.hidden', 'a.b'])('%j is refused as the name of an export', (name) => {
  const settings = { connection: { kind: 'sqlite', path: '/a' }, exports: [{ name, table: 't' }] }
  expect(userDataSettings.safeParse(settings).success).toBe(false)
})
