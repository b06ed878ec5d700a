import { describe, expect, it } from 'vitest'
import { settingsForm } from '#lib/forms/form.ts'
import { allDrivers, driverOf } from '#lib/sources/registry.ts'
import { fill } from './choose.ts'
import { type Draft, draftOf, settingsOf } from './draft.ts'
import type { FormNode } from './schema.ts'

const formOf = (kind: string) => settingsForm(driverOf(kind)) as FormNode

describe.each(allDrivers().map((driver) => driver.kind))('the form of %s', (kind) => {
  it('is answered with problems of its fields only when nothing is filled in', () => {
    const form = formOf(kind)
    const { error } = driverOf(kind).settings.safeParse(settingsOf(form, draftOf(form)))
    expect(error?.issues.filter((issue) => issue.code === 'unrecognized_keys') ?? []).toEqual([])
    for (const issue of error?.issues ?? []) expect(issue.path.length, issue.message).toBeGreaterThan(0)
  })

  it('gives back what it was opened with', () => {
    const form = formOf(kind)
    const settings = settingsOf(form, draftOf(form))
    expect(settingsOf(form, draftOf(form, settings))).toEqual(settings)
  })
})

describe('settings', () => {
  it.each<[string, Record<string, unknown>]>([
    ['postgres', { host: 'db', port: 5433, database: 'shop', user: 'backup', sslMode: 'require' }],
    ['files', { paths: ['/srv/a', '/srv/b'], exclude: ['*.tmp'], oneFileSystem: false }],
    [
      'user-data',
      {
        connection: { kind: 'sqlite', path: '/srv/shop.sqlite' },
        exports: [
          { name: 'a', table: 'a' },
          { name: 'b', query: 'SELECT 1' },
        ],
      },
    ],
  ])('of %s survive being opened and saved', (kind, settings) => {
    const form = formOf(kind)
    const saved = settingsOf(form, draftOf(form, settings))
    expect(saved).toMatchObject(settings)
    expect(driverOf(kind).settings.parse(saved)).toEqual(driverOf(kind).settings.parse(settings))
  })

  it('take one path or pattern a line, without the space around it', () => {
    const form = formOf('files')
    const draft = { ...(draftOf(form) as object), paths: ' /srv/a \n\n/srv/b', exclude: '' } as Draft
    expect(settingsOf(form, draft)).toMatchObject({ paths: ['/srv/a', '/srv/b'], exclude: [] })
  })

  it('leave an empty secret out, keep its spaces, and take it away with null', () => {
    const form = formOf('postgres')
    const password = (draft: Draft) =>
      (settingsOf(form, { ...(draftOf(form) as object), password: draft } as Draft) as { password?: unknown }).password
    expect(password('')).toBeUndefined()
    expect(password(' p ')).toBe(' p ')
    expect(password(null)).toBeNull()
  })
})

const either: FormNode = {
  anyOf: [
    {
      title: 'One database',
      type: 'object',
      properties: { host: { type: 'string' }, database: { type: 'string' } },
      required: ['host', 'database'],
    },
    {
      title: 'Several',
      type: 'object',
      properties: {
        host: { type: 'string' },
        databases: {
          anyOf: [
            { const: 'all', type: 'string' },
            { type: 'array', items: { type: 'string' } },
          ],
        },
        env: { type: 'object', additionalProperties: { type: 'string' } },
        limit: { anyOf: [{ type: 'integer' }, { type: 'null' }] },
      },
      required: ['host', 'databases'],
    },
  ],
}

describe('a choice between alternatives', () => {
  it('opens with the one that the settings are of, and gives them back', () => {
    for (const settings of [
      { host: 'db', database: 'shop' },
      { host: 'db', databases: 'all' },
      { host: 'db', databases: ['a', 'b'], env: { A: '1', B: 'x=y' }, limit: 3 },
    ])
      expect(settingsOf(either, draftOf(either, settings))).toEqual(settings)
  })

  it('keeps what the alternatives have in common when another is chosen', () => {
    const draft = { ...(draftOf(either, { host: 'db', database: 'shop' }) as object), chosen: 1 } as Draft
    expect(settingsOf(either, draft)).toEqual({ host: 'db', databases: 'all' })
  })

  it('is made by what was discovered', () => {
    const draft = draftOf(either, { host: 'db', database: '' })
    const one = fill(either, draft, 'database', 'shop') as Draft
    expect(settingsOf(either, one)).toEqual({ host: 'db', database: 'shop' })
    const several = fill(either, draft, 'databases', ['a', 'b']) as Draft
    expect(settingsOf(either, several)).toEqual({ host: 'db', databases: ['a', 'b'] })
    expect(fill(either, draft, 'bucket', 'x')).toBeNull()
    const nested: FormNode = { type: 'object', properties: { connection: either } }
    const filled = fill(nested, draftOf(nested), 'connection.database', 'shop') as Draft
    expect(settingsOf(nested, filled)).toEqual({ connection: { host: '', database: 'shop' } })
  })
})
