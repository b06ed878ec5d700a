import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { cancelBackup } from '#lib/backups/cancel.ts'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { createPlan, updatePlan } from '#lib/plans/change.ts'
import type { Queue } from '#lib/queue/queue.ts'
import { runPlan } from '#lib/schedules/run-plan.ts'
import { setNotificationRecipients } from '#lib/settings/notification-settings.ts'
import { setOption } from '#lib/settings/set-option.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { type MailServer, startMailServer } from '#lib/testing/mail-server.ts'
import { startNotifications } from './start.ts'
import { sendTestMail } from './test-message.ts'

let mail: MailServer
let home: Installation
let answers: (recipient: string) => number | null = () => null
const refusal = (code: string) => expect.objectContaining({ code })

beforeAll(async () => {
  mail = await startMailServer((recipient) => answers(recipient))
  home = await openInstallation({
    SMTP_URL: mail.url,
    MAIL_FROM: 'Backups <b@example.org>',
    PUBLIC_URL: 'https://backup.example.org/',
    WORKER_ENVIRONMENTS: 'test',
  })
  await startNotifications(home.runtime)
  await home.startWorker()
})
afterAll(async () => {
  await home?.close()
  await mail?.close()
})
beforeEach(async () => {
  mail.received.length = 0
  answers = () => null
  await home.runtime.prisma.rateHit.deleteMany()
})

async function settled(backupId: string, state: 'SENT' | 'FAILED') {
  return expect
    .poll(() => home.runtime.prisma.delivery.findMany({ where: { notification: { backupId } } }), { timeout: 40_000 })
    .toEqual([expect.objectContaining({ state })])
}

