import { rm } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { setNotificationRecipients } from '#lib/settings/notification-settings.ts'
import { type HttpServer, startHttpServer } from '#lib/testing/http-server.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { type MailServer, startMailServer } from '#lib/testing/mail-server.ts'
import type { Channel } from '#prisma/client/client.ts'
import { acknowledge, resend } from '../acknowledge.ts'
import { readAcknowledgeLink } from '../acknowledge-link.ts'
import { note } from '../note.ts'
import { startNotifications } from '../start.ts'
import { testChannel } from '../test-message.ts'
import { tell } from '../told.ts'
import { watch } from '../watch.ts'
import { createChannel, deleteChannel, updateChannel } from './change.ts'

let home: Installation
let server: HttpServer
let mail: MailServer
let late = 0
const told = (title: string) => tell({ title, tone: 'bad', facts: [], link: 'https://x.example.org', linkText: 'x' })
const refusal = (code: string, details = {}) => expect.objectContaining({ code, ...details })
const channels = () => home.runtime.prisma.channel
const deliveries = () => home.runtime.prisma.delivery
/** A moment that the clock of the deps says it is; the database has its own. */
const at = (moment: Date) => ({ ...home.runtime, clock: { ...home.runtime.clock, now: () => moment } })
const ntfy = (name: string, more: object = {}) =>
  createChannel(home.runtime, home.admin, {
    name,
    kind: 'ntfy',
    settings: { url: server.origin, topic: name, token: `tk_${name}` },
    ...more,
  })
const titles = (topic: string) =>
  server.received
    .map(({ body }) => JSON.parse(body))
    .filter((one) => one.topic === topic)
    .map((one) => one.title)
const sent = (channel: Channel, count = 1, timeout = 30_000) =>
  expect.poll(() => deliveries().count({ where: { channelId: channel.id, state: 'SENT' } }), { timeout }).toBe(count)
const lateSource = (more: object = {}) =>
  note(home.runtime, { key: `late ${++late}`, event: 'SOURCE_LATE', told: told(`late ${late}`), ...more })

beforeAll(async () => {
  server = await startHttpServer()
  mail = await startMailServer()
  home = await openInstallation({
    SMTP_URL: mail.url,
    WEBHOOK_PRIVATE_NETWORKS: '127.0.0.0/8',
    PUBLIC_URL: 'https://backup.example.org',
  })
  await startNotifications(home.runtime)
  await home.startWorker()
})
afterAll(async () => {
  await home?.close()
  await Promise.all([server?.close(), mail?.close()])
})
afterEach(async () => {
  server.answer = () => ({ status: 200 })
  await home.runtime.prisma.notification.deleteMany()
  await channels().deleteMany()
  await home.runtime.prisma.rateHit.deleteMany()
  server.received.length = 0
  mail.received.length = 0
})

