import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { triggerBackup } from '#lib/backups/trigger.ts'
import { setNotificationRecipients } from '#lib/settings/notification-settings.ts'
import { type Installation, openInstallation } from '#lib/testing/installation.ts'
import { type MailServer, startMailServer } from '#lib/testing/mail-server.ts'
import { sendTestMail, startNotifications } from './deliver.ts'

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
    .poll(() => home.runtime.prisma.delivery.findMany({ where: { backupId } }), { timeout: 40_000 })
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
    }
    await settled(id, 'SENT')
  })

  it('gives up on a recipient who is refused for good, and keeps the reason', async () => {
    answers = () => 550
    const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE' })
    await settled(id, 'FAILED')
    const delivery = await home.runtime.prisma.delivery.findFirstOrThrow({ where: { backupId: id } })
    expect(delivery.attempts).toBe(1)
    expect(delivery.error).toContain('refused')
    expect((await home.ended(id)).state).toBe('SUCCEEDED')
  })

  it('tries again when the refusal was temporary', async () => {
    let tries = 0
    answers = () => (tries++ === 0 ? 451 : null)
    const { id } = await triggerBackup(home.runtime, home.admin, 'API', { type: 'STORAGE' })
    await settled(id, 'SENT')
    expect(tries).toBe(2)
    expect(mail.received).toHaveLength(1)
  })

  it('answers what became of a test message', async () => {
    expect(await sendTestMail(home.runtime, home.admin)).toEqual([
      expect.objectContaining({ state: 'SENT', backupId: null }),
    ])
    answers = () => 550
    expect(await sendTestMail(home.runtime, home.admin)).toEqual([expect.objectContaining({ state: 'FAILED' })])
  })

  it('pretends nothing without a mail server', async () => {
    const deps = { ...home.runtime, mailer: null }
    await expect(sendTestMail(deps, home.admin)).rejects.toThrow(refusal('MAIL_NOT_CONFIGURED'))
  })
})
