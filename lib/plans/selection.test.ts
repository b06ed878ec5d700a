import { describe, expect, it } from 'vitest'
import { select, selectionInput } from './selection.ts'

const source = (
  id: string,
  environment: string,
  type: 'DATABASE' | 'STORAGE',
  { tags = [] as string[], enabled = true, kind = 'postgres' } = {},
) => ({ id: `00000000-0000-7000-8000-00000000000${id}`, type, kind, enabled, tags, environment: { name: environment } })
const sources = [
  source('1', 'production', 'DATABASE', { tags: ['nightly'] }),
  source('2', 'production', 'STORAGE'),
  source('3', 'staging', 'DATABASE', { tags: ['nightly', 'shop'] }),
  source('4', 'staging', 'DATABASE', { tags: ['nightly'], enabled: false }),
  source('5', 'production', 'DATABASE', { kind: 'installation', tags: ['ours'] }),
]
const chosen = (selection: object) => select(selectionInput.parse(selection), sources).map((one) => one.id.at(-1))

describe('a selection', () => {
  it.each([
    ['takes all that are enabled', {}, ['1', '2', '3', '5']],
    ['takes those of an environment', { environments: ['production'] }, ['1', '2', '5']],
    ['takes the installation with all of another environment', { environments: ['staging'] }, ['3', '5']],
    ['takes the installation by its tag', { tags: ['ours'] }, ['5']],
    ['takes those of a type', { types: ['DATABASE'] }, ['1', '3']],
    ['takes those with one of its tags', { tags: ['shop', 'other'] }, ['3']],
    ['takes those that fit every list', { environments: ['production'], tags: ['nightly'] }, ['1']],
    ['takes named ones, enabled ones of them', { sourceIds: [sources[1]?.id, sources[3]?.id] }, ['2']],
    ['may take none', { environments: ['production'], tags: ['shop'] }, []],
  ])('%s', (_reason, selection, ids) => {
    expect(chosen(selection)).toEqual(ids)
  })

  it.each([
    ['no list of named ones', { sourceIds: [] }],
    ['names and a filter at once', { sourceIds: [sources[0]?.id], tags: ['x'] }],
    ['what it does not know', { everything: true }],
  ])('refuses %s', (_what, selection) => {
    expect(selectionInput.safeParse(selection).success).toBe(false)
  })
})