describe('a channel', () => {
  it('keeps its secrets sealed, and keeps them when it is changed without them', async () => {
    const made = await ntfy('ops')
    expect(JSON.stringify(made)).not.toContain('tk_ops')
    const settings = { url: server.origin, topic: 'other' }
    await updateChannel(home.runtime, home.admin, { id: made.id, settings, quietFrom: null })
    await testChannel(home.runtime, home.admin, made.id)
    expect(server.received[0]?.headers.authorization).toBe('Bearer tk_ops')
    expect(JSON.parse(server.received[0]?.body ?? '').topic).toBe('other')
    await updateChannel(home.runtime, home.admin, { id: made.id, settings: { ...settings, token: null } })
    await testChannel(home.runtime, home.admin, made.id)
    expect(server.received[1]?.headers.authorization).toBeUndefined()
  })

  it.each<[path: string, more: object]>([
    ['settings.topic', { settings: { topic: 'a b' } }],
    ['events.0', { events: ['NOTHING'] }],
    ['events.0', { events: ['DIGEST'] }],
    ['quietTo', { quietFrom: '22:00' }],
    ['quietTo', { quietFrom: '22:00', quietTo: '22:00' }],
    ['timeZone', { timeZone: 'Mars/Olympus' }],
    ['digestOnly', { digestOnly: true }],
    ['escalateAfterMinutes', { escalateAfterMinutes: 5 }],
    ['escalateToId', { escalateToId: '01890000-0000-7000-8000-000000000000', escalateAfterMinutes: 5 }],
    ['environmentIds', { environmentIds: ['01890000-0000-7000-8000-000000000000'] }],
    ['planIds', { planIds: ['01890000-0000-7000-8000-000000000000'] }],
  ])('is refused for its %s: %j', async (path, more) => {
    const issues = [expect.objectContaining({ path })]
    await expect(ntfy('wrong', more)).rejects.toThrow(refusal('INPUT_INVALID', { details: { issues } }))
    expect(await channels().count()).toBe(0)
  })

  it('has a name of its own, a kind that there is, and belongs to administrators', async () => {
    const { id } = await ntfy('ops')
    await expect(ntfy('ops')).rejects.toThrow(refusal('NAME_TAKEN'))
    const pager = { name: 'x', kind: 'pager', settings: {} }
    await expect(createChannel(home.runtime, home.admin, pager)).rejects.toThrow(refusal('CHANNEL_KIND_UNKNOWN'))
    const operator = { ...home.admin, role: 'OPERATOR' as const }
    for (const act of [
      () => createChannel(home.runtime, operator, { ...pager, kind: 'ntfy' }),
      () => updateChannel(home.runtime, operator, { id }),
      () => deleteChannel(home.runtime, operator, id),
      () => testChannel(home.runtime, operator, id),
    ])
      await expect(act()).rejects.toThrow(refusal('FORBIDDEN'))
    for (const nobody of ['x', '01890000-0000-7000-8000-000000000000'])
      await expect(deleteChannel(home.runtime, home.admin, nobody)).rejects.toThrow(refusal('CHANNEL_UNKNOWN'))
    const self = { id, escalateToId: id, escalateAfterMinutes: 5 }
    await expect(updateChannel(home.runtime, home.admin, self)).rejects.toThrow(refusal('INPUT_INVALID'))
  })

  it('that is deleted leaves its history, and nothing on its way', async () => {
    const channel = await ntfy('ops', { quietFrom: '00:00', quietTo: '23:59' })
    await note(at(new Date('2026-03-02T12:00:00Z')), { key: 'k', event: 'PLAN_MISSED', told: told('missed') })
    await deleteChannel(home.runtime, home.admin, channel.id)
    expect(await deliveries().findMany()).toEqual([
      expect.objectContaining({ state: 'FAILED', recipient: 'ops', channelId: null }),
    ])
  })
})

