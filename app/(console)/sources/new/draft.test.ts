import { describe, expect, it } from 'vitest'
import { driverOf } from '#lib/sources/registry.ts'
import { emptyDraft, settingsOf } from './draft.ts'

const filled = {
  ...emptyDraft,
  path: ' /srv/shop.sqlite ',
  database: 'shop',
  user: 'backup',
  password: 'secret',
  paths: '/srv/uploads\n\n /srv/www ',
  exclude: '*.tmp\n',
  tables: 'customers\napp.orders',
}

describe('the form for a new source', () => {
  it.each(['sqlite', 'postgres', 'files', 'user-data'] as const)('gives settings that the %s driver takes', (kind) => {
    for (const from of ['sqlite', 'postgres'] as const) {
      const parsed = driverOf(kind).settings.safeParse(settingsOf({ ...filled, kind, from }))
      expect(parsed.error?.issues ?? []).toEqual([])
    }
  })

  it('takes one folder or table a line, without the space around it', () => {
    expect(settingsOf({ ...filled, kind: 'files' })).toEqual({
      paths: ['/srv/uploads', '/srv/www'],
      exclude: ['*.tmp'],
    })
    expect(settingsOf({ ...filled, kind: 'user-data' }).exports).toEqual([
      { name: 'customers', table: 'customers' },
      { name: 'app_orders', table: 'app.orders' },
    ])
  })

  it('leaves an empty password out', () => {
    expect(settingsOf({ ...filled, kind: 'postgres', password: '' })).not.toHaveProperty('password')
  })
})
