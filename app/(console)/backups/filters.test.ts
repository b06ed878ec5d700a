import { expect, test } from 'vitest'
import { PAGE_SIZE, toVariables, withFilter, withPage } from './filters.ts'

const variables = (query: string) => toVariables(new URLSearchParams(query))

test('an address without filters asks for the first page of everything', () => {
  expect(variables('')).toEqual({ first: PAGE_SIZE, filter: {} })
})

test('every filter of the address is asked for', () => {
  expect(variables('environment=demo&type=DATABASE&state=FAILED&source=s1&text=%20release%20')).toEqual({
    first: PAGE_SIZE,
    filter: { environment: 'demo', type: 'DATABASE', state: 'FAILED', sourceId: 's1', text: 'release' },
  })
})

test('words that are none of ours are ignored', () => {
  expect(variables('type=EVERYTHING&state=failed&from=yesterday&to=2025-13-40&text=%20')).toEqual({
    first: PAGE_SIZE,
    filter: {},
  })
})

test('a day is the reader’s own, from its first to its last moment', () => {
  const { filter } = variables('from=2025-06-03&to=2025-06-03')
  expect(filter?.from).toBe(new Date(2025, 5, 3, 0, 0, 0, 0).toISOString())
  expect(filter?.to).toBe(new Date(2025, 5, 3, 23, 59, 59, 999).toISOString())
})

test('pages go both ways', () => {
  expect(variables('after=c1')).toEqual({ first: PAGE_SIZE, after: 'c1', filter: {} })
  expect(variables('before=c1')).toEqual({ last: PAGE_SIZE, before: 'c1', filter: {} })
})

test('a changed filter starts from the first page and keeps the others', () => {
  const address = new URLSearchParams('type=FULL&after=c1')
  expect(withFilter(address, 'state', 'FAILED')).toBe('/backups?type=FULL&state=FAILED')
  expect(withFilter(address, 'type', '')).toBe('/backups')
  expect(address.toString()).toBe('type=FULL&after=c1')
})

test('a page replaces the page before and keeps the filters', () => {
  expect(withPage(new URLSearchParams('type=FULL&after=c1'), 'before', 'c2')).toBe('/backups?type=FULL&before=c2')
})