describe('what happens', () => {
  it('goes through every channel that carries it, once, and the answer says what became of a test', async () => {
    const environment = await home.runtime.prisma.environment.findFirstOrThrow({ where: { name: 'test' } })
    const all = await ntfy('all')
    const failures = await ntfy('failures', {
      events: ['BACKUP_FAILED', 'BACKUP_RECOVERED'],
      environmentIds: [environment.id],
    })
    await ntfy('elsewhere', { severity: 'ERROR', events: ['PLAN_MISSED'] })
    const { source, path } = await home.addSqlite('shop', 1)
    const input = { type: 'DATABASE', sourceIds: [source.id] }
    const first = await triggerBackup(home.runtime, home.admin, 'API', input)
    await sent(all)
    expect((await home.ended(first.id)).state).toBe('SUCCEEDED')
    expect(titles('failures')).toEqual([])

    await rm(path)
    await triggerBackup(home.runtime, home.admin, 'API', input)
    await sent(all, 2)
    await sent(failures)
    expect(titles('failures')).toEqual(['Backup of test failed'])

    await home.addSqlite('shop2', 1)
    await home.runtime.prisma.source.update({
      where: { id: source.id },
      data: {
        settings: (await home.runtime.prisma.source.findFirstOrThrow({ where: { name: 'shop2' } })).settings as object,
      },
    })
    await triggerBackup(home.runtime, home.admin, 'API', input)
    await sent(failures, 2)
    expect(titles('failures')).toEqual(['Backup of test failed', 'Backup of test succeeded again'])
    expect(titles('elsewhere')).toEqual([])
    const recovered = await home.runtime.prisma.notification.findFirstOrThrow({ where: { event: 'BACKUP_RECOVERED' } })
    expect(JSON.stringify(recovered.content)).toContain('["Good again","shop"]')
  })

  it('is tried again with the same id until it is taken', async () => {
    const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
    const channel = await createChannel(home.runtime, home.admin, {
      name: 'hook',
      kind: 'webhook',
      settings: { url: `${server.origin}/in`, secret },
    })
    server.answer = () => ({ status: server.received.length === 0 ? 503 : 200 })
    await lateSource()
    await sent(channel, 1, 50_000)
    const [first, second] = server.received.map(({ headers }) => headers['webhook-id'])
    expect(first).toBe(second)
    expect(await deliveries().findFirstOrThrow()).toMatchObject({ id: first, attempts: 2, error: null })
  })

  it('that is refused for good is told through the others, once a day', async () => {
    await setNotificationRecipients(home.runtime.prisma, home.admin, ['ops@example.org'])
    const channel = await ntfy('broken', { events: ['PLAN_REFUSED'] })
    server.answer = () => ({ status: 403, text: 'forbidden' })
    for (const key of ['a', 'b']) await note(home.runtime, { key, event: 'PLAN_REFUSED', told: told(`refused ${key}`) })
    await expect
      .poll(() => deliveries().count({ where: { channelId: channel.id, state: 'FAILED' } }), { timeout: 20_000 })
      .toBe(2)
    await mail.has(3)
    const subjects = mail.received.map(({ subject }) => subject).sort()
    expect(subjects).toEqual(['Notifications through ntfy to broken do not get through', 'refused a', 'refused b'])
    expect(mail.received.map(({ text }) => text).join()).toContain('it answered 403 (forbidden)')

    server.answer = () => ({ status: 200 })
    const { id } = await deliveries().findFirstOrThrow({ where: { channelId: channel.id } })
    await resend(home.runtime, home.admin, id)
    await sent(channel)
    await setNotificationRecipients(home.runtime.prisma, home.admin, [])
  })

  it('waits for the end of quiet hours unless it is an error, and then goes out as one message', async () => {
    const channel = await ntfy('quiet', { quietFrom: '22:00', quietTo: '07:00' })
    const night = at(new Date('2099-03-02T23:00:00Z'))
    await note(night, { key: 'error', event: 'SOURCE_LATE', told: told('an error') })
    for (const one of ['one', 'two', 'three']) await note(night, { key: one, event: 'PLAN_MISSED', told: told(one) })
    await sent(channel)
    await watch(home.runtime)
    expect(titles('quiet')).toEqual(['an error'])
    const waiting = await deliveries().findMany({ where: { state: 'PENDING' } })
    expect(waiting.map(({ notBefore }) => notBefore?.toISOString())).toEqual(Array(3).fill('2099-03-03T07:00:00.000Z'))
    await deliveries().updateMany({ where: { state: 'PENDING' }, data: { notBefore: new Date(0) } })
    await watch(home.runtime)
    await sent(channel, 4)
    expect(titles('quiet')).toEqual(['an error', '3 messages: A plan missed its time'])
    expect(JSON.parse(server.received[1]?.body ?? '').message).toMatch(/- one\n- two\n- three/)
  })

  it('is sent although its job was lost', async () => {
    const channel = await ntfy('lost')
    const content = told('lost')
    const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000)
    for (const hours of [7, 5])
      await home.runtime.prisma.notification.create({
        data: {
          ...{ key: `lost ${hours}`, event: 'SOURCE_LATE', severity: 'ERROR', subject: content.title, content },
          deliveries: {
            create: { channelId: channel.id, channel: 'ntfy', recipient: 'lost', createdAt: ago(hours) },
          },
        },
      })
    await watch(home.runtime)
    await sent(channel)
    expect(await deliveries().count({ where: { state: 'PENDING' } })).toBe(1)
  })

  it('in hundreds becomes a few messages, and each is told', async () => {
    const channel = await ntfy('storm')
    for (let i = 0; i < 100; i++) await lateSource()
    await expect
      .poll(() => deliveries().count({ where: { state: 'PENDING', notBefore: null } }), { timeout: 30_000 })
      .toBe(0)
    const alone = server.received.length
    expect(alone).toBeLessThanOrEqual(10)
    await deliveries().updateMany({ where: { state: 'PENDING' }, data: { notBefore: new Date(0) } })
    await watch(home.runtime)
    await sent(channel, 100)
    expect(server.received.length).toBe(alone + 1)
    expect(titles('storm').at(-1)).toBe(`${100 - alone} messages: No good backup of a source for too long`)
  })

  it('and is not acknowledged in time goes through the channel behind it, once', async () => {
    const behind = await ntfy('behind', { events: ['PLAN_MISSED'] })
    const first = await ntfy('first', { events: ['SOURCE_LATE'], escalateToId: behind.id, escalateAfterMinutes: 10 })
    await lateSource()
    await lateSource()
    await sent(first, 2)
    await watch(home.runtime)
    expect(await deliveries().count({ where: { channelId: behind.id } })).toBe(0)
    const [taken, left] = await home.runtime.prisma.notification.findMany({ orderBy: { createdAt: 'asc' } })
    expect(await acknowledge(home.runtime, home.admin, taken?.id as string)).toMatchObject({
      acknowledgedBy: home.admin.email,
    })
    await deliveries().updateMany({ data: { createdAt: new Date(Date.now() - 11 * 60_000) } })
    await watch(home.runtime)
    await watch(home.runtime)
    await sent(behind)
    expect(await deliveries().findMany({ where: { channelId: behind.id } })).toEqual([
      expect.objectContaining({ notificationId: left?.id }),
    ])
    const said: string = JSON.parse(server.received.at(-1)?.body ?? '').message
    const token = /https:\/\/backup\.example\.org\/acknowledge\?token=(\S+)/.exec(said)?.[1] as string
    expect((await readAcknowledgeLink(home.runtime, token)).notificationId).toBe(left?.id)
    const viewer = { ...home.admin, role: 'VIEWER' as const }
    await expect(acknowledge(home.runtime, viewer, left?.id as string)).rejects.toThrow(refusal('FORBIDDEN'))
    await expect(acknowledge(home.runtime, home.admin, 'x')).rejects.toThrow(refusal('NOTIFICATION_UNKNOWN'))
  })
})

