import type { AddressInfo } from 'node:net'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'

export interface MailServer {
  url: string
  received: ParsedMail[]
  /** Resolves when that many messages have come. */
  has(count: number): Promise<ParsedMail[]>
  close(): Promise<void>
}

/**
 * A real SMTP server on loopback. `answer` may refuse a recipient with an SMTP code, for as often as it likes. With
 * `signIn` it takes nothing without that sign-in; with `startTls` it offers TLS with a certificate that nobody trusts. With
 * `slowMs` it waits before it greets, and before it takes a recipient and a message.
 */
export async function startMailServer(
  answer: (recipient: string) => number | null = () => null,
  options: { signIn?: { user: string; password: string }; startTls?: boolean; slowMs?: number } = {},
): Promise<MailServer> {
  const received: ParsedMail[] = []
  let wake = () => {}
  const slowly = (act: () => void) => setTimeout(act, options.slowMs ?? 0)
  const server = new SMTPServer({
    onConnect: (_session, callback) => void slowly(callback),
    authOptional: !options.signIn,
    allowInsecureAuth: true,
    disabledCommands: options.startTls ? [] : ['STARTTLS'],
    onAuth({ username, password }, _session, callback) {
      const right = username === options.signIn?.user && password === options.signIn?.password
      if (right) callback(null, { user: username })
      else callback(Object.assign(new Error('wrong sign-in'), { responseCode: 535 }))
    },
    onRcptTo({ address }, _session, callback) {
      const code = answer(address)
      slowly(() =>
        callback(code === null ? null : Object.assign(new Error('refused by the test'), { responseCode: code })),
      )
    },
    onData(stream, _session, callback) {
      simpleParser(stream).then((mail) => {
        slowly(() => {
          received.push(mail)
          callback()
          wake()
        })
      }, callback)
    },
  })
  server.on('error', () => {}) // clients that break off, as tests want them to
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.server.address() as AddressInfo
  return {
    url: `smtp://127.0.0.1:${port}`,
    received,
    async has(count) {
      while (received.length < count)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      return received
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
