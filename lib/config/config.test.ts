import { describe, expect, it } from 'vitest'
import type { CodedError } from '#lib/errors/coded-error.ts'
import { readConfig } from './config.ts'

describe('the configuration', () => {
  it('has sane defaults, and an empty variable is an unset one', () => {
    const config = readConfig({ PORT: '' })
    expect(config).toMatchObject({
      PORT: 3000,
      HOST: '127.0.0.1',
      ROLE: 'all',
      COMPRESSION_LEVEL: 5,
      RETENTION_POLICY: 30,
      BACKUP_SCHEDULE: 'daily',
      NOTIFICATION_ENABLED: true,
    })
    expect(config.DATA_DIR).toMatch(/^\/.*\/data$/)
  })

  it('reads lists', () => {
    expect(readConfig({ STORAGE_ROOTS: '/srv/a, /srv/b' }).STORAGE_ROOTS).toEqual(['/srv/a', '/srv/b'])
  })

  it('reads networks, and takes nothing else for one', () => {
    const read = (text: string) => readConfig({ WEBHOOK_PRIVATE_NETWORKS: text }).WEBHOOK_PRIVATE_NETWORKS
    expect(readConfig({}).WEBHOOK_PRIVATE_NETWORKS).toEqual([])
    expect(read('10.0.0.0/8, fd00::/8')).toEqual(['10.0.0.0/8', 'fd00::/8'])
    for (const wrong of ['10.0.0.1', '10.0.0.0/33', 'intranet', '10.0.0.0/8,,', '*'])
      expect(() => read(wrong)).toThrow(/WEBHOOK_PRIVATE_NETWORKS/)
  })

  it('names every variable that is wrong, with an example', () => {
    try {
      readConfig({ PORT: '99999', ROLE: 'boss', COMPRESSION_LEVEL: '0', SMTP_URL: 'http://x' })
      expect.unreachable()
    } catch (error) {
      const { message, remedy } = error as CodedError
      for (const name of ['PORT', 'ROLE', 'COMPRESSION_LEVEL', 'SMTP_URL']) expect(message).toContain(name)
      expect(remedy).toContain('PORT=3000')
    }
  })

  it('refuses two master keys', () => {
    expect(() => readConfig({ SECRET_KEY: 'x'.repeat(40), SECRET_KEY_FILE: '/k' })).toThrow(/SECRET_KEY_FILE/)
  })

  it('cannot print a secret', () => {
    expect(
      JSON.stringify(readConfig({ SMTP_URL: 'smtp://u:hunter2@h', ADMIN_PASSWORD: 'hunter2hunter2' })),
    ).not.toContain('hunter2')
  })
})
