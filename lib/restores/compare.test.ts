import { expect, it } from 'vitest'
import { compareTables } from './compare.ts'

const problem = (...args: Parameters<typeof compareTables>) => compareTables(...args)[0]?.problem

it('finds rows that differ, tables that are missing, and ones that were not there', () => {
  expect(problem({ a: 1, b: 2 }, { a: 1, b: 2 })).toBeNull()
  expect(problem({ a: 1, b: 2 }, { a: 1, b: 1 })).toBe('b: 1 row restored, and 2 saved.')
  expect(problem({ a: 1, b: 2 }, { a: 1 })).toBe('b is missing.')
  expect(problem({ a: 1 }, { a: 1, b: 0 })).toBe('b was not there when it was saved.')
})

it('compares names alone where rows were not counted, and lets new tables be', () => {
  expect(problem({ a: null, b: null }, { a: 5, b: 1, c: 0 })).toBeNull()
  expect(problem({ a: null, b: null }, { a: 5 })).toBe('b is missing.')
})

it('says when there is nothing to compare with, and nothing about kinds without tables', () => {
  expect(compareTables(null, { a: 5 })).toEqual([
    { what: '1 table with 5 rows; nothing was counted at the backup to compare them with', problem: null },
  ])
  expect(compareTables({ a: 5 }, null)).toEqual([])
})

it('names the first and counts the others', () => {
  const saved = Object.fromEntries(Array.from({ length: 13 }, (_, i) => [`t${i}`, 1]))
  expect(problem(saved, {})).toMatch(/t9 is missing\. And 3 more\.$/)
})
