import { readFileSync } from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import { examples } from '../../scripts/failure-examples.ts'
import { failuresPage } from '../../scripts/failures.ts'
import { type Code, catalogue } from './catalogue.ts'
import { CodedError, isCoded, toCodedError } from './coded-error.ts'

const codes = Object.keys(catalogue) as Code[]

test('the words of every error are the ones that were agreed', () => {
  const words = Object.fromEntries(
    codes.map((code) => {
      const { kind, retry, message, remedy } = new CodedError(code, examples[code])
      return [code, { kind, retry, message, remedy }]
    }),
  )
  expect(words).toMatchSnapshot()
})

test('the page of failures is current (run: node scripts/failures.ts)', () => {
  expect(readFileSync(new URL('../../docs/failures.md', import.meta.url), 'utf8')).toBe(failuresPage())
})

describe.each(codes)('%s', (code) => {
  const error = new CodedError(code, examples[code])

  test('says what happened and what to do, in whole sentences', () => {
    expect(error.message).toMatch(/[^.]{8,}/)
    expect(error.remedy).toMatch(/^\p{Lu}[\s\S]{9,}\.$/u)
    for (const text of [error.message, error.remedy]) expect(text).not.toMatch(/undefined|NaN|\[object|null/)
  })
})

test('whatever was thrown becomes a coded error that keeps the original as its cause', () => {
  const original = new TypeError('x is not a function')
  const error = toCodedError(original)
  expect(error.code).toBe('UNEXPECTED')
  expect(error.cause).toBe(original)
  expect(error.message).not.toContain('x is not a function')
})

test('a coded error is recognised by its code and passed on as it is', () => {
  const error = new CodedError('SOURCE_EMPTY', { source: 'uploads' })
  expect(toCodedError(error)).toBe(error)
  expect(isCoded(error, 'SOURCE_EMPTY')).toBe(true)
  expect(isCoded(error, 'SOURCE_DAMAGED')).toBe(false)
  expect(isCoded(new Error('SOURCE_EMPTY'), 'SOURCE_EMPTY')).toBe(false)
})

test('an error of another copy of the class is recognised, as Next bundles one of its own', async () => {
  vi.resetModules()
  const copy = await import('./coded-error.ts')
  expect(copy.CodedError).not.toBe(CodedError)
  const error = new copy.CodedError('SOURCE_EMPTY', { source: 'uploads' })
  expect(error instanceof CodedError).toBe(true)
  expect(toCodedError(error)).toBe(error)
  for (const other of [new Error('SOURCE_EMPTY'), null, 'SOURCE_EMPTY', { code: 'SOURCE_EMPTY' }])
    expect((other as unknown) instanceof CodedError).toBe(false)
})
