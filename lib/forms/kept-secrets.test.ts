import { describe, expect, it } from 'vitest'
import { replaceSettings } from '#lib/forms/kept-secrets.ts'
import { driverOf } from '#lib/sources/registry.ts'

const database = { host: 'db', port: 5432, database: 'shop', user: 'backup' }
const exports = [{ name: 'a', table: 'a' }]

describe('a stored secret', () => {
  const stored = { password: 'stored' }
  it.each([
    ['stays when it is left out', {}, stored],
    ['stays when it is empty', { password: '' }, stored],
    ['goes when it is null', { password: null }, {}],
    ['is replaced by a new one', { password: 'new' }, { password: 'new' }],
  ])('%s', (_title, given, secrets) => {
    const settings = { ...database, ...given }
    expect(replaceSettings(driverOf('postgres'), settings, stored)).toEqual({ plain: database, secrets })
    expect(settings).toEqual({ ...database, ...given })
  })

  const nested = { 'connection.password': 'stored' }
  it('inside another setting stays, too', () => {
    const settings = { connection: { kind: 'postgres', ...database }, exports }
    expect(replaceSettings(driverOf('user-data'), settings, nested).secrets).toEqual(nested)
    const cleared = { ...settings, connection: { ...settings.connection, password: null } }
    expect(replaceSettings(driverOf('user-data'), cleared, nested).secrets).toEqual({})
  })

  it('goes when the new settings have no place for it', () => {
    const settings = { connection: { kind: 'sqlite', path: '/srv/shop.sqlite' }, exports }
    expect(replaceSettings(driverOf('user-data'), settings, nested)).toEqual({ plain: settings, secrets: {} })
    expect(replaceSettings(driverOf('user-data'), { exports }, nested).secrets).toEqual({})
  })
})
