import { expect, test } from 'vitest'
import type { SourceItem } from '#app/_data/sources.ts'
import { type Choices, firstChoices, fittingSources, toInput } from './choices.ts'

function source(id: string, type: SourceItem['type'], environment: string, enabled = true): SourceItem {
  return { id, type, enabled, environment: { name: environment } } as SourceItem
}

const sources = [
  source('db', 'DATABASE', 'demo'),
  source('files', 'STORAGE', 'demo'),
  source('off', 'DATABASE', 'demo', false),
  source('live', 'DATABASE', 'production'),
]
const choices = (part: Partial<Choices>): Choices => ({ ...firstChoices(['demo'], null), ...part })
const ids = (list: SourceItem[]) => list.map(({ id }) => id)

test('the only environment is chosen, one of several only when it was asked for', () => {
  expect(firstChoices(['demo'], null).environments).toEqual(['demo'])
  expect(firstChoices(['demo', 'production'], null).environments).toEqual([])
  expect(firstChoices(['demo', 'production'], 'production').environments).toEqual(['production'])
  expect(firstChoices(['demo', 'production'], 'gone').environments).toEqual([])
})

test('only enabled sources of the type and the environments fit', () => {
  expect(ids(fittingSources(sources, choices({})))).toEqual(['db', 'files'])
  expect(ids(fittingSources(sources, choices({ type: 'DATABASE' })))).toEqual(['db'])
  expect(ids(fittingSources(sources, choices({ type: 'DATABASE', environments: ['demo', 'production'] })))).toEqual([
    'db',
    'live',
  ])
  expect(fittingSources(sources, choices({ environments: [] }))).toEqual([])
})

test('what does not fit any more is not sent', () => {
  const input = toInput(
    choices({ type: 'STORAGE', sourceIds: ['db', 'files'], databaseName: 'shop', storagePath: ' /srv/a ' }),
    sources,
    'key',
  )
  expect(input).toEqual({
    type: 'STORAGE',
    environments: ['demo'],
    sourceIds: ['files'],
    storagePath: '/srv/a',
    idempotencyKey: 'key',
  })
})

test('a full system backup names no source, and blank texts are left out', () => {
  const input = toInput(choices({ sourceIds: ['db'], description: '  ', databaseName: 'shop' }), sources, 'key')
  expect(input).toEqual({ type: 'FULL', environments: ['demo'], idempotencyKey: 'key' })
})

test('what is said in place of the settings is sent, and nothing else of them', () => {
  const input = toInput(
    choices({ compressionLevel: 9, notification: 'off', logVerbosity: 'WARNING', keepDays: ' 365 ' }),
    sources,
    'key',
  )
  expect(input).toEqual({
    ...{ type: 'FULL', environments: ['demo'], idempotencyKey: 'key' },
    ...{ compressionLevel: 9, notificationEnabled: false, logVerbosity: 'WARNING', retentionDays: 365 },
  })
})
