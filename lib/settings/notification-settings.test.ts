import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { notificationRecipients, setNotificationRecipients } from './notification-settings.ts'

let home: Installation
const set = (raw: unknown, actor: Installation['admin'] | null = home.admin) =>
  setNotificationRecipients(home.runtime.prisma, actor, raw)
const refusal = (code: string) => expect.objectContaining({ code })

beforeAll(async () => {
  home = await openInstallation()
})
afterAll(() => home?.close())

describe('who is notified', () => {
  it('is nobody at first, then whom an administrator sets, each once, and it is written down', async () => {
    const { prisma } = home.runtime
    expect(await notificationRecipients(prisma)).toEqual([])
    const recipients = ['a@example.org', 'ü@example.org']
    expect(await set([...recipients, 'a@example.org'])).toEqual(recipients)
    expect(await notificationRecipients(prisma)).toEqual(recipients)
    expect(await prisma.auditEvent.findFirstOrThrow({ where: { action: 'settings.change' } })).toMatchObject({
      actorId: home.admin.userId,
      details: { recipients },
    })
    expect(await set([])).toEqual([])
    expect(await notificationRecipients(prisma)).toEqual([])
  })

  it.each([
    ['a@example.org\r\nBcc: b@example.org'],
    ['a@example.org, b@example.org'],
    ['Name <a@example.org>'],
    ['a@example.org\0'],
    ['a'],
    ['@example.org'],
    [''],
    [7],
    [`${'a'.repeat(250)}@example.org`],
  ])('is not %j, and nothing is changed', async (bad) => {
    await set(['kept@example.org'])
    const error = await set(['good@example.org', bad]).catch((thrown) => thrown)
    expect(error).toEqual(refusal('INPUT_INVALID'))
    expect(error.details.issues[0].path).toBe('recipients.1')
    expect(await notificationRecipients(home.runtime.prisma)).toEqual(['kept@example.org'])
  })

  it('is for an administrator to say, and for a token only with the scope', async () => {
    await expect(set([], null)).rejects.toThrow(refusal('UNAUTHENTICATED'))
    await expect(set([], { ...home.admin, role: 'OPERATOR' })).rejects.toThrow(refusal('FORBIDDEN'))
    await expect(set([], { ...home.admin, scopes: ['backup:trigger'] })).rejects.toThrow(refusal('FORBIDDEN'))
  })
})
