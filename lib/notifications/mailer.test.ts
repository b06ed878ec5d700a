import { type AddressInfo, createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { Secret } from '#lib/secrets/secret.ts'
import { type MailServer, startMailServer } from '#lib/testing/mail-server.ts'
import { openMailer } from './mailer.ts'

const message = { to: 'ops@example.org', subject: 'Hello 🐘', text: 'text\n', html: '<p>html</p>' }
const refusal = (code: string) => expect.objectContaining({ code })
const opened: { close(): unknown }[] = []

async function server(...args: Parameters<typeof startMailServer>): Promise<MailServer> {
  const started = await startMailServer(...args)
  opened.push(started)
  return started
}
function mailer(url: string, from?: string) {
  const made = openMailer({ SMTP_URL: new Secret(url), MAIL_FROM: from })
  if (!made) throw new Error('no mailer')
  opened.push(made)
  return made
}
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close()
})

describe('a mailer', () => {
  it('is none without a mail server', () => {
    expect(openMailer({ SMTP_URL: undefined, MAIL_FROM: undefined })).toBeNull()
  })

  it('hands over text and HTML, and has a sender of its own when none is set', async () => {
    const { url, has } = await server()
    await mailer(url).send(message)
    const [mail] = await has(1)
    expect(mail?.subject).toBe('Hello 🐘')
    expect(mail?.from?.text).toContain('backup-trigger@127.0.0.1')
    expect(mail?.text).toBe('text\n')
    expect(mail?.html).toContain('<p>html</p>')
    expect(mail?.headers.get('content-type')).toMatchObject({ value: 'multipart/alternative' })
  })

  it('puts no second header into a message', async () => {
    const { url, has } = await server()
    await mailer(url, 'Backups <b@example.org>').send({ ...message, subject: 'a\r\nBcc: evil@example.org' })
    const [mail] = await has(1)
    expect(mail?.headers.has('bcc')).toBe(false)
  })

  it('tells a refusal for good from one for now', async () => {
    const { url } = await server((recipient) => (recipient.startsWith('never') ? 550 : 451))
    const { send } = mailer(url)
    await expect(send({ ...message, to: 'never@example.org' })).rejects.toThrow(refusal('MAIL_REFUSED'))
    await expect(send({ ...message, to: 'later@example.org' })).rejects.toThrow(refusal('MAIL_UNREACHABLE'))
  })

  it('signs in, and says that a wrong sign-in is refused without repeating it', async () => {
    const { url, received } = await server(undefined, { signIn: { user: 'us:er', password: 'p@ss/word' } })
    const at = (password: string) => url.replace('//', `//us%3Aer:${encodeURIComponent(password)}@`)
    await mailer(at('p@ss/word')).send(message)
    expect(received).toHaveLength(1)
    const failure = await mailer(at('wrong-secret'))
      .send(message)
      .catch((error) => error)
    expect(failure).toEqual(refusal('MAIL_REFUSED'))
    expect(failure.message).not.toContain('wrong-secret')
  })

  it('sends nothing over TLS to a server whose certificate nobody vouches for', async () => {
    const { url, received } = await server(undefined, { startTls: true })
    await expect(mailer(url).send(message)).rejects.toThrow(refusal('MAIL_UNREACHABLE'))
    expect(received).toHaveLength(0)
  })

  it('waits for a slow server, and not for ever for one that says nothing', async () => {
    const { url, has } = await server(undefined, { slowMs: 2000 })
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const { port } = silent.address() as AddressInfo
    const nothing = mailer(`smtp://127.0.0.1:${port}`).send(message)
    const sent = mailer(url).send(message)
    await expect(nothing).rejects.toThrow(refusal('MAIL_UNREACHABLE'))
    await sent
    expect(await has(1)).toHaveLength(1)
    await new Promise((resolve) => silent.close(resolve))
  })

  it('may try again when the connection is dropped or refused', async () => {
    const dropping = createServer((socket) => socket.destroy())
    await new Promise<void>((resolve) => dropping.listen(0, '127.0.0.1', resolve))
    const { send } = mailer(`smtp://127.0.0.1:${(dropping.address() as AddressInfo).port}`)
    await expect(send(message)).rejects.toThrow(refusal('MAIL_UNREACHABLE'))
    await new Promise((resolve) => dropping.close(resolve))
    await expect(send(message)).rejects.toThrow(refusal('MAIL_UNREACHABLE'))
  })
})
