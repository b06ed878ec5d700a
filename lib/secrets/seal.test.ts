import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { SecretKey, seal, unseal } from './seal.ts'
import { Secret } from './secret.ts'

const key = new SecretKey(new Secret('k'.repeat(64)))
const secret = new Secret('pässword 🔑')

describe('a secret', () => {
  it('does not print in any of the ways that values are printed', () => {
    const prints = [
      String(secret),
      `${secret}`,
      JSON.stringify({ secret }),
      inspect({ secret }),
      inspect([secret], { depth: 9 }),
    ]
    for (const print of prints) {
      expect(print).toContain('[secret]')
      expect(print).not.toContain('ssword')
    }
  })
})

describe('sealing', () => {
  it('gives back what was sealed and never the same text twice', () => {
    const sealed = seal(key, secret, 'source:1')
    expect(unseal(key, sealed, 'source:1').reveal()).toBe('pässword 🔑')
    expect(seal(key, secret, 'source:1')).not.toBe(sealed)
  })

  const cases: [string, (sealed: string) => unknown][] = [
    ['another key', (sealed) => unseal(new SecretKey(new Secret('x'.repeat(64))), sealed, 'source:1')],
    ['another row', (sealed) => unseal(key, sealed, 'source:2')],
    [
      'a changed byte',
      (sealed) => unseal(key, `${sealed.slice(0, -2)}${sealed.endsWith('AA') ? 'BB' : 'AA'}`, 'source:1'),
    ],
    ['a short tag', (sealed) => unseal(key, sealed.split('.').with(2, 'AAAA').join('.'), 'source:1')],
    ['something else', () => unseal(key, 'plain text', 'source:1')],
  ]
  it.each(cases)('refuses %s', (_title, open) => {
    expect(() => open(seal(key, secret, 'source:1'))).toThrow(expect.objectContaining({ code: 'SECRET_UNREADABLE' }))
  })
})
