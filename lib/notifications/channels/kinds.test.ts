import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readConfig } from '#lib/config/config.ts'
import { networks } from '#lib/hooks/addresses.ts'
import { type HttpServer, startHttpServer } from '#lib/testing/http-server.ts'
import { startMailServer } from '#lib/testing/mail-server.ts'
import { openMailer } from '../mailer.ts'
import { type Told, tell } from '../told.ts'
import type { Outgoing } from './kind.ts'
import { channelKinds } from './kinds.ts'
import { channelKind } from './registry.ts'

let server: HttpServer
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const hostile = '<!channel> @everyone <script>alert(1)</script> *b* "q"\r\nBcc: x@example.org {{text}} \\'
const problem = { code: 'PATH_NOT_FOUND', message: 'The file is gone.', remedy: 'Bring it back.' }
const said = (title = 'Backup of production failed', more: Partial<Told> = {}): Told => ({
  ...tell({
    title,
    tone: 'bad',
    facts: [['Environments', 'production']],
    parts: [{ name: 'shop', state: 'failed', tone: 'bad', figures: '', problem, causes: [] }],
    link: 'https://backup.example.org/backups/1',
    linkText: 'Open the backup',
  }),
  ...more,
})

const settingsOf = () =>
  ({
    email: { recipients: ['ops@example.org'] },
    webhook: { url: `${server.origin}/in?key=1`, secret },
    slack: { url: `${server.origin}/slack` },
    discord: { url: `${server.origin}/discord` },
    teams: { url: `${server.origin}/teams` },
    ntfy: { url: server.origin, topic: 'backups', token: 'tk_1' },
    sms: { url: `${server.origin}/send`, numbers: ['+4915112345678'], authorization: 'Bearer gate' },
    twilio: {
      accountSid: `AC${'0'.repeat(32)}`,
      authToken: 'token-of-twilio',
      from: '+15005550006',
      numbers: ['+4915112345678', '+4915112345679'],
      origin: server.origin,
    },
  }) as const
type Kind = keyof ReturnType<typeof settingsOf>
const overHttp = channelKinds.filter((kind): kind is Exclude<Kind, 'email'> => kind !== 'email')
const created = { status: 201, text: JSON.stringify({ sid: 'SM1', status: 'queued' }) }

async function send(kind: Kind, told = said(), more: Partial<Outgoing> = {}, settings: object = settingsOf()[kind]) {
  const way = channelKind(kind)
  const parsed = way.settings.parse(settings)
  const message: Outgoing = {
    id: '01890000-0000-7000-8000-000000000001',
    recipient: (way.recipients(parsed) ?? ['ops'])[0] as string,
    event: 'BACKUP_FAILED',
    severity: 'ERROR',
    environments: ['production'],
    at: new Date('2026-03-01T04:00:00Z'),
    sentAt: new Date(),
    told,
    ...more,
  }
  const signal = AbortSignal.timeout(5_000)
  await way.send(parsed, message, { mailer: null, allowed: networks('127.0.0.0/8'), signal })
  return server.received.at(-1)
}
const body = (request: Awaited<ReturnType<typeof send>>) => JSON.parse(request?.body ?? '')
const refusal = (code: string, retry: 'never' | 'later') => expect.objectContaining({ code, retry })

beforeAll(async () => {
  server = await startHttpServer()
})
afterAll(() => server?.close())
beforeEach(() => {
  server.received.length = 0
  server.answer = ({ path }) => (path.includes('/Messages.json') ? created : { status: 200, text: 'ok' })
})

