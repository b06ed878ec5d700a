import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { sourceKinds } from '#lib/sources/kinds.ts'
import { driverOf } from '#lib/sources/registry.ts'
import { joinSettings, splitSettings } from './settings.ts'

const postgres = { host: 'h', port: 5432, database: 'd', user: 'u', password: 'pass' }
const nested = { connection: { kind: 'postgres', ...postgres }, exports: [{ name: 'a', table: 't' }] }

test.each([
  ['postgres', postgres, 'password'],
  ['user-data', nested, 'connection.password'],
])('The secret of %s settings is split off and joined again', (kind, settings, field) => {
  const driver = driverOf(kind)
  const { plain, secrets } = splitSettings(settings, driver.secretFields)
  expect(JSON.stringify(plain)).not.toContain('pass')
  expect(secrets).toEqual({ [field]: 'pass' })
  expect(joinSettings(plain, secrets)).toEqual(settings)
  const parsed = driver.settings.parse(joinSettings(plain, secrets)) as Record<string, unknown>
  expect(JSON.stringify(parsed) + inspect(parsed, { depth: 9 })).not.toContain('pass"')
  expect(splitSettings(parsed, driver.secretFields).secrets).toEqual({ [field]: 'pass' })
})

test('Splitting leaves the input as it was, and settings without a secret have none', () => {
  const input = structuredClone(nested)
  splitSettings(input, ['connection.password'])
  expect(input).toEqual(nested)
  expect(splitSettings({ connection: { kind: 'sqlite', path: '/a' } }, ['connection.password']).secrets).toEqual({})
  expect(splitSettings({ password: '' }, ['password'])).toEqual({ plain: {}, secrets: {} })
})

test('A secret that is no text stays for the parser to refuse', () => {
  const { plain } = splitSettings({ ...postgres, password: 5 }, ['password'])
  expect(driverOf('postgres').settings.safeParse(plain).success).toBe(false)
})

test('Every kind has its driver, and no other name has one', () => {
  for (const [kind, type] of Object.entries(sourceKinds)) expect(driverOf(kind)).toMatchObject({ kind, type })
  for (const kind of ['oracle', '__proto__', 'toString', ''])
    expect(() => driverOf(kind)).toThrow(expect.objectContaining({ code: 'SOURCE_KIND_UNKNOWN' }))
})
