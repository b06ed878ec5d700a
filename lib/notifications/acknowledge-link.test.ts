import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { POST } from '#app/api/acknowledge/route.ts'
import { setRuntime } from '#lib/runtime/runtime.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { acknowledgeLink, readAcknowledgeLink } from './acknowledge-link.ts'

const DAY_MS = 86_400_000
const told = {
  title: 'Backup failed',
  tone: 'bad',
  facts: [],
  parts: [],
  lines: [],
  problem: null,
  link: '',
  linkText: '',
}
const refused = expect.objectContaining({ code: 'ACKNOWLEDGE_LINK_INVALID' })

let home: Installation
let [notificationId, deliveryId] = ['', '']
beforeAll(async () => {
  home = await openInstallation({ PUBLIC_URL: 'https://backup.example.org' })
  setRuntime(home.runtime)
  const notification = await home.runtime.prisma.notification.create({
    data: {
      ...{ key: 'a', event: 'BACKUP_FAILED', severity: 'ERROR', subject: told.title, content: told },
      deliveries: { create: { channel: 'sms', recipient: '+4912345' } },
    },
    include: { deliveries: true },
  })
  ;[notificationId, deliveryId] = [notification.id, notification.deliveries[0]?.id as string]
})
afterAll(() => home?.close())

const link = async () => new URL(await acknowledgeLink(home.runtime, deliveryId))
const tokenOf = (url: URL) => url.searchParams.get('token') as string
const row = () => home.runtime.prisma.notification.findUniqueOrThrow({ where: { id: notificationId } })
function post(token: string) {
  const body = new URLSearchParams({ token })
  return POST(new Request('http://localhost/api/acknowledge', { method: 'POST', body }))
}

describe('the link of a message', () => {
  it('says what it is of, for a week, and is good for nothing else', async () => {
    const url = await link()
    expect(url.href).toMatch(/^https:\/\/backup\.example\.org\/acknowledge\?token=/)
    expect(await readAcknowledgeLink(home.runtime, tokenOf(url))).toMatchObject({
      id: deliveryId,
      recipient: '+4912345',
    })
    const at = (days: number) => ({ ...home.runtime.clock, now: () => new Date(Date.now() + days * DAY_MS) })
    await readAcknowledgeLink({ ...home.runtime, clock: at(6) }, tokenOf(url))
    await expect(readAcknowledgeLink({ ...home.runtime, clock: at(8) }, tokenOf(url))).rejects.toThrow(refused)
    const forged = await new SignJWT()
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(deliveryId)
      .setAudience('acknowledge')
      .setExpirationTime('1d')
      .sign(home.runtime.secretKey.derive('api tokens'))
    for (const token of ['', 'x', forged, tokenOf(url).slice(0, -2)])
      await expect(readAcknowledgeLink(home.runtime, token)).rejects.toThrow(refused)
    expect((await row()).acknowledgedAt).toBeNull()
  })

  it('lets who got it take care of it once, and is written down', async () => {
    const token = tokenOf(await link())
    for (let i = 0; i < 2; i++) {
      const answer = await post(token)
      expect([answer.status, answer.headers.get('location')]).toEqual([303, `/acknowledge?token=${token}`])
    }
    expect(await row()).toMatchObject({ acknowledgedBy: '+4912345' })
    const audited = await home.runtime.prisma.auditEvent.findMany({ where: { action: 'notification.acknowledge' } })
    expect(audited).toMatchObject([{ actor: '+4912345 (by link)', actorId: null, targetId: notificationId }])
    expect((await post('forged')).status).toBe(400)
  })
})
