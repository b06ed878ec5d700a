import { expect, test } from 'vitest'
import { bindable, type Dialect, piecesOf, problemOf } from './sql-text.ts'

test.each<[Dialect, string, string]>([
  ['postgres', 'SELECT :userId', 'SELECT $1'],
  ['postgres', 'SELECT :userId::uuid, a::text', 'SELECT $1::uuid, a::text'],
  ['postgres', `SELECT ':userId', ":userId", :userId`, `SELECT ':userId', ":userId", $1`],
  ['postgres', `SELECT E'it\\'s :userId', :userId`, `SELECT E'it\\'s :userId', $1`],
  ['postgres', `SELECT E'a'\n  'b\\':userId', :userId`, `SELECT E'a'\n  'b\\':userId', $1`],
  ['postgres', `SELECT 'a\\', :userId`, `SELECT 'a\\', $1`],
  ['postgres', 'SELECT $$:userId$$, $a$ $$ :userId $a$, :userId', 'SELECT $$:userId$$, $a$ $$ :userId $a$, $1'],
  ['postgres', 'SELECT a$b$ FROM t WHERE x = :userId -- $b$', 'SELECT a$b$ FROM t WHERE x = $1 -- $b$'],
  ['postgres', 'SELECT 1 -- :userId\n+ :userId', 'SELECT 1 -- :userId\n+ $1'],
  ['postgres', 'SELECT /* a /* :userId */ :userId */ :userId', 'SELECT /* a /* :userId */ :userId */ $1'],
  ['postgres', 'SELECT userId, :userId', 'SELECT userId, $1'],
  ['sqlite', 'SELECT /* /* */ :userId', 'SELECT /* /* */ :userId'],
  ['sqlite', 'SELECT [:userId], `:userId`, :userId', 'SELECT [:userId], `:userId`, :userId'],
])('In %s, %j binds the parameter and nothing else', (dialect, query, bound) => {
  expect(problemOf(query, dialect, 'with :userId')).toBeNull()
  expect(bindable(query, dialect)).toBe(bound)
  expect((piecesOf(query, dialect) ?? []).map((piece) => piece.text).join('')).toBe(query)
})

test.each<[Dialect, string, string]>([
  ['postgres', `SELECT ':userId'`, 'use :userId'],
  ['postgres', 'SELECT $$:userId$$', 'use :userId'],
  ['postgres', 'SELECT 1 -- :userId', 'use :userId'],
  ['postgres', 'SELECT a::userId', 'use :userId'],
  ['postgres', 'SELECT :userIds', 'use :userId'],
  ['postgres', 'SELECT $1, :userId', 'no parameter but'],
  ['sqlite', 'SELECT ?, :userId', 'no parameter but'],
  ['sqlite', 'SELECT ?1, :userId', 'no parameter but'],
  ['sqlite', 'SELECT @other, :userId', 'no parameter but'],
  ['sqlite', 'SELECT $other, :userId', 'no parameter but'],
  ['sqlite', 'SELECT :other, :userId', 'no parameter but'],
  ['postgres', 'SELECT :userId; DELETE FROM people', 'one statement'],
  ['postgres', 'DELETE FROM people WHERE id = :userId', 'one SELECT'],
  ['postgres', `SELECT 'open, :userId`, 'close its quotes'],
  ['postgres', 'SELECT "open, :userId', 'close its quotes'],
  ['postgres', 'SELECT :userId /* open', 'close its quotes'],
  ['postgres', 'SELECT :userId /* a /* b */', 'close its quotes'],
])('In %s, %j is refused: must %s', (dialect, query, problem) => {
  expect(problemOf(query, dialect, 'with :userId')).toContain(problem)
})

test('A query for everything must not have the parameter', () => {
  expect(problemOf('SELECT :userId', 'sqlite', 'without')).toContain('must not use :userId')
  expect(problemOf(`SELECT ':userId', 'a;b' AS "c;d" -- e; f`, 'sqlite', 'without')).toBeNull()
  expect(problemOf('-- first\nSELECT 1', 'postgres', 'without')).toBeNull()
})