describe.each(overHttp)('a message through %s', (kind) => {
  it('is posted with its title, what to do and where, and taken', async () => {
    const request = await send(kind)
    expect(request?.method).toBe('POST')
    const text = decodeURIComponent((request?.body ?? '').replaceAll('+', ' ')).replaceAll('\\', '')
    for (const part of ['Backup of production failed', 'Bring it back.', 'https://backup.example.org/backups/1'])
      expect(text).toContain(part)
  })

  it.each([400, 401, 404, 410])('is refused for good with %i', async (status) => {
    server.answer = () => ({ status, text: JSON.stringify({ message: 'invalid_token', code: 20003 }) })
    await expect(send(kind)).rejects.toThrow(refusal('CHANNEL_REFUSED', 'never'))
    await expect(send(kind)).rejects.toThrow(/invalid_token/)
  })

  it.each([408, 429, 500, 503])('may be tried again after %i', async (status) => {
    server.answer = () => ({ status, headers: { 'retry-after': '1' } })
    await expect(send(kind)).rejects.toThrow(refusal('CHANNEL_UNREACHABLE', 'later'))
    expect(server.received).toHaveLength(1)
  })

  it('follows no redirect', async () => {
    server.answer = () => ({ status: 302, headers: { location: `${server.origin}/elsewhere` } })
    await expect(send(kind)).rejects.toThrow(refusal('CHANNEL_REFUSED', 'never'))
    expect(server.received).toHaveLength(1)
  })

  it('goes to no private address that was not allowed, and tells nobody a secret', async () => {
    const way = channelKind(kind)
    const settings = way.settings.parse(settingsOf()[kind])
    const message = { id: '1', recipient: '+4915112345678', event: 'TEST', severity: 'INFO', environments: [] } as const
    const deps = { mailer: null, allowed: networks(), signal: AbortSignal.timeout(5_000) }
    const sent = way.send(settings, { ...message, at: new Date(), sentAt: new Date(), told: said() }, deps)
    await expect(sent).rejects.toThrow(refusal('WEBHOOK_ADDRESS_REFUSED', 'never'))
    await expect(sent).rejects.not.toThrow(/token-of-twilio|key=1|tk_1|Bearer gate/)
    expect(server.received).toHaveLength(0)
  })

  it('holds what it was given as text, whatever a name looks like, and fits', async () => {
    const request = await send(kind, said(hostile, { lines: Array(2000).fill('x'.repeat(50)) }))
    expect(request?.body.length).toBeLessThan(kind === 'webhook' ? 200_000 : 28_000)
    if (kind !== 'twilio') expect(() => body(request)).not.toThrow()
  })

  it('is given up when the other side says nothing', async () => {
    server.answer = () => null
    const way = channelKind(kind)
    const settings = way.settings.parse(settingsOf()[kind])
    const stop = new AbortController()
    const message = { id: '1', recipient: '+4915112345678', event: 'TEST', severity: 'INFO', environments: [] } as const
    const sent = way.send(
      settings,
      { ...message, at: new Date(), sentAt: new Date(), told: said() },
      { mailer: null, allowed: networks('127.0.0.0/8'), signal: stop.signal },
    )
    await server.has(1)
    stop.abort(new Error('too long'))
    await expect(sent).rejects.toThrow()
  })
})

describe('a webhook', () => {
  it('is signed so that the library of the specification takes it, and no other message', async () => {
    const request = await send('webhook')
    const headers = request?.headers as Record<string, string>
    expect(headers['webhook-id']).toBe('01890000-0000-7000-8000-000000000001')
    const verifier = new Webhook(secret)
    expect(verifier.verify(request?.body ?? '', headers)).toMatchObject({
      type: 'backup.failed',
      timestamp: '2026-03-01T04:00:00.000Z',
      data: { severity: 'error', environments: ['production'], title: 'Backup of production failed' },
    })
    expect(() => verifier.verify(`${request?.body} `, headers)).toThrow()
    expect(() =>
      new Webhook(`whsec_${Buffer.alloc(32, 8).toString('base64')}`).verify(request?.body ?? '', headers),
    ).toThrow()
    expect(request?.path).toBe('/in?key=1')
  })

  it.each([
    'short',
    'whsec_',
    `whsec_${Buffer.alloc(23).toString('base64')}`,
    `whsec_${Buffer.alloc(65).toString('base64')}`,
  ])('takes no secret like %s', (wrong) => {
    const { url } = settingsOf().webhook
    expect(channelKind('webhook').settings.safeParse({ url, secret: wrong }).success).toBe(false)
  })
})

it('Slack’s notification text is escaped, and nothing in a block is markup', async () => {
  const sent = body(await send('slack', said(hostile)))
  expect(sent.text).toContain('&lt;!channel&gt;')
  const texts = sent.blocks.flatMap((block: { text?: object; elements?: { text: object }[] }) => [
    block.text,
    ...(block.elements ?? []).map((element) => element.text),
  ])
  for (const text of texts.filter(Boolean)) expect(text).toMatchObject({ type: 'plain_text' })
  expect(sent.blocks[0].text.text.length).toBeLessThanOrEqual(150)
})

it('Discord mentions nobody and shows names as they are', async () => {
  const sent = body(await send('discord', said(hostile)))
  expect(sent.allowed_mentions).toEqual({ parse: [] })
  expect(sent.embeds[0].title).toContain(String.raw`\@everyone \<script\>`)
  expect(sent.content).toBeUndefined()
})