describe('what nobody reports', () => {
  const events = async () =>
    (await home.runtime.prisma.notification.findMany({ orderBy: { event: 'asc' } })).map(({ event }) => event)

  it('is looked for: tokens that end, places that fill, workers that are missing, sign-ins from elsewhere, each once', async () => {
    const { prisma } = home.runtime
    const now = Date.now()
    const day = 86_400_000
    const token = { userId: home.admin.userId, scopes: ['backup:read'] }
    for (const [name, made, ends] of [
      ['soon', -60, 5],
      ['short', -1, 1],
      ['long', -60, 60],
      ['gone', -60, -1],
    ] as const)
      await prisma.apiToken.create({
        data: { ...token, name, createdAt: new Date(now + made * day), expiresAt: new Date(now + ends * day) },
      })
    const { id: repositoryId } = await prisma.repository.findFirstOrThrow()
    const sizes = { snapshots: 1, restoreBytes: 1, uncompressedBytes: 1, storedBytes: 1 }
    await prisma.repositoryFigures.create({ data: { ...sizes, repositoryId, freeBytes: 9, totalBytes: 100 } })
    const environment = await prisma.environment.create({ data: { name: 'far' } })
    const workers = await prisma.worker.findMany()
    await prisma.worker.updateMany({ data: { environments: ['test'] } })
    await home.runtime.queue.openLane('backup.run', environment.id)
    const { source } = await home.addFiles('away', { a: 'a' })
    await prisma.source.update({ where: { id: source.id }, data: { environmentId: environment.id } })
    const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE', sourceIds: [source.id] })
    await prisma.backupRun.updateMany({ where: { backupId: id }, data: { queuedAt: new Date(now - 3 * 60_000) } })
    const signIn = { action: 'sign-in', actor: 'a@example.org', actorId: home.admin.userId }
    for (const [minutes, address] of [
      [30, '192.0.2.1'],
      [20, '192.0.2.1'],
      [10, '192.0.2.2'],
      [5, '192.0.2.2'],
    ] as const)
      await prisma.auditEvent.create({ data: { ...signIn, address, at: new Date(now - minutes * 60_000) } })

    await watch(home.runtime)
    await watch(home.runtime)
    expect(await events()).toEqual(['REPOSITORY_NEARLY_FULL', 'SIGNIN_NEW_PLACE', 'TOKEN_EXPIRES', 'WORKER_MISSING'])
    const subjects = (await prisma.notification.findMany()).map(({ subject }) => subject)
    expect(subjects).toEqual(expect.arrayContaining(['The API token soon is about to expire', 'No worker serves far']))
    expect(workers.length).toBeGreaterThan(0)
    await prisma.backupRun.updateMany({ where: { backupId: id }, data: { state: 'CANCELLED' } })
    await prisma.apiToken.deleteMany({ where: { name: { in: ['soon', 'short', 'long', 'gone'] } } })
  })

  it('is summed up for the channels that want it, sources that are late first', async () => {
    const channel = await ntfy('boss', { digest: 'DAILY', digestAt: '00:00', digestOnly: true })
    await channels().update({ where: { id: channel.id }, data: { createdAt: new Date(0) } })
    const { source } = await home.addFiles('overdue', { a: 'a' })
    await home.runtime.prisma.source.update({ where: { id: source.id }, data: { lateSince: new Date() } })
    await lateSource()
    await watch(home.runtime)
    await watch(home.runtime)
    await sent(channel)
    const [{ title, message }] = server.received.map(({ body }) => JSON.parse(body))
    expect(title).toMatch(/^Backups of the last day: 1 of \d+ sources late/)
    expect(message.split('\n').find((line: string) => line.startsWith('- '))).toMatch(/^- test: overdue: late since/)
  })
})