describe('being told', () => {
  it('needs recipients, and says so', async () => {
    await expect(sendTestMail(home.runtime, home.admin)).rejects.toThrow(refusal('MAIL_NO_RECIPIENTS'))
    await expect(setNotificationRecipients(home.runtime.prisma, home.admin, ['a@b\r\nBcc: x@y'])).rejects.toThrow(
      refusal('INPUT_INVALID'),
    )
  })

  it('sends text and HTML with figures and a link when a backup succeeds, and no name in it injects anything', async () => {
    await setNotificationRecipients(home.runtime.prisma, home.admin, ['ops@example.org'])
    await home.addFiles('nice', { 'a.txt': 'a' })
    const description = 'before <script>alert(1)</script> "deploy"\r\nBcc: evil@example.org'
    const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE', description })
    const [message] = await mail.has(1)
    expect(message?.subject).toBe('Backup of test succeeded')
    expect(message?.headers.has('bcc')).toBe(false)
    expect(message?.to).toMatchObject({ text: 'ops@example.org' })
    expect(message?.text).toContain(`https://backup.example.org/backups/${id}`)
    expect(message?.text).toMatch(/nice: succeeded, 1 B read/)
    expect(message?.html).not.toContain('<script>')
    await settled(id, 'SENT')
  })

  it('goes to the recipients of its plan, where it has some, and only of what they want to know', async () => {
    await setNotificationRecipients(home.runtime.prisma, home.admin, ['ops@example.org'])
    const { source } = await home.addFiles('planned', { 'a.txt': 'a' })
    const { runtime, admin } = home
    const notice = (more: object) =>
      createPlan(runtime, admin, { name: 'told', schedule: null, selection: { sourceIds: [source.id] }, ...more })
    for (const wrong of ['a@b\r\nBcc: x@y', 'Name <a@example.org>', 'a@example.org, b@example.org'])
      await expect(notice({ notifyRecipients: [wrong] })).rejects.toThrow(refusal('INPUT_INVALID'))
    const to = ['shop@example.org', 'shop@example.org', 'boss@example.org']
    const { id: planId } = await notice({ notifyRecipients: to, notifyOnSuccess: false })
    const quiet = await runPlan(runtime, admin, 'API', planId)
    await home.ended(quiet.id)
    await expect
      .poll(() => runtime.queue.hasJob('notify.backup-ended', { backupId: quiet.id }), { timeout: 20_000 })
      .toBe(false)
    expect(await runtime.prisma.delivery.count({ where: { notification: { backupId: quiet.id } } })).toBe(0)

    await runtime.prisma.source.update({
      where: { id: source.id },
      data: { settings: { paths: ['/gone'], exclude: [] } },
    })
    const failed = await runPlan(runtime, admin, 'API', planId)
    const told = (await mail.has(2)).map((message) =>
      [message.to]
        .flat()
        .map((one) => one?.text)
        .join(),
    )
    expect(told.sort()).toEqual(['boss@example.org', 'shop@example.org'])
    expect((await home.ended(failed.id)).state).toBe('FAILED')

    await updatePlan(runtime, admin, { id: planId, notifyRecipients: [] })
    mail.received.length = 0
    await runPlan(runtime, admin, 'API', planId)
    expect([(await mail.has(1))[0]?.to].flat().map((one) => one?.text)).toEqual(['ops@example.org'])
    await runtime.prisma.source.update({ where: { id: source.id }, data: { enabled: false } })
  })

  it('is what a trigger says of it, whatever the options say', async () => {
    const { runtime, admin } = home
    const { source } = await home.addFiles('loud', { 'a.txt': 'a' })
    const input = { type: 'STORAGE', sourceIds: [source.id] }
    mail.received.length = 0
    const quiet = await triggerBackup(runtime, admin, 'API', { ...input, notificationEnabled: false })
    await home.ended(quiet.id)
    await setOption(runtime, admin, { name: 'notification_enabled', value: 'false' })
    const loud = await triggerBackup(runtime, admin, 'API', { ...input, notificationEnabled: true })
    await settled(loud.id, 'SENT')
    await setOption(runtime, admin, { name: 'notification_enabled', value: null })
    expect(await runtime.prisma.delivery.count({ where: { notification: { backupId: quiet.id } } })).toBe(0)
    await runtime.prisma.source.update({ where: { id: source.id }, data: { enabled: false } })
  })

  it('says what happened and what to do when a backup fails', async () => {
    const { source, path } = await home.addSqlite('gone', 1)
    await rm(path)
    const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'DATABASE', sourceIds: [source.id] })
    const [message] = await mail.has(1)
    expect(message?.subject).toBe('Backup of test failed')
    for (const body of [message?.text, message?.html]) {
      expect(body).toContain('What happened:')
      expect(body).toContain('What to do:')
      expect(body).toContain('PATH_NOT_FOUND')
      expect(body).not.toContain('Likely cause:') // the error says it already
    }
    await settled(id, 'SENT')
  })

  it('gives up on a recipient who is refused for good, and keeps the reason', async () => {
    answers = () => 550
    const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE' })
    await settled(id, 'FAILED')
    const delivery = await home.runtime.prisma.delivery.findFirstOrThrow({ where: { notification: { backupId: id } } })
    expect(delivery.attempts).toBe(1)
    expect(delivery.error).toContain('refused')
    expect((await home.ended(id)).state).toBe('SUCCEEDED')
  })

  it('tries again when the refusal was temporary', async () => {
    let tries = 0
    answers = () => (tries++ === 0 ? 451 : null)
    const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE' })
    await expect
      .poll(() => home.runtime.prisma.delivery.findFirst({ where: { notification: { backupId: id } } }), {
        timeout: 20_000,
      })
      .toMatchObject({ state: 'PENDING', attempts: 1, error: expect.stringContaining('refused by the test') })
    await settled(id, 'SENT')
    expect(tries).toBe(2)
    expect(mail.received).toHaveLength(1)
  })

  it('tells every recipient once, also when it is planned twice, and that it was cancelled', async () => {
    const { prisma, queue } = home.runtime
    const recipients = ['one@example.org', 'two@example.org', 'three@example.org']
    await setNotificationRecipients(prisma, home.admin, recipients)
    // In an environment that the worker does not serve, so that it is still queued.
    const environment = await prisma.environment.create({ data: { name: 'quiet' } })
    await queue.openLane('backup.run', environment.id)
    const { source } = await home.addFiles('idle', { 'a.txt': 'a' })
    await prisma.source.update({ where: { id: source.id }, data: { environmentId: environment.id } })
    const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE', sourceIds: [source.id] })
    await cancelBackup(home.runtime, home.admin, id)
    const messages = await mail.has(3)
    expect(messages.map((message) => message.subject)).toEqual(Array(3).fill('Backup of quiet was cancelled'))
    expect(messages.map((message) => (message.to as { text: string }).text).sort()).toEqual(recipients.toSorted())

    const payload = { backupId: id }
    await queue.send(prisma, 'notify.backup-ended', payload)
    await expect.poll(() => queue.hasJob('notify.backup-ended', payload), { timeout: 20_000 }).toBe(false)
    expect(await prisma.delivery.count({ where: { notification: { backupId: id } } })).toBe(3)
    await expect.poll(() => prisma.delivery.count({ where: { state: 'SENT', notification: { backupId: id } } })).toBe(3)
    expect(mail.received).toHaveLength(3)
    await setNotificationRecipients(prisma, home.admin, ['ops@example.org'])
  })

  it('plans nothing without a mail server, or when it is switched off', async () => {
    const { prisma, queue } = home.runtime
    const { id } = await prisma.backup.create({
      data: { type: 'FULL', state: 'CANCELLED', origin: 'API', environments: ['test'], compressionLevel: 5 },
    })
    for (const change of [
      { mailer: null },
      { config: { NOTIFICATION_ENABLED: false, WEBHOOK_PRIVATE_NETWORKS: [] } },
    ]) {
      const handlers: Record<string, (payload: never, context: never) => Promise<void>> = {}
      const work: Queue['work'] = async (name, _options, handler) => {
        handlers[name] = handler as (typeof handlers)[string]
      }
      await startNotifications({ ...home.runtime, ...change, queue: { ...queue, work } })
      await handlers['notify.backup-ended']?.({ backupId: id } as never, {} as never)
    }
    expect(await prisma.delivery.count({ where: { notification: { backupId: id } } })).toBe(0)
    await prisma.backup.delete({ where: { id } })
  })

  it('answers what became of a test message', async () => {
    expect(await sendTestMail(home.runtime, home.admin)).toEqual([
      expect.objectContaining({ state: 'SENT', channel: 'email' }),
    ])
    answers = () => 550
    expect(await sendTestMail(home.runtime, home.admin)).toEqual([expect.objectContaining({ state: 'FAILED' })])
    const operator = { ...home.admin, role: 'OPERATOR' as const }
    await expect(sendTestMail(home.runtime, operator)).rejects.toThrow(refusal('FORBIDDEN'))
  })

  it('pretends nothing without a mail server', async () => {
    const deps = { ...home.runtime, mailer: null }
    await expect(sendTestMail(deps, home.admin)).rejects.toThrow(refusal('MAIL_NOT_CONFIGURED'))
  })
})