it('Teams gets an adaptive card of plain runs', async () => {
  const card = body(await send('teams', said(hostile))).attachments[0].content
  expect(card.type).toBe('AdaptiveCard')
  for (const block of card.body) expect(block.type).toBe('RichTextBlock')
  expect(card.actions[0]).toMatchObject({ type: 'Action.OpenUrl', url: 'https://backup.example.org/backups/1' })
})

it('ntfy gets topic, priority and the way to the console, with the token', async () => {
  const request = await send('ntfy')
  expect(body(request)).toMatchObject({ topic: 'backups', priority: 5, click: 'https://backup.example.org/backups/1' })
  expect(request?.headers.authorization).toBe('Bearer tk_1')
})

describe('a short message', () => {
  it('fills the template of the gateway, and no name breaks out of it', async () => {
    const template = '{"messages": [{"recipient": "{{to}}", "content": {"body": "Backup: {{text}}"}}], "test": false}'
    const request = await send('sms', said(hostile), {}, { ...settingsOf().sms, template })
    const [{ recipient, content }] = body(request).messages
    expect(recipient).toBe('+4915112345678')
    expect(content.body).toContain('{{text}}') // that of the name
    expect(content.body.length).toBeLessThanOrEqual(320)
    expect(content.body).toMatch(/https:\/\/backup\.example\.org\/backups\/1$/)
    expect(request?.headers.authorization).toBe('Bearer gate')
  })

  it.each(['{"to": "{{to}}"}', 'to={{to}}&text={{text}}', '{"to": "{{to}}", "text": "{{text}}"'])(
    'needs a template with both that is JSON: %s',
    (template) => {
      const { success } = channelKind('sms').settings.safeParse({ ...settingsOf().sms, template })
      expect(success).toBe(false)
    },
  )

  it('goes through Twilio’s client to its API, signed in as the account', async () => {
    const request = await send('twilio')
    expect(request?.path).toBe(`/2010-04-01/Accounts/AC${'0'.repeat(32)}/Messages.json`)
    expect(Buffer.from(request?.headers.authorization?.slice(6) ?? '', 'base64').toString()).toBe(
      `AC${'0'.repeat(32)}:token-of-twilio`,
    )
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toMatchObject({
      To: '+4915112345678',
      From: '+15005550006',
      Body: expect.stringContaining('Bring it back.'),
    })
  })
})

it('an email channel goes through the mail server, and says that there is none', async () => {
  await expect(send('email')).rejects.toThrow(refusal('MAIL_NOT_CONFIGURED', 'never'))
  const mail = await startMailServer()
  const mailer = openMailer(readConfig({ SMTP_URL: mail.url }))
  const way = channelKind('email')
  const message = { id: '1', recipient: 'ops@example.org', event: 'TEST', severity: 'INFO', environments: [] } as const
  await way.send(
    way.settings.parse(settingsOf().email),
    { ...message, at: new Date(), sentAt: new Date(), told: said() },
    { mailer, allowed: networks(), signal: AbortSignal.timeout(5_000) },
  )
  expect((await mail.has(1))[0]?.subject).toBe('Backup of production failed')
  mailer?.close()
  await mail.close()
})

it('an email channel may have a mail server of its own, which must be one that may be reached', async () => {
  const mail = await startMailServer(undefined, { signIn: { user: 'ops', password: 'p@ss' } })
  const way = channelKind('email')
  const settings = (server: string) =>
    way.settings.parse({ ...settingsOf().email, server, from: 'Backups of staging <s@example.org>' })
  const message = { id: '1', recipient: 'ops@example.org', event: 'TEST', severity: 'INFO', environments: [] } as const
  const through = (server: string, ...allowed: string[]) =>
    way.send(
      settings(server),
      { ...message, at: new Date(), sentAt: new Date(), told: said() },
      { mailer: null, allowed: networks(...allowed), signal: AbortSignal.timeout(5_000) },
    )
  const own = mail.url.replace('//', '//ops:p%40ss@')
  await expect(through(own)).rejects.toThrow(refusal('WEBHOOK_ADDRESS_REFUSED', 'never'))
  await expect(through(own.replace('127.0.0.1', 'localhost'))).rejects.toThrow(
    refusal('WEBHOOK_ADDRESS_REFUSED', 'never'),
  )
  await expect(through('smtp://no-such-host.invalid')).rejects.toThrow(refusal('MAIL_UNREACHABLE', 'later'))
  await through(own, '127.0.0.0/8')
  expect((await mail.has(1))[0]?.from?.text).toBe('"Backups of staging" <s@example.org>')
  for (const server of ['http://mail.example.org', 'smtp:', 'mail.example.org'])
    expect(() => settings(server)).toThrow()
  await mail.close()
})
